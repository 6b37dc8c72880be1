"""``/v2/cross_validation`` and the fitted values of a history, by what ``POST /backtest`` is answered by."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.backtests.collected import Forecasts
from service.backtests.prepared import PreparedSeries
from service.backtests.service import Cuts, Hindcast
from service.codecs.faults import raise_faults
from service.codecs.schema import Schema
from service.errors import Fault, TooLarge
from service.models.model import Model
from service.models.work_limits import horizon_of
from service.protocols.backtest.encoder import keep_inside_of_bounds
from service.protocols.nixtla.forecast import NOTHING
from service.protocols.nixtla.intervals import intervals_of, quantile_levels, wider_than_calibrated
from service.protocols.nixtla.requests import NixtlaCrossValidation, TaskRequest
from service.protocols.nixtla.series import NativeSeries
from service.protocols.nixtla.task import Task, TaskContext, whole
from service.settings import Settings

EVERY_VALUE = Cuts(None, 1, 1)
"""Each value but the first is forecast from those before it."""
Hindcasts = list[Hindcast[Forecasts]]


class CrossValidationTask(Task[NixtlaCrossValidation]):
    """Forecasts at cut-offs that count back from the end of each series; or at every value past the first season."""

    shape = Schema(NixtlaCrossValidation, lambda: NixtlaCrossValidation(series=NOTHING))

    async def run(self, request: NixtlaCrossValidation, context: TaskContext) -> dict[str, Any]:
        """See ``Task.run``."""
        model = self.model(request, context)
        cuts = EVERY_VALUE if request.full_history else _cuts(request, model)
        levels = quantile_levels(request.level, model, context.settings)
        reserved = 0 if cuts.number is None else cuts.horizon + (cuts.number - 1) * cuts.step
        native, found = await hindcasts(self, request, context, cuts, levels, reserved, request.hist_exog)
        begins = [unsettled(one) if request.full_history else 0 for one in found]
        own = [one.found.numbers[0].reshape(-1, 1 + len(levels)) for one in found]
        rows = np.concatenate([part[begin:] for part, begin in zip(own, begins, strict=True)])
        places = [part[begin:] for part, begin in zip(positions(native, found), begins, strict=True)]
        answer = {
            "mean": np.ascontiguousarray(rows[:, 0]),
            "sizes": [len(own) for own in places],
            "idxs": np.concatenate(places),
            "intervals": intervals_of(request.level, levels, rows[:, 1:]),
        }
        beyond = wider_than_calibrated(request.level, model)
        warned = [(*one.series.warnings, *beyond) for one in found]
        return self.document(request, model, native, warned, answer)


class FittedValuesTask(CrossValidationTask):
    """``/v2/historic_forecast`` of earlier SDKs: every value past the first season, one step ahead."""

    async def run(self, request: NixtlaCrossValidation, context: TaskContext) -> dict[str, Any]:
        """See ``Task.run``."""
        request.full_history = True
        return await super().run(request, context)


def _cuts(request: NixtlaCrossValidation, model: Model) -> Cuts:
    if request.h is None:
        raise_faults([Fault(("h",), "expected a whole number from 1, got nothing")])
    horizon = horizon_of(request.h, model, "h")
    return Cuts(request.n_windows, request.step_size or horizon, horizon)


async def hindcasts(
    task: Task[Any],
    request: TaskRequest,
    context: TaskContext,
    cuts: Cuts,
    levels: tuple[float, ...],
    reserved: int,
    past: Sequence[int] | None,
) -> tuple[NativeSeries, Hindcasts]:
    """Forecast series at cut-offs, all or none.

    Parameters
    ----------
    task : Task
        What is done.
    request : TaskRequest
        What was read.
    context : TaskContext
        Who wants it.
    cuts : Cuts
        Where they are forecast.
    levels : tuple of float
        Quantile levels Q.
    reserved : int
        See ``validate``.
    past : sequence of int or None
        See ``native_series``.

    Returns
    -------
    NativeSeries
        The series.
    list of Hindcast
        One per series, inside of its bounds.

    Raises
    ------
    ServiceError
        If one failed, or it is too much.
    """
    model = task.model(request, context)
    _check_work(request.series.sizes, cuts, len(levels), context.settings)
    native, inputs = await task.inputs(request, model, context, reserved=reserved, past=past)

    def collect(series: Sequence[PreparedSeries]) -> Forecasts:
        return Forecasts(series, levels)

    found = whole(await context.backtests.run(model, inputs, cuts, collect, context.deadline))
    for one in found:
        keep_inside_of_bounds(one)
    return native, found


def unsettled(one: Hindcast[Any]) -> int:
    """Give how many of the forecasts of every value are left out: those made from less than a season, up to half.

    Little is known by then, so that intervals say nothing and every other value would be an outlier.

    Parameters
    ----------
    one : Hindcast
        Of one series at every value.
    """
    return min(max(one.series.model.config.season, 2) - 1, len(one.series.read) // 2)


def positions(native: NativeSeries, found: Hindcasts) -> list[Any]:
    """Give the place in the flat series of every forecast of each series, ``[N * F]``.

    Parameters
    ----------
    native : NativeSeries
        The series.
    found : list of Hindcast
        What came of them; those begin with their first observed value.
    """
    places, begin = [], 0
    for size, one in zip(native.sizes, found, strict=True):
        unread = begin + size - one.series.values.shape[1]
        ahead = np.arange(one.series.cutoffs.horizon)
        places.append((unread + one.series.read[:, None] + ahead).ravel())
        begin += size
    return places


def _check_work(sizes: Sequence[int], cuts: Cuts, levels: int, settings: Settings) -> None:
    """Refuse what would hold too many numbers, before anything is computed."""
    windows = sum(sizes) if cuts.number is None else len(sizes) * cuts.number
    values, most = windows * cuts.horizon * (levels + 1), settings.max_reply_values
    if values > most:
        raise TooLarge(
            f"n_windows: expected windows times h times quantile levels of at most {most} "
            f"(STATECAST_MAX_REPLY_VALUES), got {windows} times {cuts.horizon} times {levels + 1}; raise "
            "num_partitions, or request fewer windows"
        )
