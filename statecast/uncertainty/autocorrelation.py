"""How the steps of one path hang together: normal scores with a given autocorrelation, for any horizon.

The autocorrelation up to lag p determines an autoregression of order p (Yule-Walker, solved by Levinson and Durbin)
that goes on past the last lag in the least surprising way (maximum entropy). Drawing from it step by step is the
solution of one triangular system.

References
----------
Burg, J. P. (1975). Maximum entropy spectral analysis. PhD thesis, Stanford University.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

_ORDER = 48  # steps looked back: two days of hours; what is left of the correlation beyond goes on by itself
_MOST = 0.999  # of a partial correlation, so that rounding cannot make the spread 0


def estimate_autocorrelation(scores: Tensor) -> Tensor:
    """Correlate each sequence with itself at every distance, about zero.

    Parameters
    ----------
    scores : Tensor
        ``[..., F]``, NaN where unknown.

    Returns
    -------
    Tensor
        ``[..., F]`` float32 by lag, 1 at lag 0; all 0 where more than half is unknown or nothing moved.

    Notes
    -----
    Each distance is a mean over the pairs that were observed.

    Examples
    --------
    >>> estimate_autocorrelation(torch.tensor([1.0, -1.0, 1.0, -1.0])).round().tolist()
    [1.0, -1.0, 1.0, -1.0]
    """
    length = scores.shape[-1]
    seen = ~scores.isnan()
    values = scores.nan_to_num().double()
    spectrum = torch.fft.rfft(values, 2 * length).abs().square()
    pairs = torch.fft.irfft(torch.fft.rfft(seen.double(), 2 * length).abs().square(), 2 * length)[..., :length]
    products = torch.fft.irfft(spectrum, 2 * length)[..., :length] / pairs.clamp_min(1.0)
    power = products[..., :1]
    usable = (power > 1e-6) & (seen.sum(-1, keepdim=True) * 2 > length)
    found = torch.where(usable, products / power.clamp_min(1e-6), 0.0)
    return found.float()


def nearest_process(autocorrelation: Tensor) -> Tensor:
    """Make estimates into the autocorrelation of some process.

    Parameters
    ----------
    autocorrelation : Tensor
        ``[B, F]`` by lag, 1 at lag 0.

    Returns
    -------
    Tensor
        ``[B, F]`` float64.

    Notes
    -----
    Far lags, which few pairs support, are faded (a Gaussian lag window); then what is negative in the spectrum, which
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
    """Return the best linear predictions from the 0 .. p last steps.

    Parameters
    ----------
    autocorrelation : Tensor
        ``[B, F]`` of a process, float64.
    order : int
        Steps looked back, p < F.

    Returns
    -------
    weights : Tensor
        ``[B, p + 1, p]``; ``weights[:, k, j]`` belongs to the step j + 1 steps ago, where k are known.
    spread : Tensor
        ``[B, p + 1]`` standard deviation of what is left.

    Examples
    --------
    >>> weights, spread = prediction_filter(0.5 ** torch.arange(3, dtype=torch.float64)[None], 2)
    >>> weights[0, 2].tolist(), round(float(spread[0, 2]), 3)
    ([0.5, 0.0], 0.866)
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
    """Turn independent standard normal draws into draws with an autocorrelation, some steps at a time.

    Parameters
    ----------
    noise : callable
        Gives draws ``[B, N, steps]``, float64, for a range of the horizon's steps.
    horizon : int
        How many steps there are.
    autocorrelation : Tensor
        ``[B, F]`` by lag.

    Yields
    ------
    Tensor
        ``[B, N, steps]``; each step alone stays standard normal.
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
