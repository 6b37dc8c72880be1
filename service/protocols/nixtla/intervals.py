"""Intervals as nixtla's SDK names them: ``lo-80`` and ``hi-80`` are the quantiles at 0.1 and 0.9."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.models.model import Model
from service.models.work_limits import levels_of
from service.settings import Settings
from statecast.uncertainty.quantile_levels import reach_of, score_ratio

Doubles = NDArray[np.float64]
_DIGITS = 9


def ends_of(level: float) -> tuple[float, float]:
    """Give the quantile levels between which an interval lies.

    Parameters
    ----------
    level : float
        Percent of values inside.

    Examples
    --------
    >>> ends_of(80), ends_of(90.5)
    ((0.1, 0.9), (0.0475, 0.9525))
    """
    return round(0.5 - level / 200, _DIGITS), round(0.5 + level / 200, _DIGITS)


def names_of(level: float) -> tuple[str, str]:
    """Name the ends of an interval.

    Parameters
    ----------
    level : float
        Percent of values inside.

    Examples
    --------
    >>> names_of(80), names_of(90.5)
    (('lo-80', 'hi-80'), ('lo-90.5', 'hi-90.5'))
    """
    return f"lo-{level:g}", f"hi-{level:g}"


def quantile_levels(levels: Sequence[float] | None, model: Model, settings: Settings) -> tuple[float, ...]:
    """Give the quantile levels that intervals need, each once.

    Parameters
    ----------
    levels : sequence of float or None
        Percent of values inside of each interval.
    model : Model
        What forecasts.
    settings : Settings
        Limits.

    Returns
    -------
    tuple of float
        Levels Q: of an interval that is wider than any that is calibrated, the outermost ones and the median.

    Raises
    ------
    TooLarge
        If there are too many.
    """
    lowest, highest = reach_of(model.config.quantile_levels)
    ends = [end for level in levels or () for end in ends_of(level)]
    if wider_than_calibrated(levels, model):
        ends += [lowest, 0.5, highest]
    found = tuple(dict.fromkeys(end for end in ends if lowest <= end <= highest))
    levels_of(found, model.config, settings)
    return found


def wider_than_calibrated(levels: Sequence[float] | None, model: Model) -> list[tuple[str, str]]:
    """Say which intervals are wider than any that was calibrated.

    Parameters
    ----------
    levels : sequence of float or None
        Percent of values inside of each interval.
    model : Model
        What forecasts.

    Returns
    -------
    list of (str, str)
        Code and detail of a warning for each.
    """
    lowest, highest = reach_of(model.config.quantile_levels)
    widest = round(200 * min(0.5 - lowest, highest - 0.5), _DIGITS)
    return [
        (
            "extrapolated_interval",
            f"level {level:g}: intervals of {model} are calibrated up to {widest:g}; beyond that the ends go on as "
            "those of a normal distribution",
        )
        for level in levels or ()
        if level > widest
    ]


def intervals_of(
    levels: Sequence[float] | None, found: Sequence[float], quantiles: Doubles
) -> dict[str, Doubles] | None:
    """Name the ends of intervals; those beyond the outermost quantiles go on from these as a normal distribution does.

    Parameters
    ----------
    levels : sequence of float or None
        As they were sent.
    found : sequence of float
        What ``quantile_levels`` made of them.
    quantiles : array of float64, ``[N, Q]``
        At these.

    Returns
    -------
    dict of str to array, ``[N]``, or None
        By ``names_of``; None where none was.
    """
    if not levels:
        return None
    named: dict[str, Any] = {}
    for level in levels:
        for name, end in zip(names_of(level), ends_of(level), strict=True):
            named[name] = np.ascontiguousarray(_at(end, found, quantiles))
    return named


def _at(end: float, found: Sequence[float], quantiles: Doubles) -> Doubles:
    if end in found:
        return quantiles[:, found.index(end)]
    outermost, median = (min(found) if end < 0.5 else max(found)), quantiles[:, found.index(0.5)]
    stretched: Doubles = median + score_ratio(end, outermost) * (quantiles[:, found.index(outermost)] - median)
    return stretched
