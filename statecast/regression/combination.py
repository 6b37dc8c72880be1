"""A combination of forecasts by their recent losses.

Each expert's forecast of every so many steps is kept until its truth has come; its mean absolute error is its loss.
Weights are losses to the power of -4, so that they can go to one. What was combined follows its own misses. Shapes: B
rows, E experts, N kept steps of a forecast.

References
----------
Bates, J. M. and Granger, C. W. J. (1969). The combination of forecasts. Operational Research Quarterly 20(4).
"""

from math import gcd

import torch
from torch import Tensor

from statecast.state.state import Field

_POWER = 8.0
_DECAY = 0.9  # of a loss, per forecast that has ended
_DOUBT, _DOUBTED = 0.1, 2.0  # how many forecasts' worth it is that experts beside the plain one are so much worse
_SOFT = 0.05  # as in statecast.uncertainty.own_calibration
_MOST = 1.5  # log width that own misses may come to


class Combination:
    """The weights of experts, the first of which is the plain network.

    Parameters
    ----------
    experts : int
        How many, E.
    horizon : int
        Steps ahead that are compared.
    season : int
        Steps per season; forecasts begin at every place of it.
    outside : float
        Share of misses that is promised on either side.
    rate : float
        How fast intervals follow their own misses, in log width per step.
    """

    def __init__(self, experts: int, horizon: int, season: int, outside: float, rate: float) -> None:
        self.experts, self.outside = experts, outside
        self.stride, self.spacing = horizon + 1, max(horizon // 32, 1)
        while gcd(self.stride, season) != 1:
            self.stride += 1
        while gcd(self.spacing, season) != 1:
            self.spacing += 1
        self.kept = horizon // self.spacing
        self.rate = rate * self.stride / 2

    def fields(self) -> tuple[Field, ...]:
        """Return the state fields."""
        nan = float("nan")
        return (
            Field("losses", (self.experts + 1,), torch.float32),
            Field("errors", (self.experts + 3,), torch.float32),
            Field("pending", (3, self.experts, self.kept), torch.float32, fill=nan),
            Field("pending_shares", (self.experts,), torch.float32),
            Field("interval_offsets", (2,), torch.float32),
        )

    def kept_steps(self, device: torch.device) -> Tensor:
        """Return which steps ahead, counted from 0, are kept of a forecast.

        Parameters
        ----------
        device : torch.device
            Where they are wanted.

        Returns
        -------
        Tensor
            ``[N]`` int64.
        """
        return self.spacing * torch.arange(1, self.kept + 1, device=device) - 1

    def places(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Say which steps are compared with a kept forecast.

        Parameters
        ----------
        index : Tensor
            Time indices of any shape.

        Returns
        -------
        tuple of Tensor
            Place among the kept steps, int64, and whether there is one.
        """
        since = torch.remainder(index, self.stride)
        place = torch.div(since, self.spacing, rounding_mode="floor") - 1
        due = (torch.remainder(since, self.spacing) == 0) & (place >= 0) & (place < self.kept)
        return place.clamp(0, self.kept - 1), due

    def shares(self, losses: Tensor) -> Tensor:
        """Return the weights of the experts.

        Parameters
        ----------
        losses : Tensor
            ``[B, E + 1]`` field: sums by expert, and how many forecasts they are of.

        Returns
        -------
        Tensor
            ``[B, E]`` float64, summing to 1; all on the plain expert before any forecast has ended.
        """
        sums, count = losses.double().split([self.experts, 1], dim=-1)
        doubt = torch.full_like(sums, _DOUBT * _DOUBTED)
        doubt[:, 0] = _DOUBT
        mean = sums.mean(-1, keepdim=True) / count.clamp_min(1e-9)
        loss = (sums + doubt * mean) / (count + _DOUBT)
        powers = (loss / loss.amin(-1, keepdim=True).clamp_min(1e-300)).clamp(1.0, 1e6) ** -_POWER
        plain = torch.zeros_like(powers)
        plain[:, 0] = 1.0
        return torch.where((count > 0) & (mean > 0), powers / powers.sum(-1, keepdim=True), plain)

    def compared(self, errors: Tensor, found: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """Add what kept forecasts were off by.

        Parameters
        ----------
        errors : Tensor
            ``[B, E + 3]`` field: sums of absolute errors, how many, misses below and above.
        found : Tensor
            ``[B, T, E]`` absolute errors, NaN where nothing is compared.
        low, high : Tensor
            ``[B, T]`` log of how far the truth was below and above the median, in distances of the outermost quantile.

        Returns
        -------
        Tensor
            The field after these steps.
        """
        known = ~found.isnan().any(-1)
        sums = found.where(known[..., None], 0.0).sum(1)
        missed = [torch.sigmoid(side / _SOFT).where(known, 0.0).sum(1) for side in (low, high)]
        return errors.double() + torch.cat([sums, known.double().sum(1)[:, None], torch.stack(missed, -1)], dim=-1)

    def ended(self, losses: Tensor, errors: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        """Judge kept forecasts whose last truth has come.

        Parameters
        ----------
        losses : Tensor
            ``[B, E + 1]`` field.
        errors : Tensor
            ``[B, E + 3]`` field.
        offsets : Tensor
            ``[B, 2]`` field, log stretch below and above the median.

        Returns
        -------
        losses : Tensor
            Where at least a third of a forecast was compared, with its loss.
        offsets : Tensor
            Moved by its misses.
        """
        count = errors[:, self.experts : self.experts + 1].double()
        enough = count * 3 >= self.kept
        loss = torch.cat([errors[:, : self.experts].double() / count.clamp_min(1), torch.ones_like(count)], dim=-1)
        missed = errors[:, -2:].double() / count.clamp_min(1)
        moved = (offsets.double() + self.rate * (missed - self.outside)).clamp(-_MOST, _MOST)
        return torch.where(enough, losses.double() * _DECAY + loss, losses.double()), torch.where(
            enough, moved, offsets.double()
        )
