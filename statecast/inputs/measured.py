"""Covariates as a network reads them that standardises for itself: in their own unit, and missing where they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.inputs.covariates import Covariate

_MOST_LEVELS = 8


@dataclass(frozen=True)
class MeasuredCovariate(Covariate):
    """A numeric covariate in its own unit, NaN where missing; a categorical one as any other.

    Examples
    --------
    >>> MeasuredCovariate("wind").encode([5.0, None]).tolist()
    [[5.0], [nan]]
    """

    def encode(self, values: Sequence[Any] | NDArray[Any]) -> NDArray[np.float32]:
        """See ``Covariate.encode``."""
        if self.levels:
            return super().encode(np.asarray([_text(one) for one in values], dtype=object))
        try:
            numbers = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"covariate {self.name!r}: expected numbers or null; {error}") from None
        limit = np.finfo(np.float32).max
        return np.where(np.abs(numbers) < limit, numbers, np.nan).astype(np.float32)[..., None]


def measured_covariates(values: Mapping[str, Sequence[Any]] | None) -> tuple[MeasuredCovariate, ...]:
    """Find out what covariates are from their values: numbers, or categories.

    Parameters
    ----------
    values : mapping or None
        Values by name, None or NaN where missing.

    Returns
    -------
    tuple of MeasuredCovariate
        Numeric ones first. Of a category the first 8 levels that appear, without the first of them, from which they are
        counted; of two or more.

    Examples
    --------
    >>> [(one.name, one.levels) for one in measured_covariates({"sky": ["clear", "dull"], "wind": [1.0, 2.0]})]
    [('wind', ()), ('sky', ('clear', 'dull'))]
    """
    found = [MeasuredCovariate(name, levels=_levels(one)) for name, one in (values or {}).items()]
    return tuple(sorted(found, key=lambda one: bool(one.levels)))


def _levels(values: Sequence[Any]) -> tuple[str, ...]:
    """Levels in the order in which they appear; none of numbers."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
        return ()
    texts = [_text(one) for one in values]
    named = [one for one in texts if one is not None]
    if all(
        isinstance(one, int | float | np.number) and not isinstance(one, bool | np.bool_)
        for one in values
        if one is not None
    ):
        return ()
    return tuple(dict.fromkeys(named))[:_MOST_LEVELS]


def _text(value: Any) -> str | None:
    """The name of a level; None where it is missing."""
    return None if value is None or value != value else str(value)  # noqa: PLR0124
