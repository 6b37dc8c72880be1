"""How far beyond the outermost trained levels the tails of a network reach, found where the truth is known."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statecast import SeriesNetwork
from statecast.uncertainty.quantile_levels import LEAST, MOST, score_ratio, tail_shape
from training.data.encoding import PanelTensors
from training.evaluation.backtest import Part, carried_forecasts
from training.evaluation.baselines.naive import Task

_BEYOND = (0.05, 0.025, 0.01)
"""Shares of values that levels leave out on one side; together those beyond the outermost one hold."""
_LEAST, _MOST = 0.4, 2.8
_TRUST = 20.0
"""Forecasts side by side that count as much as what stood before."""


def needed_bases(
    quantiles: NDArray[np.float64], levels: Sequence[float], truth: NDArray[np.float64], side: int
) -> NDArray[np.float64]:
    """Find the base of a tail's exponent at which each level beyond the outermost one would just have held.

    Parameters
    ----------
    quantiles : array of float64, ``[..., Q]``
        As they were served.
    levels : sequence of float
        Their levels, 0.5 among them.
    truth : array of float64, ``[...]``
        What came, NaN where unknown.
    side : int
        0 for the lower tail, -1 for the upper one.

    Returns
    -------
    array of float64, ``[K, N]``
        Of K levels, none where none lies beyond; infinite where no base, or any, is enough. What is unknown, or where a
        forecast was certain, is left out.
    """
    median = quantiles[..., levels.index(0.5)]
    width = quantiles[..., side] - median
    known = np.isfinite(truth) & (width != 0)
    distance = ((truth - median)[known] / width[known]).clip(1e-300)
    shape = tail_shape(quantiles, levels, side)[known]
    outermost = levels[0] if side == 0 else 1.0 - levels[-1]
    found = [np.zeros((0, distance.size))]
    for share in _BEYOND:
        if share < outermost * 0.999:
            exponent = np.log(distance) / np.log(score_ratio(share, outermost))
            base = np.where(exponent > MOST, np.inf, np.where(exponent < LEAST, -np.inf, exponent - shape))
            found.append(base[None])
    return np.concatenate(found)


def holding_base(needed: NDArray[np.float64], outermost: float) -> float | None:
    """Find the base with which levels beyond the outermost one would have held as often as they promise, together.

    Parameters
    ----------
    needed : array of float64, ``[K, N]``
        See ``needed_bases``.
    outermost : float
        Share of values that the outermost level leaves out on that side.

    Returns
    -------
    float or None
        None where no level lies beyond, or nothing is known.

    Examples
    --------
    >>> levels = (0.1, 0.2, 0.5, 0.8, 0.9)
    >>> quantiles = np.broadcast_to([-1.2816, -0.8416, 0.0, 0.8416, 1.2816], (100_000, 5))
    >>> normal = np.random.default_rng(0).normal(size=100_000)
    >>> round(holding_base(needed_bases(quantiles, levels, normal, -1), 0.1), 1)
    1.0
    """
    promised = [share for share in _BEYOND if share < outermost * 0.999]
    if not needed.size:
        return None
    # Of all levels at all values together so many may be missed.
    found = float(np.quantile(needed, 1.0 - np.mean(promised), method="higher"))
    return min(max(found, _LEAST), _MOST)


def calibrate_tails(network: SeriesNetwork, tensors: PanelTensors, task: Task, every: int) -> int:
    """Set the bases of a network's tails: those at which its validation forecasts would have held.

    The fewer forecasts side by side validation has room for, the closer they stay to what they are.

    Parameters
    ----------
    network : SeriesNetwork
        A calibrated network, whose ``calibration.tail_exponents`` are changed in place.
    tensors : PanelTensors
        All rows of the panel, encoded for it.
    task : Task
        The panel, its borders, season and horizon.
    every : int
        Steps between validated origins.

    Returns
    -------
    int
        How many values were looked at.
    """
    split, levels = task.split, network.config.quantile_levels
    part, stride = Part(split.train, split.val), split.stride(every, task.horizon)
    found: list[list[NDArray[np.float64]]] = [[], []]
    for window in carried_forecasts(network, tensors, part, stride):
        truth = task.values(window.item)[window.origins[:, None] + 1 + np.arange(task.horizon)]
        for side, own in zip((0, -1), found, strict=True):
            own.append(needed_bases(window.quantiles, levels, truth, side))
    apart = float((split.val - split.train).clip(0).sum()) / task.horizon
    trust = apart / (apart + _TRUST)
    exponents = network.calibration.tail_exponents
    for side, outermost in enumerate((levels[0], 1.0 - levels[-1])):
        base = holding_base(np.concatenate(found[side], axis=1), outermost) if found[side] else None
        if base is not None:
            exponents[side] = (1.0 - trust) * exponents[side] + trust * base
    return sum(one.shape[1] for own in found for one in own)
