"""How far quantiles lie from the median past a network's own horizon.

What the network says after it has read its own medians are errors of someone who knows the last horizon exactly. So
past the horizon only its median is taken. How far the quantiles lie from it is what the first horizon said, which was
forecast from what was observed, carried on:

    deviation(t) = deviation(r) (t / r) ** exponent,    t > F >= r

where r is the step of the same place in the season within the first horizon, F its length: a width repeats the season
and never shrinks otherwise. Where several seasons end the horizon, the largest counts.

The exponent is how the series' own interval grew within the horizon (0 for one that returns to its level, 1/2 for a
random walk, at most 1 for a trend that is not known), plus ``spread_growth``, which validation found for the network:
a horizon that is too short to show growth still comes before one at which less is known.

A season that does not fit into half a horizon shows nothing twice. Then the last quarter of the horizon is the least.

Shapes: B rows, F horizon, Q levels, L steps of the pattern that is repeated.
"""

from typing import NamedTuple

import torch
from torch import Tensor

_MOST = 1.0


class Spread(NamedTuple):
    """Deviations from the median past the horizon.

    Parameters
    ----------
    deviations : Tensor
        ``[B, L, Q]`` float64 at the horizon, by place in the season.
    skew : Tensor
        ``[B, L]`` float64, the mean minus the median, likewise.
    exponent : Tensor
        ``[B]`` float64 from 0, how they grow with the distance.
    horizon : int
        Steps of the horizon, F.
    """

    deviations: Tensor
    skew: Tensor
    exponent: Tensor
    horizon: int

    @classmethod
    def of(cls, quantiles: Tensor, mean: Tensor, middle: int, season: int, growth: Tensor) -> "Spread":
        """Learn from the first horizon.

        Parameters
        ----------
        quantiles : Tensor
            ``[B, F, Q]`` in any unit, ascending in Q.
        mean : Tensor
            ``[B, F]`` in the same unit.
        middle : int
            Place of the median among the levels.
        season : int
            Steps per season.
        growth : Tensor
            ``[]`` exponent beside the series' own.

        Returns
        -------
        Spread
            B rows.
        """
        horizon = quantiles.shape[1]
        median = quantiles[..., middle]
        deviations, skew = quantiles - median[..., None], mean - median
        exponent = (own_growth(quantiles[..., -1] - quantiles[..., 0], season) + growth).clamp(0.0, _MOST)
        steps = torch.arange(1, horizon + 1, dtype=torch.float64, device=quantiles.device)
        grown = (horizon / steps) ** exponent[:, None]
        length = _repeated(season, horizon)
        if length:
            last = [
                one[:, -length:].unflatten(1, (-1, season)) for one in (deviations * grown[..., None], skew * grown)
            ]
            return cls(_largest(last[0], middle), last[1].mean(1), exponent, horizon)
        quarter = -max(horizon // 4, 1)
        least = (deviations * grown[..., None])[:, quarter:].mean(1, keepdim=True)
        mean_skew = (skew * grown)[:, quarter:].mean(1, keepdim=True)
        if season > horizon:
            return cls(least, mean_skew, exponent, horizon)
        pattern = deviations[:, -season:]
        mean_skew = mean_skew.expand(-1, season)
        return cls(_largest(torch.stack([pattern, least.expand_as(pattern)], 1), middle), mean_skew, exponent, horizon)

    def ahead(self, begin: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Return deviations of steps past the horizon.

        Parameters
        ----------
        begin : Tensor
            ``[B]`` int64, steps ahead that come before the first, from F.
        steps : int
            How many, H.

        Returns
        -------
        tuple of Tensor
            Deviations ``[B, H, Q]`` of the quantiles and ``[B, H]`` of the mean.
        """
        step = begin[:, None] + torch.arange(steps, device=begin.device)
        place = (step - self.horizon) % self.skew.shape[1]
        row = torch.arange(len(begin), device=begin.device)[:, None]
        grown = ((step + 1).double() / self.horizon) ** self.exponent[:, None]
        return self.deviations[row, place] * grown[..., None], self.skew[row, place] * grown

    def around(self, median: Tensor, begin: Tensor) -> tuple[Tensor, Tensor]:
        """Return a forecast of steps past the horizon.

        Parameters
        ----------
        median : Tensor
            ``[B, H]``.
        begin : Tensor
            ``[B]`` int64, steps ahead that come before the first, from F.

        Returns
        -------
        tuple of Tensor
            Quantiles ``[B, H, Q]``, and the mean ``[B, H]`` within them.
        """
        deviations, skew = self.ahead(begin, median.shape[1])
        quantiles = median[..., None] + deviations
        return quantiles, (median + skew).clamp(quantiles[..., 0], quantiles[..., -1])


def own_growth(width: Tensor, season: int) -> Tensor:
    """Measure how an interval grows within the horizon, whole seasons before its middle against those at its end.

    Parameters
    ----------
    width : Tensor
        ``[B, F]`` from 0.
    season : int
        Steps per season; one longer than half the horizon is not waited for.

    Returns
    -------
    Tensor
        ``[B]`` exponents from 0 to 1; 0 where there is no width.

    Examples
    --------
    >>> steps = torch.arange(1.0, 65.0, dtype=torch.float64)
    >>> [round(float(own_growth(steps[None] ** growth, 1)), 2) for growth in (0.0, 0.5)]
    [0.0, 0.5]
    """
    horizon = width.shape[1]
    half, length = horizon // 2, _repeated(season, horizon) or horizon // 4
    if not length:
        return width.new_zeros(len(width))
    early, late = width[:, half - length : half].mean(1), width[:, horizon - length :].mean(1)
    distance = (horizon - length / 2) / (half - length / 2)
    grown = (late / early).log() / torch.tensor(distance, dtype=width.dtype, device=width.device).log()
    return torch.where((early > 0) & (late > 0), grown, 0.0).clamp(0.0, 1.0)


def _repeated(season: int, horizon: int) -> int:
    """Steps of the whole seasons that make about the last quarter of a horizon; 0 where half of it holds none."""
    return season * max(horizon // 4 // season, 1) if season <= horizon // 2 else 0


def _largest(deviations: Tensor, middle: int) -> Tensor:
    """Of several along dim 1 those farthest from the median, by level."""
    below, above = deviations[..., :middle], deviations[..., middle:]
    return torch.cat([below.amin(1), above.amax(1)], dim=-1)
