"""What forecasts are kept inside of: as requested, as the fit noticed, or as a series itself shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from service.models.model import Model
from statecast.uncertainty.bounds import Bounds

CODE = "kept_in_bounds"
"""Of the warning that says so where nobody requested it."""


@dataclass(frozen=True)
class ValueBounds:
    """Bounds of one series.

    Parameters
    ----------
    lower : tuple of float
        Of each of its V variables; minus infinity for none.
    upper : tuple of float
        Likewise.
    note : str
        What is said where a quantile lay outside; empty where that was requested.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    note: str = ""


def bounds_of(model: Model, requested: Bounds | None, below_zero: Sequence[bool]) -> ValueBounds:
    """Give the bounds of a series.

    Parameters
    ----------
    model : Model
        What forecasts.
    requested : Bounds or None
        What the request says; None where it says nothing.
    below_zero : sequence of bool
        Whether a value of each of V variables was ever below 0.

    Returns
    -------
    ValueBounds
        As requested; else what the fit noticed, or, of a family, 0 for what was never below it.
    """
    bounds = model.bounds if requested is None else requested
    if bounds is None:
        return ValueBounds(
            tuple([-inf if below else 0.0 for below in below_zero]), (inf,) * len(below_zero), note_of(model)
        )
    lower, upper = -inf if bounds.lower is None else bounds.lower, inf if bounds.upper is None else bounds.upper
    count = len(below_zero)
    return ValueBounds((lower,) * count, (upper,) * count, note_of(model) if requested is None else "")


def note_of(model: Model) -> str:
    """Say why forecasts are kept inside of bounds that nobody requested.

    Parameters
    ----------
    model : Model
        What forecasts.

    Returns
    -------
    str
        The same words as in the library.
    """
    return Bounds(0.0).why("the history") if model.bounds is None else model.bounds.why("what it was fitted on")


def keep_inside(
    values: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Keep forecasts inside of their bounds; the order of quantiles stays.

    Parameters
    ----------
    values : array of float64, ``[R, N, M]``
        Whatever is forecast of R rows, not changed.
    lower, upper : array of float64, ``[R]``
        Infinite for none.

    Returns
    -------
    array of float64, ``[R, N, M]``
        That which came where nothing lay outside.
    array of bool, ``[R]``
        Rows of which something lay outside.
    """
    least, most = lower.max(initial=-inf), upper.min(initial=inf)
    # Of what is not a number neither holds, and the rows beside it are looked at one by one.
    if (least == -inf or values.min(initial=inf) >= least) and (most == inf or values.max(initial=-inf) <= most):
        return values, np.zeros(len(values), dtype=np.bool_)
    low, high = lower[:, None, None], upper[:, None, None]
    outside = np.logical_or.reduce((values < low) | (values > high), axis=(1, 2))
    return np.clip(values, low, high), outside
