"""Quantiles at any level: linear between the trained levels, and with a calibrated tail beyond the outermost of them.

Beyond the outermost trained level the distance from the median grows as a power of the normal score ``z``:

    q(level) = median + (outermost - median) (z(level) / z(outermost level)) ** exponent

which is the normal distribution where the exponent is 1 and has heavier tails where it is more: about 1.5 for a
Laplace distribution, 1.6 for Student's t with three degrees of freedom. How the distance grew from the level before the
outermost to that says how it goes on: where it grew with an exponent ``inner``,

    exponent = base + 2 (inner - 1),    from 0.5 to 3

because a distribution that is a little heavier inside is a lot heavier outside; 2 is what synthetic series show,
whatever their season. The base, one below the median and one above it, is what validation found, see
``statecast.uncertainty.calibration``. Quantiles are continuous at the outermost trained level and ascend in the level.
"""

from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError

Doubles = NDArray[np.float64]
TailExponents: TypeAlias = tuple[float, float] | Doubles
"""Bases of the exponents below and above the median; of many rows an array ``[..., 2]``."""
TAIL_EXPONENT = 1.02
"""The base where nothing else was found: of the default model on synthetic series."""
THICKENING = 2.0
"""Of an exponent, with that of the levels inside."""
UNSHAPED = 0.14
"""Added to the base where there is no level between the outermost one and the median: what is added on average."""
LEAST, MOST = 0.5, 3.0
"""Bounds of an exponent."""
FARTHEST = 0.01
"""Share of values on either side that the outermost quantile leaves out; nothing farther out is calibrated."""


def reach_of(trained: Sequence[float]) -> tuple[float, float]:
    """Give the outermost levels at which quantiles can be had.

    Parameters
    ----------
    trained : sequence of float
        The trained levels, ascending, 0.5 among them.

    Returns
    -------
    tuple of float
        Lowest and highest.

    Examples
    --------
    >>> reach_of((0.1, 0.5, 0.9)), reach_of((0.001, 0.5))
    ((0.01, 0.99), (0.001, 0.5))
    """
    low, high = trained[0], trained[-1]
    return min(low, FARTHEST) if low < 0.5 else low, max(high, 1 - FARTHEST) if high > 0.5 else high


def expected_levels(trained: Sequence[float]) -> str:
    """Say which levels can be had, for errors.

    Parameters
    ----------
    trained : sequence of float
        The trained levels, ascending.

    Returns
    -------
    str
        Both ends, and where they come from.

    Examples
    --------
    >>> expected_levels((0.1, 0.5, 0.9))
    'expected levels from 0.01 to 0.99 (trained from 0.1 to 0.9, beyond that a calibrated tail)'
    """
    lowest, highest = reach_of(trained)
    tail = ", beyond that a calibrated tail" if (lowest, highest) != (trained[0], trained[-1]) else ""
    return f"expected levels from {lowest:g} to {highest:g} (trained from {trained[0]:g} to {trained[-1]:g}{tail})"


