"""Scenario paths: whole futures that hang together.

Two things make a path: how each step is distributed, and how steps depend on one another. The network's calibrated
quantiles know the first; the autocorrelation of its past errors, as normal scores, knows the second (a Gaussian
copula; for forecasts Pinson et al. 2009, "From probabilistic forecasts to statistical scenarios"). Paths are draws of
correlated normal scores; at each step their ranks take their values from the quantiles (Clark et al. 2004, the "Schaake
shuffle"), so that the bands of the paths drawn are those of the forecast. Rolling the network forward on its own draws
was tried first: its errors add up and its steps are too white (docs/LOG.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from statecast.devices.constants import constant
from statecast.errors import InputError
from statecast.models.interface import SeriesNetwork
from statecast.models.roll_out import direct_quantiles
from statecast.state.state import State
from statecast.uncertainty.autocorrelation import correlate
from statecast.uncertainty.quantile_levels import LEAST, MOST, tail_shape
from statecast.uncertainty.sampling import Integers, uniforms

BLOCK_VALUES = 1 << 16
"""Values that are ranked at a time, at least those of one step: who draws beside others lets them in between."""


def quantile_function(
    quantiles: Tensor, levels: tuple[float, ...], shares: Tensor, exponents: tuple[float, float]
) -> Tensor:
    """Read values off distributions that are given by their quantiles.

    Linear between the levels, with the tails of ``statecast.uncertainty.quantile_levels`` beyond the outermost ones.

    Parameters
    ----------
    quantiles : Tensor, ``[M, Q]``
        Quantiles of M distributions, ascending in Q.
    levels : tuple of float
        Their Q levels, 0.5 among them.
    shares : Tensor, ``[M, S]``
        Probabilities in (0, 1).
    exponents : tuple of float
        Of the tails.

    Returns
    -------
    Tensor, ``[M, S]``
        Values, ascending in the share.
    """
    grid = constant(tuple(levels), torch.float64, quantiles.device)
    right = torch.searchsorted(grid, shares.contiguous()).clamp(1, len(levels) - 1)
    low, high = quantiles.gather(1, right - 1), quantiles.gather(1, right)
    inside = low + (high - low) * (shares - grid[right - 1]) / (grid[right] - grid[right - 1])
    middle = quantiles[:, levels.index(0.5)][:, None]
    normal = torch.special.ndtri(shares)
    table = quantiles.cpu().numpy()
    below, above = (
        # What lies inside has no ratio.
        (normal / torch.special.ndtri(grid[side])).clamp_min(1.0)
        ** torch.from_numpy((exponents[side] + tail_shape(table, levels, side)).clip(LEAST, MOST))[:, None].to(grid)
        - 1.0
        for side in (0, -1)
    )
    lower = quantiles[:, :1] + (quantiles[:, :1] - middle) * below
    upper = quantiles[:, -1:] + (quantiles[:, -1:] - middle) * above
    return torch.where(shares < grid[0], lower, torch.where(shares > grid[-1], upper, inside))


@dataclass(frozen=True)
class Scenarios:
    """All that paths of B series are drawn from.

    Parameters
    ----------
    quantiles : Tensor, ``[B, H, Q]``, float64
        Quantiles of each step.
    mean : Tensor, ``[B, H]``, float64
        Mean of each step.
    levels : tuple of float
        The Q quantile levels.
    autocorrelation : Tensor, ``[B, L]``
        Autocorrelation of the forecast's errors as normal scores, by distance in steps; 1 at 0.
    exponents : tuple of float
        Of the tails of the forecast, see ``Calibration.exponents``.
    """

    quantiles: Tensor
    mean: Tensor
    levels: tuple[float, ...]
    autocorrelation: Tensor
    exponents: tuple[float, float]

    @classmethod
    def of(cls, network: SeriesNetwork, state: State, future: Tensor) -> "Scenarios":
        """Look ahead from states, which stay as they are.

        Parameters
        ----------
        network : SeriesNetwork
            What forecasts.
        state : State
            B rows.
        future : Tensor, ``[B, H, Ck]``
            Known covariates; H may pass the trained horizon.
        """
        quantiles, mean = direct_quantiles(network, state, future)
        levels, exponents = network.config.quantile_levels, network.calibration.exponents
        return cls(quantiles, mean, levels, network.autocorrelation(state), exponents)

    def draw(self, samples: int, seed: Integers, temperature: float = 1.0) -> Iterator[Tensor]:
        """Draw paths, some steps at a time.

        Parameters
        ----------
        samples : int
            Paths per series.
        seed : array of int64, ``[B]``
            Fixes each series' paths, whatever else is drawn with them.
        temperature : float
            1 for paths as forecast, more for wider ones, less for narrower ones, 0 for the mean path.

        Yields
        ------
        Tensor, ``[B, samples, steps]``, float64
            The next steps in the target's unit.
        """
        if temperature == 0:
            yield self.mean[:, None].expand(-1, samples, -1)
            return
        number, device = np.arange(samples)[None, :, None], self.mean.device

        def noise(steps: range) -> Tensor:
            normal: Tensor = torch.special.ndtri(_numbers(seed[:, None, None], number, np.asarray(steps)).to(device))
            return normal

        # One offset a path and not one a step: what lies between two ranks must not jump about along the path.
        offset = _numbers(seed[:, None, None], number, np.full(1, -1)).to(device)
        first = 0
        steps = max(1, BLOCK_VALUES // max(1, len(self.mean) * samples))
        blocks = correlate(noise, self.mean.shape[1], self.autocorrelation)
        for scores in (part for block in blocks for part in block.split(steps, dim=2)):
            quantiles = self.quantiles[:, first : first + scores.shape[2]]
            first += scores.shape[2]
            shares = _shares(scores, offset).mT
            drawn = quantile_function(quantiles.flatten(0, 1), self.levels, shares.flatten(0, 1), self.exponents)
            middle = quantiles[..., self.levels.index(0.5)][:, None]
            yield middle + temperature * (drawn.unflatten(0, shares.shape[:2]).mT - middle)


def _numbers(seed: Integers, stream: Integers, position: Integers) -> Tensor:
    return torch.from_numpy(uniforms(seed, stream, position))


def _shares(scores: Tensor, offset: Tensor) -> Tensor:
    """Ranks along dim 1 as shares in (0, 1): (rank + offset) / count."""
    order = scores.argsort(dim=1, stable=True)
    count = scores.shape[1]
    ranks = torch.arange(count, dtype=torch.float64, device=scores.device)[None, :, None].expand_as(scores)
    return (torch.empty_like(scores).scatter(1, order, ranks) + offset) / count


def sample_paths(
    network: SeriesNetwork, state: State, future: Tensor, samples: int, seed: Integers, temperature: float = 1.0
) -> Tensor:
    """Draw paths of series at once.

    Parameters
    ----------
    network : SeriesNetwork
        The network.
    state : State
        Of B series, after their histories.
    future : Tensor
        Known covariates ``[B, H, Ck]``; H may pass the trained horizon.
    samples : int
        Paths per series, from 1.
    seed : array of int64
        ``[B]``, fixes each series' paths, whatever else is drawn with them.
    temperature : float
        1 for paths as forecast, more for wider ones, less for narrower ones, 0 for the mean path.

    Returns
    -------
    Tensor
        ``[B, samples, H]``.

    Raises
    ------
    InputError
        If ``samples`` is below 1, H is 0 or the temperature negative.
    """
    if samples < 1 or not future.shape[1] or not temperature >= 0:
        raise InputError(
            f"paths: expected samples and horizon from 1 and a temperature from 0, got {samples}, {future.shape[1]}, "
            f"{temperature}"
        )
    return torch.cat(list(Scenarios.of(network, state, future).draw(samples, seed, temperature)), dim=2)
