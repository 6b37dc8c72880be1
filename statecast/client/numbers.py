"""Values of a notebook as JSON has them, and back: NaN is null."""

from datetime import date
from math import isinf, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError


def to_json(values: Any) -> Any:
    """Give values as JSON has them.

    Parameters
    ----------
    values : Any
        Numbers, texts, times, arrays, series, indices; lists and mappings of such.

    Returns
    -------
    Any
        JSON values: None for NaN and NaT, RFC 3339 or a date for a time.

    Raises
    ------
    InputError
        If one is none of these, or infinite.

    Examples
    --------
    >>> to_json({"target": np.array([1.0, np.nan]), "start": np.datetime64("2026-01-31")})
    {'target': [1.0, None], 'start': '2026-01-31'}
    """
    if values is None or isinstance(values, str | bool | int):
        return values
    if isinstance(values, float):
        return _number(values)
    if isinstance(values, dict):
        return {str(name): to_json(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [to_json(value) for value in values]
    if isinstance(values, date):
        return None if str(values) == "NaT" else values.isoformat()
    return _of_array(np.asarray(values))


def to_numbers(values: Any) -> NDArray[np.float64]:
    """Give JSON numbers as an array.

    Parameters
    ----------
    values : list
        Numbers, None where missing; nested lists are rows.

    Returns
    -------
    ndarray, float64
        NaN where missing.
    """
    return np.array(values, dtype=np.float64)


def _number(value: float) -> float | None:
    if isinf(value):
        raise InputError(f"expected finite numbers, None or NaN where missing, got {value}; leave it out")
    return None if isnan(value) else float(value)


def _of_array(values: NDArray[Any]) -> Any:
    if values.dtype.kind == "f":
        found = values.tolist()
        return found if np.isfinite(values).all() else to_json(found)
    if values.dtype.kind == "M":
        texts = np.datetime_as_string(np.atleast_1d(values)).tolist()
        read = [None if text == "NaT" else text for text in texts]
        return read if values.ndim else read[0]
    if values.dtype.kind != "O" or values.ndim:
        return to_json(values.tolist())
    if type(values.item()).__name__ == "NAType":  # what pandas has for missing
        return None
    raise InputError(f"expected numbers, texts or times, got {type(values.item()).__name__}; convert it")
