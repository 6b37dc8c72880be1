"""From attended context to quantiles that cannot cross."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.devices.constants import constant


class LinearLookback(nn.Module):
    """A linear map of the whole scaled look-back straight to the horizon; zero at first: it has to earn its place.

    Parameters
    ----------
    lookback_length : int
        Steps looked back, R.
    horizon : int
        Steps ahead, F.
    """

    def __init__(self, lookback_length: int, horizon: int) -> None:
        super().__init__()
        self.map = nn.Linear(lookback_length, horizon)
        nn.init.zeros_(self.map.weight)
        nn.init.zeros_(self.map.bias)

    def forward(self, window: Tensor, horizon: int) -> Tensor:
        """Map look-backs to the horizon.

        Parameters
        ----------
        window : Tensor
            ``[M, R]`` in units of scale, without gaps.
        horizon : int
            How many of the first steps ahead, F.

        Returns
        -------
        Tensor
            ``[M, F]`` in units of scale.
        """
        return functional.linear(window, self.map.weight[:horizon], self.map.bias[:horizon])


class SharedLookback(nn.Module):
    """A linear map of past seasons to coming ones that all places of the season share.

    ``R / m`` times ``F / m`` weights where a ``LinearLookback`` has ``R`` times ``F``. Before it, each value is mixed
    with its neighbours within a season by learned weights. Adds nothing at first.

    Parameters
    ----------
    lookback_length : int
        Steps looked back, R.
    horizon : int
        Steps ahead, F.
    season : int
        Steps per season, m.

    References
    ----------
    Lin, S. et al. (2024). SparseTSF: modeling long-term time series forecasting with 1k parameters. ICML.
    """

    def __init__(self, lookback_length: int, horizon: int, season: int) -> None:
        super().__init__()
        self.season, self.seasons = season, lookback_length // season
        around = 2 * (season // 2) + 1
        self.neighbours = nn.Conv1d(1, 1, around, padding=season // 2, bias=False)
        self.map = nn.Linear(self.seasons, -(-horizon // season), bias=False)
        nn.init.zeros_(self.neighbours.weight)
        nn.init.zeros_(self.map.weight)

    def forward(self, window: Tensor, horizon: int) -> Tensor:
        """Map look-backs to the horizon; see ``LinearLookback.forward``."""
        recent = window[:, -self.seasons * self.season :]
        smooth = recent + self.neighbours(recent[:, None])[:, 0]
        by_place = smooth.unflatten(1, (self.seasons, self.season)).transpose(1, 2)
        ahead: Tensor = self.map(by_place).transpose(1, 2).flatten(1)
        return ahead[:, :horizon]


class QuantileHead(nn.Module):
    """A centre, and distances from it that are positive by construction: quantiles ascend whatever the weights are.

    Parameters
    ----------
    width : int
        Width of the context, D.
    segment_length : int
        Steps per horizon segment.
    known_width : int
        Columns known ahead, Ck.
    levels : sequence of float
        The Q quantile levels, 0.5 among them.
    """

    def __init__(self, width: int, segment_length: int, known_width: int, levels: Sequence[float]) -> None:
        super().__init__()
        self.count, self.middle, self.segment_length = len(levels), list(levels).index(0.5), segment_length
        self.residuals = nn.Linear(width, segment_length * self.count)
        nn.init.normal_(self.residuals.weight, std=0.01)
        # At first the distances are those of a normal distribution with half the series' spread.
        normal = torch.special.ndtri(torch.tensor(list(levels), dtype=torch.float64))
        steps = torch.expm1(normal.diff() * 0.5).log().float()
        raw = torch.cat([steps[: self.middle], torch.zeros(1), steps[self.middle :]])
        self.residuals.bias.data = raw.repeat(segment_length)
        self.known: nn.Module | None = None
        if known_width:
            self.known = nn.Linear(known_width, width)
            self.context = nn.Linear(width, width)
            self.steps = nn.Linear(width, self.count)
            nn.init.zeros_(self.steps.weight)
            nn.init.zeros_(self.steps.bias)

    def forward(self, context: Tensor, future: Tensor) -> Tensor:
        """Compute residual quantiles.

        Parameters
        ----------
        context : Tensor
            ``[M, S, D]``, one per horizon segment.
        future : Tensor
            ``[M, F, Ck]`` known covariates.

        Returns
        -------
        Tensor
            ``[M, F, Q]`` in units of scale, ascending in Q.
        """
        horizon = future.shape[1]
        raw = self.residuals(context).unflatten(-1, (self.segment_length, self.count)).flatten(1, 2)[:, :horizon]
        if self.known is not None:
            spread = self.context(context).repeat_interleave(self.segment_length, dim=1)[:, :horizon]
            raw = raw + self.steps(functional.gelu(self.known(future) + spread))
        centre = raw[..., self.middle : self.middle + 1]
        distance = functional.softplus(raw)
        above = distance[..., self.middle + 1 :].cumsum(-1)
        below = distance[..., : self.middle].flip(-1).cumsum(-1).flip(-1)
        return torch.cat([centre - below, centre, centre + above], dim=-1)


def mass_weights(levels: Sequence[float], device: torch.device | None = None) -> Tensor:
    """Say how much probability lies nearest to each level: weights of the mean over quantiles.

    Parameters
    ----------
    levels : sequence of float
        The Q quantile levels, ascending.
    device : torch.device or None
        Where they are wanted; None for the CPU.

    Returns
    -------
    Tensor
        ``[Q]`` float64, summing to 1.

    Examples
    --------
    >>> [round(weight, 3) for weight in mass_weights((0.1, 0.5, 0.9)).tolist()]
    [0.3, 0.4, 0.3]
    """
    edges = (0.0, *((a + b) / 2 for a, b in pairwise(levels)), 1.0)
    return constant(edges, torch.float32, device or torch.device("cpu")).double().diff()
