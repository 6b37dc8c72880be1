"""The contract of a metric: what it adds up, and what the sums come to."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.metrics.batch import Array, ForecastBatch

Sums = NDArray[np.float64]
"""State of a metric ``[..., K]``: K sums for each of whatever is kept apart."""


class Metric(ABC):
    """A streaming accumulator of one accuracy metric.

    A subclass names itself in the class variables, gives its ``terms`` and, where the figure is not the quotient of
    its first two sums, its ``value``. It holds no data: everything that was seen is in the state.
    """

    name: ClassVar[str]
    """Name in configs, settings, tables and manifests; that of the metric's file."""
    title: ClassVar[str]
    """Heading of a column."""
    summary: ClassVar[str]
    """What the figure says, in one line."""
    better: ClassVar[Literal["lower", "higher", "nominal"]] = "lower"
    """Which figures are better; ``nominal``: those near the share that the forecast promises."""
    scale_free: ClassVar[bool]
    """Whether the figure stays as it is when the series and its forecasts are given in another unit."""
    needs_quantiles: ClassVar[bool] = False
    """Whether nothing can be said of forecasts that are single values."""
    averaged: ClassVar[Literal["values", "series"]] = "values"
    """Over what many series are averaged: all their values alike, or first within each series, then over series."""
    digits: ClassVar[int] = 4
    """Decimal places that are shown."""
    percent: ClassVar[bool] = False
    """Whether the figure is a share, and shown in percent."""

    @abstractmethod
    def terms(self, batch: ForecastBatch) -> Iterable[Array | NDArray[np.bool_]]:
        """Say what each step adds to each of the K sums.

        Parameters
        ----------
        batch : ForecastBatch
            B series or origins of F steps. It has quantiles if the metric needs them.

        Returns
        -------
        iterable of ndarray, shape [B, F]
            K of them, numbers or booleans; 0 where ``batch.known`` is false.
        """

    def size(self, levels: int) -> int:  # noqa: ARG002 (most metrics keep as many sums for any number of levels)
        """Say how many sums the state keeps.

        Parameters
        ----------
        levels : int
            Number of quantile levels of the forecasts.

        Returns
        -------
        int
            K.
        """
        return 2

    def value(self, state: Sums) -> Array:
        """Turn sums into figures.

        Parameters
        ----------
        state : array
            Sums ``[..., K]``.

        Returns
        -------
        array
            Figures ``[...]``; NaN where nothing was counted.
        """
        return quotient(state[..., 0], state[..., 1])

    def initial(self, shape: tuple[int, ...] = (), levels: int = 0) -> Sums:
        """Return the state in which nothing has been seen.

        Parameters
        ----------
        shape : tuple of int
            What is kept apart: ``()`` nothing, ``(F,)`` steps ahead, ``(B, 1)`` series, ``(B, F)`` both.
        levels : int
            Number of quantile levels of the forecasts to come.

        Returns
        -------
        array
            Zeros ``[*shape, K]``.
        """
        return np.zeros((*shape, self.size(levels)))

    def update(self, state: Sums, batch: ForecastBatch) -> Sums:
        """Add what a batch says.

        Parameters
        ----------
        state : array
            Sums ``[..., K]`` in one of the shapes of ``initial``; dimensions that it lacks are summed.
        batch : ForecastBatch
            Forecasts ``[B, F]`` of ``B`` series or origins.

        Returns
        -------
        array
            The new sums; ``state`` is left as it was.

        Raises
        ------
        InputError
            If the state keeps other steps, series or levels apart than the batch has.
        """
        if self.needs_quantiles and not batch.levels:
            return state
        shape = state.shape[:-1]
        if shape:
            terms = np.array([_sum_to(term, shape) for term in self.terms(batch)], dtype=np.float64)
            added = terms.transpose((*range(1, terms.ndim), 0))
        else:  # the way of a session's single observation, whose time is that of calling numpy
            added = np.array([_total(term) for term in self.terms(batch)], dtype=np.float64)
        if added.shape != state.shape:
            raise InputError(f"{self.name}: expected a batch that fits a state {state.shape}, got one of {added.shape}")
        return state + added

    def merge(self, one: Sums, other: Sums) -> Sums:
        """Join the states of two sets of forecasts, in any order.

        Parameters
        ----------
        one, other : ndarray, shape [..., K]
            Sums of one shape.

        Returns
        -------
        ndarray, shape [..., K]
            The state of everything that either has seen.
        """
        merged: Sums = one + other
        return merged

    def overall(self, states: Sums) -> float:
        """Compute one figure for many series, averaged as ``averaged`` says.

        Parameters
        ----------
        states : array
            Sums ``[I, K]`` of each series.

        Returns
        -------
        float
            NaN where nothing was counted.
        """
        if self.averaged == "values":
            return float(self.value(states.sum(axis=0)))
        figures = self.value(states)
        figures = figures[~np.isnan(figures)]
        return float(figures.mean()) if figures.size else float("nan")

    def score(self, actual: Any, median: Any, **rest: Any) -> float:
        """Compute the figure of whole arrays at once.

        Parameters
        ----------
        actual : array_like, shape [B, F]
            Observed values, NaN where missing.
        median : array_like, shape [B, F]
            Point forecasts.
        **rest
            The other parameters of ``ForecastBatch``.

        Returns
        -------
        float
            NaN where nothing was counted.
        """
        batch = ForecastBatch(actual, median, **rest)
        return float(self.value(self.update(self.initial(levels=len(batch.levels)), batch)))

    def heading(self, levels: Sequence[float]) -> str:  # noqa: ARG002 (few metrics depend on the levels)
        """Return the heading of a column.

        Parameters
        ----------
        levels : sequence of float
            Quantile levels of the forecasts in it; empty for single values.

        Returns
        -------
        str
            ``title``, unless the metric depends on the levels.
        """
        return self.title

    def show(self, figure: float | None) -> str:
        """Write a figure for a table.

        Parameters
        ----------
        figure : float or None
            The figure; None or NaN where it is unknown.

        Returns
        -------
        str
            With the metric's digits or as a percentage; a dash where it is unknown.
        """
        if figure is None or not np.isfinite(figure):
            return "–"
        return f"{100 * figure:.1f} %" if self.percent else f"{figure:.{self.digits}f}"


def quotient(total: Array, count: Array) -> Array:
    """Divide where there is something to divide by.

    Parameters
    ----------
    total, count : ndarray, shape [...]
        Sums and counts, of shapes that broadcast together.

    Returns
    -------
    ndarray, shape [...]
        ``total / count``, NaN where the count is not above 0.
    """
    total, count = np.asarray(total), np.asarray(count)
    figures: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return figures


def _total(term: Array | NDArray[np.bool_]) -> float:
    return float(term.item() if term.size == 1 else term.sum())


def _sum_to(term: Array | NDArray[np.bool_], shape: tuple[int, ...]) -> Array:
    """Sum ``[B, F]`` to the shape that numpy would broadcast to it."""
    if term.shape == shape:
        return np.asarray(term, dtype=np.float64)
    absent = term.ndim - len(shape)
    if absent:
        term = term.sum(axis=tuple(range(absent)))
    single = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return np.asarray(term.sum(axis=single, keepdims=True) if single else term, dtype=np.float64)
