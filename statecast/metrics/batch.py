"""What every metric reads: actual values beside the forecasts that were made for them."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statecast.errors import InputError

Array = NDArray[np.float64]


class ForecastBatch:
    """Actual values and their forecasts, for many series or origins at once.

    A step counts where its actual value and the whole forecast are finite, for all metrics or for none, so that all
    of them score the same steps. Which forecast a metric reads is part of its meaning: a squared error is lowest at
    the mean, an absolute error at the median.

    Parameters
    ----------
    actual : array_like
        Observed values ``[B, F]``, NaN where missing.
    median : array_like
        Point forecasts ``[B, F]`` in the unit of ``actual``; the median where the forecast has quantiles.
    mean : array_like, optional
        Expected values ``[B, F]``. Left out, the median stands for them.
    quantiles : array_like, optional
        Quantile forecasts ``[B, F, Q]``, ascending.
    levels : sequence of float
        Levels ``[Q]`` of the quantiles, ascending; the first and the last bound the interval that is scored.
    last : array_like, optional
        Value ``[B]`` that was observed last before the first step, NaN where unknown.
    seasonal_error : array_like, optional
        Mean absolute seasonal difference of the history, ``[B]`` or one for all; NaN or 0 where it is unknown.
    unit : array_like
        What errors are measured in by the metrics that keep the unit of the data, ``[B]`` or one for all.

    Raises
    ------
    InputError
        If shapes do not fit together.

    Examples
    --------
    >>> batch = ForecastBatch([[1.0, float("nan")]], [[3.0, 3.0]])
    >>> batch.absolute_error
    array([[2., 0.]])
    """

    def __init__(
        self,
        actual: ArrayLike,
        median: ArrayLike,
        *,
        mean: ArrayLike | None = None,
        quantiles: ArrayLike | None = None,
        levels: Sequence[float] = (),
        last: ArrayLike | None = None,
        seasonal_error: ArrayLike | None = None,
        unit: ArrayLike = 1.0,
    ) -> None:
        self.actual, self.median = _floats(actual), _floats(median)
        if self.actual.ndim != 2:
            raise InputError(f"actual: expected an array [B, F], got shape {self.actual.shape}")
        shape = self.actual.shape
        self.mean = self.median if mean is None else _floats(mean)
        self.levels = tuple(levels)
        self.quantiles = np.empty((*shape, 0)) if quantiles is None else _floats(quantiles)
        self.last = None if last is None else _floats(last)
        self.seasonal_error = None if seasonal_error is None else _floats(seasonal_error)
        self.unit = _floats(unit)
        _expect("median", self.median.shape, shape)
        _expect("mean", self.mean.shape, shape)
        _expect("quantiles", self.quantiles.shape, (*shape, len(self.levels)))

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Where the actual value and the whole forecast are finite, ``[B, F]``."""
        known = np.isfinite(self.actual) & np.isfinite(self.median)
        if self.mean is not self.median:
            known &= np.isfinite(self.mean)
        if self.levels:
            known &= np.logical_and.reduce(np.isfinite(self.quantiles), axis=-1)
        return known

    @cached_property
    def _complete(self) -> bool:
        return bool(np.logical_and.reduce(self.known, axis=None))

    @cached_property
    def count(self) -> Array:
        """1 where a step counts, else 0, ``[B, F]``."""
        return self.known.astype(np.float64)

    @cached_property
    def magnitude(self) -> Array:
        """Absolute actual values ``[B, F]``, 0 where nothing counts."""
        return self.counted(np.abs(self.actual))

    @cached_property
    def absolute_error(self) -> Array:
        """Absolute error of the median ``[B, F]`` in the data's unit, 0 where nothing counts."""
        return self.counted(np.abs(self.actual - self.median))

    @cached_property
    def pinball(self) -> Array:
        """Pinball loss of each quantile ``[B, F, Q]`` in the data's unit, 0 where nothing counts."""
        error = self.actual[..., None] - self.quantiles
        level = np.asarray(self.levels)
        return self.counted(np.maximum(level * error, (level - 1.0) * error))

    def counted(self, values: Array | NDArray[np.bool_]) -> Array:
        """Set to 0 what does not count.

        Parameters
        ----------
        values : ndarray, shape [B, F] or [B, F, Q]
            Numbers or booleans.

        Returns
        -------
        ndarray, shape [B, F] or [B, F, Q]
            float64; ``values`` where ``known``, else 0.
        """
        if self._complete:  # as in most updates of one observation, where masking would take as long as the metric
            return values.astype(np.float64, copy=False)
        return np.where(self.known if values.ndim == self.known.ndim else self.known[..., None], values, 0.0)

    def in_units(self, values: Array) -> Array:
        """Divide by ``unit``.

        Parameters
        ----------
        values : ndarray, shape [B, F]
            In the data's unit.

        Returns
        -------
        ndarray, shape [B, F]
            The same as multiples of the unit.
        """
        return values / self.unit[..., None]


def _floats(values: ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float64)


def _expect(name: str, came: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if came != expected:
        raise InputError(f"{name}: expected shape {expected}, as of actual and levels, got {came}")
