"""Scenario paths: whole futures that hang together.

Two things make a path: how each step is distributed, and how steps depend on one another. The network's direct
quantiles know the first well and say nothing of the second. Rolling forward (draw one step, feed it back, draw the
next) knows something of the second, but its errors add up, so that its spread drifts away from the direct one. So each
does what it can: all paths of a series are rolled forward in one batch and keep their ranks; at each step the ranks
then take their values from the direct quantiles (the "Schaake shuffle", Clark et al. 2004, with the network's own paths
as the template). Paths are therefore distributed as the forecast says, at any horizon.
"""

import numpy as np
import torch
from torch import Tensor

from statecast.errors import InputError
from statecast.forecaster import Forecaster
from statecast.history import Observations
from statecast.prediction import Prediction
from statecast.sampling import Integers, uniforms
from statecast.state import State

# Ranks among fewer paths would be too coarse; a request for fewer gets the first ones.
_LEAST = 64


def quantile_function(quantiles: Tensor, levels: tuple[float, ...], shares: Tensor) -> Tensor:
    """Values at ``shares`` ``[M, S]`` in (0, 1) of distributions with ``quantiles`` ``[M, Q]``; ascending in the share.

    Linear between the levels. Beyond the outermost the tail of a normal distribution, as wide as the outermost level's
    distance from the middle says.
    """
    grid = torch.tensor(levels, dtype=torch.float64, device=quantiles.device)
    right = torch.searchsorted(grid, shares.contiguous()).clamp(1, len(levels) - 1)
    low, high = quantiles.gather(1, right - 1), quantiles.gather(1, right)
    inside = low + (high - low) * (shares - grid[right - 1]) / (grid[right] - grid[right - 1])
    middle = quantiles[:, levels.index(0.5)][:, None]
    normal = torch.special.ndtri(shares)
    lower = middle + (quantiles[:, :1] - middle) * normal / torch.special.ndtri(grid[0])
    upper = middle + (quantiles[:, -1:] - middle) * normal / torch.special.ndtri(grid[-1])
    return torch.where(shares < grid[0], lower, torch.where(shares > grid[-1], upper, inside))


def sample_paths(
    network: Forecaster, state: State, future: Tensor, samples: int, seed: Integers, temperature: float = 1.0
) -> Tensor:
    """Draw ``samples`` paths for each of B series.

    state: of the B series; it stays as it is.  future: ``[B, H, Ck]`` known covariates; H may pass the trained
    horizon.  seed: ``[B]``; the same seed and input give the same paths.  temperature: 1 as forecast, above wider,
    below narrower, 0 the mean path.

    Returns ``[B, samples, H]`` float64 in the target's unit.

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
    quantiles, mean = direct_quantiles(network, state, future)
    if temperature == 0:
        return mean[:, None].expand(-1, samples, -1)
    count = max(samples, _LEAST)
    rolled = _roll_forward(network, state, future, count, seed)
    ranks = rolled.argsort(dim=1, stable=True).argsort(dim=1, stable=True)
    rows, horizon = future.shape[:2]
    # One offset a path and not one a step: what lies between two ranks must not jump about along the path.
    offset = uniforms(seed[:, None], np.arange(count)[None], np.full((1, 1), -1))
    shares = (ranks.double() + torch.from_numpy(offset).to(rolled.device)[..., None]) / count
    flat = quantile_function(
        quantiles.flatten(0, 1), network.config.quantile_levels, shares.transpose(1, 2).flatten(0, 1)
    )
    drawn: Tensor = flat.unflatten(0, (rows, horizon)).transpose(1, 2)
    middle = quantiles[..., network.config.quantile_levels.index(0.5)][:, None]
    paths: Tensor = (middle + temperature * (drawn - middle))[:, :samples]
    return paths


def direct_quantiles(network: Forecaster, state: State, future: Tensor) -> tuple[Tensor, Tensor]:
    """Quantiles ``[B, H, Q]`` and mean ``[B, H]`` at any horizon.

    Past the trained horizon the network goes on from its own median, a horizon at a time; there each level lies at
    least as far from the median as it did a horizon earlier, because nothing became more certain since.
    """
    middle = network.config.quantile_levels.index(0.5)
    quantiles: list[Tensor] = []
    means: list[Tensor] = []
    for known in future.split(network.config.horizon, dim=1):
        prediction = network.decode(state, known)
        now, mean = prediction.quantiles(), prediction.mean()
        centre = now[..., middle : middle + 1]
        if quantiles:
            before = quantiles[-1][:, : known.shape[1]]
            away = before - before[..., middle : middle + 1]
            now = centre + torch.cat(
                [
                    torch.minimum((now - centre)[..., :middle], away[..., :middle]),
                    torch.zeros_like(centre),
                    torch.maximum((now - centre)[..., middle + 1 :], away[..., middle + 1 :]),
                ],
                dim=-1,
            )
        quantiles.append(now)
        means.append(mean)
        state = network.prime(_seen(network, centre[..., 0], known), state)
    return torch.cat(quantiles, dim=1), torch.cat(means, dim=1)


def _roll_forward(network: Forecaster, state: State, future: Tensor, count: int, seed: Integers) -> Tensor:
    rows, horizon = future.shape[:2]
    device = future.device
    branched = state.take(torch.arange(rows, device=device).repeat_interleave(count))
    known = future.repeat_interleave(count, dim=0)
    stream, seeds = np.tile(np.arange(count), rows), np.repeat(seed, count)
    steps = []
    for step in range(horizon):
        prediction: Prediction = network.decode(branched, known[:, step : step + 1])
        share = torch.from_numpy(uniforms(seeds, stream, np.full(rows * count, step))).to(device)
        drawn = quantile_function(prediction.quantiles()[:, 0], prediction.levels, share[:, None])
        steps.append(drawn)
        branched = network.prime(_seen(network, drawn, known[:, step : step + 1]), branched)
    rolled: Tensor = torch.cat(steps, dim=1).unflatten(0, (rows, count))
    return rolled


def _seen(network: Forecaster, target: Tensor, known: Tensor) -> Observations:
    past = torch.zeros((*target.shape, network.config.past_width), device=target.device)
    return Observations(target.float(), past, known)
