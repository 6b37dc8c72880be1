"""Central intervals by their percent, as the two quantiles at their ends."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError


def interval_ends(level: float) -> tuple[float, float]:
    """Give the quantile levels at the ends of a central interval.

    Parameters
    ----------
    level : float
        Percent of values that are expected inside, within (0, 100).

    Returns
    -------
    tuple of float
        The lower and the upper one.

    Raises
    ------
    InputError
        If it is no such percentage.

    Examples
    --------
    >>> interval_ends(80)
    (0.1, 0.9)
    """
    if isinstance(level, bool) or not isinstance(level, int | float | np.number) or not 0 < level < 100:
        raise InputError(f"level: expected percent within (0, 100), such as 80, got {level!r}")
    return round(0.5 - float(level) / 200, 10), round(0.5 + float(level) / 200, 10)


def chosen_levels(
    level: float | Sequence[float] | None,
    quantile_levels: Sequence[float] | None,
    quantiles: Sequence[float] | None = None,
) -> tuple[float, ...] | None:
    """Give the quantile levels that are requested, in whichever of three ways.

    Parameters
    ----------
    level : float, sequence of float or None
        Percents of central intervals.
    quantile_levels : sequence of float or None
        Levels themselves.
    quantiles : sequence of float or None
        The same under the name that others have for it.

    Returns
    -------
    tuple of float or None
        Each once, rising where they are of intervals; None where nothing is requested.

    Raises
    ------
    InputError
        If two are given, or one is no level.

    Examples
    --------
    >>> chosen_levels([80, 95], None)
    (0.025, 0.1, 0.9, 0.975)
    """
    listed = [one for one in (quantile_levels, quantiles) if one is not None]
    if len(listed) + (level is not None) > 1:
        raise InputError("level: expected one of level, quantile_levels and quantiles, got several; keep one")
    if level is None:
        return tuple(map(float, listed[0])) if listed else None
    return tuple(sorted({end for one in _listed(level) for end in interval_ends(one)}))


def name_intervals(
    columns: Mapping[str, NDArray[Any]], level: float | Sequence[float] | None
) -> dict[str, NDArray[Any]]:
    """Call the ends of intervals by their percent, where those were requested.

    Parameters
    ----------
    columns : mapping of str to array
        Quantiles among them, by their level.
    level : float, sequence of float or None
        Percents of central intervals, in the order in which they are wanted.

    Returns
    -------
    dict of str to array
        With ``lo-80`` and ``hi-80`` in place of the quantiles.

    Examples
    --------
    >>> list(name_intervals({"mean": np.ones(1), "0.1": np.ones(1), "0.9": np.ones(1)}, 80))
    ['mean', 'lo-80', 'hi-80']
    """
    if level is None:
        return dict(columns)
    ends = {one: tuple(map(repr, interval_ends(one))) for one in _listed(level)}
    kept = {
        name: values for name, values in columns.items() if name not in {end for pair in ends.values() for end in pair}
    }
    for one, (lower, upper) in ends.items():
        kept |= {f"lo-{one:g}": columns[lower], f"hi-{one:g}": columns[upper]}
    return kept


def _listed(level: float | Sequence[float]) -> Sequence[float]:
    return [level] if np.ndim(level) == 0 else list(level)  # type: ignore[list-item, arg-type]
