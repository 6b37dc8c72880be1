"""Intervals as nixtla's SDK names them: ``lo-80`` and ``hi-80`` are the quantiles at 0.1 and 0.9."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.codecs.faults import raise_faults
from service.errors import Fault
from service.models.model import Model
from service.models.work_limits import levels_of
from service.settings import Settings

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
        Levels Q.

    Raises
    ------
    Unprocessable, TooLarge
        If an interval is wider than the model has learned, or there are too many.
    """
    trained = model.config.quantile_levels
    widest = round(200 * min(0.5 - trained[0], trained[-1] - 0.5), _DIGITS)
    faults = [
        Fault(
            ("level", place),
            f"expected at most {widest:g}, the widest interval that {model} has learned, got {level:g}; request a "
            "narrower one",
        )
        for place, level in enumerate(levels or ())
        if level > widest
    ]
    raise_faults(faults, "level_out_of_range")
    found = tuple(dict.fromkeys(end for level in levels or () for end in ends_of(level)))
    levels_of(found, model.config, settings)
    return found


def intervals_of(
    levels: Sequence[float] | None, found: Sequence[float], quantiles: Doubles
) -> dict[str, Doubles] | None:
    """Name the ends of intervals.

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
            named[name] = np.ascontiguousarray(quantiles[:, found.index(end)])
    return named
