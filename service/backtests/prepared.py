"""A series of a request, ready to be read in one pass: what the network reads, and what came of it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.errors import Unprocessable
from service.models.model import Model
from service.models.value_bounds import bounds_of
from service.resident.calendar import calendar_columns
from service.serving.warnings import warnings_of
from service.sessions.regular_series import Limits
from service.sessions.series_input import Doubles, SeriesInput
from service.sessions.updates.plan import plan_update
from statecast.backtest.cutoffs import Cutoffs
from statecast.backtest.whole_series import WholeSeries
from statecast.inputs.level import deviations
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency


@dataclass(frozen=True, eq=False)
class PreparedSeries:
    """A series of V variables, T steps long from its first observed value on.

    Parameters
    ----------
    place : int
        Which of its request it is.
    model : Model
        What reads it; of a family, the member of its season.
    whole : WholeSeries
        What the network reads.
    values : array of float64, ``[V, T]``
        As they were given, NaN where missing.
    cutoffs : Cutoffs
        Where it is forecast.
    lower, upper : array of float64, ``[V, N]``
        What the forecast at each cut-off is kept inside of; infinite for none.
    variables : tuple of str
        Names, ``("",)`` for the one of a univariate series.
    axis : TimeAxis or None
        When its steps are; None without times.
    warnings : tuple of (str, str)
        Code and detail of each.
    """

    place: int
    model: Model
    whole: WholeSeries
    values: Doubles
    cutoffs: Cutoffs
    lower: Doubles
    upper: Doubles
    variables: tuple[str, ...]
    axis: TimeAxis | None
    warnings: tuple[tuple[str, str], ...] = ()

    @property
    def read(self) -> NDArray[np.int64]:
        """How many steps have been read at each cut-off, ``[N]``."""
        return self.cutoffs.read(self.values.shape[1])

    @property
    def actual(self) -> Doubles:
        """What came in the steps that each cut-off forecasts, ``[V, N, F]``, NaN where missing."""
        ahead: Doubles = self.values[:, self.read[:, None] + np.arange(self.cutoffs.horizon)]
        return ahead


def prepare(
    place: int, model: Model, series: SeriesInput, limits: Limits, count: int | None, step: int, horizon: int
) -> PreparedSeries:
    """Lay a series out and find its cut-offs.

    Parameters
    ----------
    place : int
        Which of its request it is.
    model : Model
        What reads it; of a family, the member of its season.
    series : SeriesInput
        Checked against the model; it names no session.
    limits : Limits
        What bounds it.
    count : int or None
        How many cut-offs; None for as many as there are.
    step : int
        Steps from one to the next.
    horizon : int
        Steps ahead.

    Returns
    -------
    PreparedSeries
        Its arrays.

    Raises
    ------
    Unprocessable, TooLarge
        If nothing of it was observed, it is too short, or over a limit.
    """
    update, config = plan_update(None, series, limits), model.config
    steps = int(update.values.shape[1])
    cutoffs = Cutoffs(1, step, horizon)
    most = cutoffs.most(steps)
    if not most or (count is not None and count > most):
        raise _too_few(steps, count, step, horizon, most)
    cutoffs = replace(cutoffs, count=most if count is None else count)
    calendar = calendar_columns(config.calendar, series.freq, series.offset, update.time_index, steps)
    level = np.array(update.level)
    mixed = bool(config.mixed_frequency)
    whole = WholeSeries(
        before=update.time_index,
        target=deviations(update.target, level),
        past=update.past,
        known=np.concatenate([calendar, update.known], axis=1),
        static=series.static,
        level=level,
        mixed_frequency=update.mixed_frequency.transpose(0, 2, 1).astype(np.float32) if mixed else None,
        coarse_history=update.coarse_history.astype(np.float32) if mixed else None,
    )
    # What was seen by then, so that no cut-off knows of a value below 0 that came later.
    least = np.minimum.accumulate(np.where(np.isnan(update.values), np.inf, update.values), axis=1)
    below = least[:, cutoffs.read(steps) - 1] < 0
    # One that was below 0 stays so, so that cut-offs at which equally many were are alike.
    _, first, alike = np.unique(below.sum(axis=0), return_index=True, return_inverse=True)
    ends = [bounds_of(model, series.bounds, column.tolist()) for column in below[:, first].T]
    lower, upper = np.array([(one.lower, one.upper) for one in ends], np.float64).transpose(1, 2, 0)[..., alike]
    axis = None if series.freq is None else TimeAxis(Frequency.parse(series.freq), series.offset, update.zone)
    return PreparedSeries(
        place, model, whole, update.values, cutoffs,
        lower, upper, series.variables, axis, warnings_of(model, series, update, steps, series.freq),
    )  # fmt: skip


def _too_few(steps: int, count: int | None, step: int, horizon: int, most: int) -> Unprocessable:
    hint = f"request at most {most} cutoffs" if most else f"give at least {horizon + 1} values, or a shorter horizon"
    return Unprocessable(
        f"target: expected at least one value before the first of {count or 1} cut-offs, {step} steps apart, and "
        f"{horizon} after the last, got a series of {steps} steps; {hint}",
        code="too_few_values",
    )
