"""How the steps of one path hang together: normal scores with a given autocorrelation, for any horizon.

The autocorrelation up to lag p determines an autoregression of order p (Yule-Walker, solved by Levinson and Durbin)
that goes on past the last lag in the least surprising way (maximum entropy, Burg 1975). Drawing from it step by step is
the solution of one triangular system.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

_ORDER = 48  # steps looked back: two days of hours; what is left of the correlation beyond goes on by itself
_MOST = 0.999  # of a partial correlation, so that rounding cannot make the spread 0


def nearest_process(autocorrelation: Tensor) -> Tensor:
    """Estimates ``[B, F]`` with 1 at lag 0, made into the autocorrelation of some process; float64.

    Far lags, of which few pairs tell, are faded (a Gaussian lag window); then what is negative in the spectrum, which
    no process has, is cut off.
    """
    length = autocorrelation.shape[1]
    lag = torch.arange(length, device=autocorrelation.device) / length
    faded = autocorrelation.double() * torch.exp(-2.0 * lag.square())
    circle = torch.cat([faded, faded[:, -1:], faded[:, 1:].flip(-1)], dim=1)
    spectrum = torch.fft.rfft(circle).real.clamp_min(0.0)
    found = torch.fft.irfft(spectrum, circle.shape[1])[:, :length]
    process: Tensor = found / found[:, :1]
    return process


def prediction_filter(autocorrelation: Tensor, order: int) -> tuple[Tensor, Tensor]:
    """Weights ``[B, p + 1, p]`` and spread ``[B, p + 1]`` of the best linear prediction from the 0 .. p last steps.

    ``autocorrelation`` is ``[B, F]`` of a process, float64. ``weights[:, k, j]`` belongs to the step j + 1 steps ago.
    """
    rows = len(autocorrelation)
    weights = autocorrelation.new_zeros((rows, order + 1, max(order, 1)))
    spread = autocorrelation.new_ones((rows, order + 1))
    for k in range(1, order + 1):
        before = weights[:, k - 1, : k - 1]
        left = autocorrelation[:, k] - (before * autocorrelation[:, 1:k].flip(-1)).sum(-1)
        partial = (left / spread[:, k - 1].square()).clamp(-_MOST, _MOST)
        weights[:, k, : k - 1] = before - partial[:, None] * before.flip(-1)
        weights[:, k, k - 1] = partial
        spread[:, k] = spread[:, k - 1] * (1.0 - partial.square()).sqrt()
    return weights, spread


def correlate(noise: Callable[[range], Tensor], horizon: int, autocorrelation: Tensor) -> Iterator[Tensor]:
    """Turn independent standard normal draws into draws with an autocorrelation ``[B, F]``, some steps at a time.

    noise: draws ``[B, N, steps]``, float64, for a range of the ``horizon`` steps. What is given has the same shape, and
    each step alone stays standard normal.
    """
    order = min(autocorrelation.shape[1] - 1, horizon - 1, _ORDER)
    if not order:
        yield noise(range(horizon))
        return
    weights, spread = prediction_filter(nearest_process(autocorrelation), order)
    drawn = _first_block(noise(range(order)), weights, spread)
    yield drawn
    # From here on every step is predicted from the same number of steps before: blocks that differ in their past only.
    steps = torch.arange(order, device=drawn.device)
    lag = steps[:, None] - steps
    last = weights[:, order]
    within = torch.where(lag > 0, -last[:, (lag - 1).clamp_min(0)], 0.0)
    across = torch.where(lag <= 0, last[:, (lag + order - 1).clamp(max=order - 1)], 0.0)
    for first in range(order, horizon, order):
        size = min(order, horizon - first)
        fresh = noise(range(first, first + size))
        right = spread[:, -1, None, None] * fresh.mT + across[:, :size] @ drawn.mT
        drawn = _solve(within[:, :size, :size], right).mT
        yield drawn


def _first_block(noise: Tensor, weights: Tensor, spread: Tensor) -> Tensor:
    """The steps that have fewer before them than the order: (I - W) z = spread * noise, W strictly lower triangular."""
    steps = torch.arange(noise.shape[2], device=noise.device)
    lag = steps[:, None] - steps
    within = torch.where(lag > 0, -weights[:, steps[:, None], (lag - 1).clamp_min(0)], 0.0)
    return _solve(within, spread[:, steps, None] * noise.mT).mT


def _solve(below: Tensor, right: Tensor) -> Tensor:
    solved: Tensor = torch.linalg.solve_triangular(below, right, upper=False, unitriangular=True)
    return solved
