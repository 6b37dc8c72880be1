"""``/v2/forecast``: forecasts of flat series, by what ``POST /forecast`` is answered by."""

from typing import Any

import numpy as np

from service.codecs.schema import Schema
from service.models.work_limits import check_reply, horizon_of
from service.protocols.nixtla.intervals import intervals_of, quantile_levels, wider_than_calibrated
from service.protocols.nixtla.requests import FlatSeries, NixtlaForecast
from service.protocols.nixtla.task import Task, TaskContext, whole
from service.serving.answer_numbers import numbers_of

NOTHING = FlatSeries(y=np.zeros(0), sizes=[])
"""Stands for series that could not be read, beside what else is wrong."""


class ForecastTask(Task[NixtlaForecast]):
    """Forecasts after each history."""

    shape = Schema(NixtlaForecast, lambda: NixtlaForecast(series=NOTHING, h=1))

    async def run(self, request: NixtlaForecast, context: TaskContext) -> dict[str, Any]:
        """See ``Task.run``."""
        model, settings = self.model(request, context), context.settings
        horizon = horizon_of(request.h, model, "h")
        levels = quantile_levels(request.level, model, settings)
        check_reply(len(request.series.sizes), horizon, levels, settings)
        native, inputs = await self.inputs(request, model, context, horizon)
        answers = whole(await context.services.forecasts.forecast_many(model, inputs, context.queue))
        numbers, answers = numbers_of(answers, horizon, model, levels)
        rows = numbers.reshape(-1, 1 + len(levels))
        beyond = wider_than_calibrated(request.level, model)
        warned = [(*answer.warnings, *beyond) for answer in answers]
        found = {
            "mean": np.ascontiguousarray(rows[:, 0]),
            "intervals": intervals_of(request.level, levels, rows[:, 1:]),
        }
        return self.document(request, model, native, warned, found)
