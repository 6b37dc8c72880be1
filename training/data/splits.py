"""Cuts through time: what may be learned from, what is validated on, what is tested on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.panel import Panel
from training.errors import TrainingError

_ENOUGH = 3  # horizons


@dataclass(frozen=True)
class Split:
    """Row borders of every item: training is ``[0, train)``, validation ``[train, val)``, test ``[val, test)``.

    Inputs of a later part may reach back over the border; targets never reach forward over it. An item too short to
    be cut has three equal borders: it is learned from only.
    """

    train: NDArray[np.int64]
    """End ``[I]`` of training."""
    val: NDArray[np.int64]
    """End ``[I]`` of validation."""
    test: NDArray[np.int64]
    """End ``[I]`` of the test."""

    def can_choose(self, horizon: int) -> bool:
        """Whether validation holds horizons enough, of all items together, to choose one network before another.

        Fewer show what one stretch was like: of 1.2 horizons of airline passengers the winner was wrong by half.

        Parameters
        ----------
        horizon : int
            Steps ahead F.

        Returns
        -------
        bool
            Whether there are at least three.
        """
        return bool((self.val - self.train).sum() >= _ENOUGH * horizon)

    def stride(self, wanted: int, horizon: int) -> int:
        """Choose the steps between validated origins.

        Parameters
        ----------
        wanted : int
            Steps that are wanted.
        horizon : int
            Steps ahead F.

        Returns
        -------
        int
            As wanted, fewer where even the longest validation would have no origin then; at least 1.
        """
        windows = int((self.val - self.train).max()) - horizon + 1
        return max(min(wanted, windows), 1)


def split_by_rows(panel: Panel, borders: Sequence[int]) -> Split:
    """Cut every item at the same three rows.

    Parameters
    ----------
    panel : Panel
        The series.
    borders : sequence of int
        Rows at which training, validation and test end.

    Returns
    -------
    Split
        The same for every item.

    Raises
    ------
    TrainingError
        If the borders do not rise or an item ends before the last.
    """
    if len(borders) != 3 or not 0 < borders[0] <= borders[1] <= borders[2]:
        raise TrainingError(f"borders: expected three rising rows (train, validation, test), got {list(borders)}")
    for item in panel.items:
        if item.target.size < borders[2]:
            raise TrainingError(
                f"borders: item {item.item_id!r} has {item.target.size} rows, fewer than {borders[2]}; use fractions"
            )
    ends = [np.full(len(panel.items), border, dtype=np.int64) for border in borders]
    return Split(*ends)


def split_by_fractions(panel: Panel, fractions: Sequence[float], horizon: int) -> Split:
    """Cut each item into shares of its life (train, validation, test), the later two at least one horizon long.

    An item too short for all three still has its test, if a horizon to learn from is left before it; a yet shorter one
    is learned from only.

    Parameters
    ----------
    panel : Panel
        The series.
    fractions : sequence of float
        Shares of training, validation and test, which add to 1.
    horizon : int
        Steps ahead F.

    Returns
    -------
    Split
        Each item's test ends with its last observed value.

    Raises
    ------
    TrainingError
        If the fractions are not three shares of 1, or no item is long enough to be cut.
    """
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1.0) > 1e-6:
        raise TrainingError(f"fractions: expected three shares that add to 1, got {list(fractions)}")
    train, val, test = [], [], []
    whole = False
    for item in panel.items:
        # Rows after the last observation only carry covariates known ahead.
        first, end = item.first, item.last + 1
        life = end - first
        later = [max(int(life * share), horizon) if share > 0 else 0 for share in fractions[1:]]
        if life < 2 * horizon + sum(later):
            later = [0, later[1] if life >= horizon + later[1] else 0]
        else:
            whole = True
        test.append(end)
        val.append(end - later[1])
        train.append(end - later[1] - later[0])
    split = Split(*(np.asarray(ends, dtype=np.int64) for ends in (train, val, test)))
    if fractions[1] + fractions[2] > 0 and not whole:
        raise TrainingError(
            f"horizon: {horizon} steps leave no item long enough to be cut into training, validation and test "
            f"(four horizons); the longest has {max(i.target.size for i in panel.items)} rows; give a shorter horizon"
        )
    return split


def origins(begin: int, end: int, horizon: int) -> NDArray[np.int64]:
    """List the rows after which a whole forecast falls into ``[begin, end)``.

    Parameters
    ----------
    begin : int
        First row that may be forecast.
    end : int
        Row after the last.
    horizon : int
        Steps ahead F.

    Returns
    -------
    array
        Rows ``[N]`` int64, ``begin - 1 … end - horizon - 1``; each is the last that its forecast has read.

    Examples
    --------
    >>> origins(10, 14, 3)
    array([ 9, 10])
    """
    return np.arange(begin - 1, end - horizon, dtype=np.int64) if end - begin >= horizon else np.zeros(0, np.int64)


def standards(panel: Panel, split: Split) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure every item's training rows, for metrics only.

    Parameters
    ----------
    panel : Panel
        The series.
    split : Split
        Where each item's training rows end.

    Returns
    -------
    tuple of array
        Mean and population deviation ``[I]`` in the target's unit; a constant item has deviation 1.
    """
    means, deviations = [], []
    for item, end in zip(panel.items, split.train, strict=True):
        rows = item.target[:end].astype(np.float64)
        rows = rows[~np.isnan(rows)]
        means.append(rows.mean() if rows.size else 0.0)
        deviations.append(rows.std() if rows.size and rows.std() > 0 else 1.0)
    return np.asarray(means), np.asarray(deviations)
