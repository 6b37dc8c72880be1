"""Central intervals by their percent, as the two quantiles at their ends."""

from collections.abc import Sequence

import numpy as np

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
    level: float | Sequence[float] | None, quantile_levels: Sequence[float] | None
) -> tuple[float, ...] | None:
    """Give the quantile levels that are requested, in whichever of two ways.

    Parameters
    ----------
    level : float, sequence of float or None
        Percents of central intervals.
    quantile_levels : sequence of float or None
        Levels themselves.

    Returns
    -------
    tuple of float or None
        Each once, rising where they are of intervals; None where nothing is requested.

    Raises
    ------
    InputError
        If both are given, or one is no level.

    Examples
    --------
    >>> chosen_levels([80, 95], None)
    (0.025, 0.1, 0.9, 0.975)
    """
    if level is None:
        return None if quantile_levels is None else tuple(map(float, quantile_levels))
    if quantile_levels is not None:
        raise InputError("level: expected either level or quantile_levels, got both; keep one")
    every = [level] if np.ndim(level) == 0 else level
    return tuple(sorted({end for one in every for end in interval_ends(one)}))  # type: ignore[union-attr, arg-type]
