"""Bounds of what can be: counts are never below 0, a share never above 1."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Bounds:
    """Where mean, quantiles and paths are kept. Both ends keep the order of quantiles.

    Parameters
    ----------
    lower : float or None
        Least value; None for no such bound.
    upper : float or None
        Largest value; None for no such bound.

    Raises
    ------
    InputError
        If one is not a finite number, or the lower is not below the upper.

    Examples
    --------
    >>> Bounds(lower=0.0).keep(np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    lower: float | None = None
    upper: float | None = None

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float | np.number)):
                raise InputError(f"bounds {name}: expected a number or null, got {value!r}")
            if value is not None and not _is_finite(value):
                raise InputError(f"bounds {name}: expected a finite number, got {value!r}; leave it out for no bound")
        if self.lower is not None and self.upper is not None and not self.lower < self.upper:
            raise InputError(f"bounds: expected lower below upper, got {self.lower!r} and {self.upper!r}")

    @classmethod
    def read(cls, given: "Bounds | Mapping[str, Any] | None") -> "Bounds":
        """Read bounds as they are written in calls and manifests.

        Parameters
        ----------
        given : Bounds, mapping or None
            A mapping has ``lower`` or ``upper`` or both; None stands for no bounds.

        Returns
        -------
        Bounds
            The same as a value.

        Raises
        ------
        InputError
            If it is anything else.
        """
        if given is None or isinstance(given, Bounds):
            return given or cls()
        if not isinstance(given, Mapping) or set(given) - {"lower", "upper"}:
            raise InputError(
                f'bounds: expected {{"lower": number, "upper": number}}, either may be left out, got {given!r}'
            )
        return cls(**given)

    @classmethod
    def notice(cls, histories: Iterable[Any]) -> "Bounds":
        """Return the bounds that histories seem to have: 0 where something was observed and nothing below it.

        Parameters
        ----------
        histories : iterable of array
            Values of each series, NaN where missing.

        Returns
        -------
        Bounds
            With a lower bound of 0, or none.
        """
        every = [np.asarray(values, dtype=np.float64) for values in histories]
        least = min((float(np.nanmin(values)) for values in every if np.isfinite(values).any()), default=-1.0)
        return cls(lower=0.0) if least >= 0 else cls()

    def why(self, where: str) -> str:
        """Say why forecasts are kept inside where nobody requested it.

        Parameters
        ----------
        where : str
            What shows the bounds.

        Returns
        -------
        str
            How to have them as they are, too.

        Examples
        --------
        >>> Bounds(0.0).why("the history")
        'the history never goes below 0, so nor does the forecast; bounds={} leaves it as it is'
        """
        ends = {"below": self.lower, "above": self.upper}
        limits = " or ".join(f"{side} {value:g}" for side, value in ends.items() if value is not None)
        return f"{where} never goes {limits}, so nor does the forecast; bounds={{}} leaves it as it is"

    def __bool__(self) -> bool:
        return self.lower is not None or self.upper is not None

    def keep(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Keep values inside.

        Parameters
        ----------
        values : array
            Any shape; NaN stays NaN.

        Returns
        -------
        array
            Same shape.
        """
        return np.clip(values, self.lower, self.upper) if self else values

    def keep_paths(self, values: "Tensor") -> "Tensor":
        """Keep paths inside, on whatever device they are.

        Parameters
        ----------
        values : Tensor
            Any shape.

        Returns
        -------
        Tensor
            Same shape.
        """
        return values.clamp(self.lower, self.upper) if self else values

    def to_dict(self) -> dict[str, float | None]:
        """Return plain JSON values."""
        return {"lower": self.lower, "upper": self.upper}


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float64 holds
        return False