def quantiles_at(
    quantiles: Doubles, trained: Sequence[float], wanted: Sequence[float], exponents: TailExponents
) -> Doubles:
    """Return quantiles at other levels than the trained ones.

    Parameters
    ----------
    quantiles : array of float64, ``[..., Q]``
        At the trained levels, ascending.
    trained : sequence of float
        The Q trained levels, ascending, 0.5 among them.
    wanted : sequence of float
        K levels within ``reach_of`` the trained ones, in any order.
    exponents : TailExponents
        Bases of the tails; an array goes with the leading shape of the quantiles.

    Returns
    -------
    array of float64, ``[..., K]``
        Those at trained levels are the very ones.

    Raises
    ------
    InputError
        If a level lies beyond the reach.

    Examples
    --------
    >>> quantiles_at(np.array([-1.0, 0.0, 1.0]), (0.1, 0.5, 0.9), (0.3, 0.9, 0.975), (1.0, 0.86)).round(2).tolist()
    [-0.5, 1.0, 1.53]
    """
    lowest, highest = reach_of(trained)
    for level in wanted:
        if not lowest <= level <= highest:
            raise InputError(f"quantile_levels: {expected_levels(trained)}, got {level:g}; leave it out")
    if set(trained).issuperset(wanted):
        found = np.empty((len(wanted), *quantiles.shape[:-1]), quantiles.dtype)
        for place, level in enumerate(wanted):
            found[place] = quantiles[..., trained.index(level)]
        return found.transpose((*range(1, found.ndim), 0))
    tails = [[place for place, level in enumerate(wanted) if level < trained[0]]]
    tails += [[place for place, level in enumerate(wanted) if level > trained[-1]]]
    within = np.clip(wanted, trained[0], trained[-1]) if any(tails) else np.asarray(wanted)
    right = np.clip(np.searchsorted(np.asarray(trained), within, side="left"), 1, len(trained) - 1)
    low, high = np.asarray(trained)[right - 1], np.asarray(trained)[right]
    share = (within - low) / (high - low)
    found = np.asarray(quantiles[..., right - 1] * (1 - share) + quantiles[..., right] * share)
    for side, places in zip((0, -1), tails, strict=True):
        if places:
            own = [wanted[place] for place in places]
            found[..., places] = _tail_quantiles(quantiles, trained, own, side, exponents)
    return found


def _tail_quantiles(
    quantiles: Doubles, trained: Sequence[float], wanted: Sequence[float], side: int, exponents: TailExponents
) -> Doubles:
    """Those at levels beyond the outermost one of a side, ``[..., K]``."""
    outermost = quantiles[..., side, None]
    exponent = np.asarray(exponents)[..., side] + tail_shape(quantiles, trained, side)
    ratios = np.array([score_ratio(level, trained[side]) for level in wanted])
    more = ratios ** exponent.clip(LEAST, MOST)[..., None] - 1.0
    # As a sum of the outermost quantile and what lies beyond it: rounding cannot make them cross. What no float64
    # holds is the last that one does.
    with np.errstate(over="ignore"):
        beyond = outermost + more * (outermost - quantiles[..., trained.index(0.5), None])
    return np.asarray(np.clip(beyond, -_LARGEST, _LARGEST))


def tail_shape(quantiles: Doubles, levels: Sequence[float], side: int) -> Doubles:
    """Say how much heavier a tail is than its base, by how far apart the two outermost quantiles lie.

    Parameters
    ----------
    quantiles : array of float64, ``[..., Q]``
        Ascending.
    levels : sequence of float
        Their Q levels, ascending.
    side : int
        0 for the lower one, -1 for the upper one.

    Returns
    -------
    array of float64, ``[...]``
        What is added to the base; 0 for a normal distribution.

    Examples
    --------
    >>> levels, scores = (0.1, 0.2, 0.5), np.array([-1.2816, -0.8416, 0.0])
    >>> [round(float(tail_shape(np.sign(scores) * np.abs(scores) ** power, levels, 0)), 2) for power in (0.9, 1.0, 1.3)]
    [-0.2, 0.0, 0.6]
    """
    middle = min(range(len(levels)), key=lambda at: abs(levels[at] - 0.5))
    inner = 1 if side == 0 else len(levels) - 2
    if not (inner < middle if side == 0 else inner > middle):
        return np.full(quantiles.shape[:-1], UNSHAPED)
    median = quantiles[..., middle]
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = (quantiles[..., side] - median) / (quantiles[..., inner] - median)
        shape = THICKENING * (np.log(grown) / np.log(score_ratio(levels[side], levels[inner])) - 1.0)
    return np.where(np.isnan(shape), UNSHAPED, shape)


@lru_cache(maxsize=1024)
def score_ratio(level: float, outermost: float) -> float:
    """Say how many times as far from the median a level lies as another one, in normal scores.

    Parameters
    ----------
    level : float
        Within (0, 1).
    outermost : float
        Within (0, 1), on the same side of 0.5.

    Returns
    -------
    float
        From 1 where the level lies farther out.

    Examples
    --------
    >>> round(score_ratio(0.975, 0.9), 3)
    1.529
    """
    return NormalDist().inv_cdf(level) / NormalDist().inv_cdf(outermost)


_LARGEST = np.finfo(np.float64).max
