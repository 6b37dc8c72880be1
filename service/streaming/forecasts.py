"""What a batch came to, as the replies to its requests have it."""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.engine.steps.step_batch import StepBatch
from service.models.model import Model
from service.models.value_bounds import keep_inside
from service.resident.step import SessionStep
from service.resident.table import SessionTable
from statecast.uncertainty.bounds import Bounds
from statecast.uncertainty.quantile_levels import quantiles_at

T = TypeVar("T")


class Numbers(NamedTuple):
    """Numbers of B rows as replies have them.

    Parameters
    ----------
    values : array of float64, ``[B, 1 + Q, F]``
        Mean, then each quantile, inside of the bounds that the fit noticed or the series shows.
    kept : array of bool, ``[B]``
        Rows that these bounds changed.
    """

    values: NDArray[np.float64]
    kept: NDArray[np.bool_]


class BatchForecasts:
    """Forecasts of B sessions; what several requests have in common is made once.

    Parameters
    ----------
    batch : StepBatch
        That has run.

    Attributes
    ----------
    table : SessionTable
        Of the sessions.
    step : SessionStep
        The sessions as they stand after their observations.
    finite : array of bool, ``[B]``
        Whose forecasts are numbers; the others have none.
    kept : array of bool, ``[B]``
        Those of them whose session no other process has advanced.
    whole : bool
        Whether all are kept.
    surprise : array of float64, ``[B]``
        How surprising the observations are; NaN where ``interval_surprise`` knows none.
    compute_ms : float
        Milliseconds of computation.
    """

    def __init__(self, batch: StepBatch) -> None:
        assert batch.table is not None and batch.step is not None and batch.finite is not None
        self.table: SessionTable = batch.table
        self.step: SessionStep = batch.step
        self.finite: NDArray[np.bool_] = batch.finite
        self.kept: NDArray[np.bool_] = batch.finite if batch.stale is None else batch.finite & ~batch.stale
        self.whole = bool(self.kept.all())
        found = batch.surprise
        self.surprise: NDArray[np.float64] = np.full(len(batch.rows), np.nan) if found is None else found
        self.compute_ms = batch.compute_ms
        self._batch = batch
        self._made: dict[Hashable, Any] = {}

    def shared(self, kind: Hashable, make: Callable[[], T]) -> T:
        """Give what is made of the whole batch.

        Parameters
        ----------
        kind : hashable
            Names it.
        make : callable
            Makes it, the first time.

        Returns
        -------
        object
            Not to be changed.
        """
        found: T | None = self._made.get(kind)
        if found is None:
            found = self._made[kind] = make()
        return found

    def numbers(self, model: Model, levels: tuple[float, ...], horizon: int) -> Numbers:
        """Lay out the forecasts as replies have them.

        Parameters
        ----------
        model : Model
            What forecasts, whole.
        levels : tuple of float
            Quantile levels Q.
        horizon : int
            Steps F.

        Returns
        -------
        Numbers
            Of the B sessions.
        """
        return self.shared((levels, horizon), lambda: self._numbers(model, levels, horizon))

    def _numbers(self, model: Model, levels: tuple[float, ...], horizon: int) -> Numbers:
        batch, config = self._batch, self.table.config
        assert batch.quantiles is not None and batch.mean is not None
        quantiles = batch.quantiles[:, :horizon]
        if levels != config.quantile_levels:
            exponents = model.tails[config.patch_length]
            quantiles = quantiles_at(quantiles, config.quantile_levels, levels, exponents)
        values = np.empty((len(quantiles), 1 + len(levels), horizon))
        values[:, 0] = batch.mean[:, :horizon]
        values[:, 1:] = quantiles.transpose(0, 2, 1)
        return Numbers(*keep_inside(values, *self._ends(model.bounds)))

    def _ends(self, bounds: Bounds | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper bound of each row."""
        none = np.full(len(self.finite), np.inf)
        if bounds is None:
            return np.where(self.step.below_zero, -none, 0.0), none
        lower, upper = bounds.lower, bounds.upper
        return np.full(len(none), -np.inf if lower is None else lower), np.full(
            len(none), np.inf if upper is None else upper
        )
