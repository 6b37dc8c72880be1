"""``/v2/simulate``: paths drawn as ``POST /generate`` draws them."""

from typing import Any

import numpy as np

from service.codecs.schema import Schema
from service.errors import Unprocessable
from service.models.value_bounds import keep_inside
from service.models.work_limits import horizon_of
from service.protocols.forecast.series import SeriesRequest
from service.protocols.generate.paths import check_work
from service.protocols.generate.schemas import PathsRequest
from service.protocols.nixtla.forecast import NOTHING
from service.protocols.nixtla.requests import NixtlaSimulation
from service.protocols.nixtla.task import Task, TaskContext, whole
from service.serving.answer_numbers import ends_of, noted
from service.serving.text import new_seed


class SimulationTask(Task[NixtlaSimulation]):
    """Paths of each series after its history, each series by itself."""

    shape = Schema(NixtlaSimulation, lambda: NixtlaSimulation(series=NOTHING, h=1))

    async def run(self, request: NixtlaSimulation, context: TaskContext) -> dict[str, Any]:
        """See ``Task.run``."""
        model, scenarios = self.model(request, context), context.services.scenarios
        horizon = horizon_of(request.h, model, "h")
        count, series = request.n_paths, len(request.series.sizes)
        blank = [SeriesRequest(target={"": np.zeros(0)})] * series
        check_work(PathsRequest(series=blank, num_samples=count), horizon, context.settings)
        native, inputs = await self.inputs(request, model, context, horizon)
        answers = whole(await scenarios.forecast_many(model, inputs))
        seed = new_seed() if request.seed is None else request.seed
        samples = await scenarios.draw(model, answers, horizon, count, seed, 1.0, context.deadline.at)
        if not np.isfinite(samples).all():
            raise Unprocessable(
                "series.y: expected values from which paths can be drawn, got some that are not finite; rescale values "
                "near the limit of float32",
                code="not_forecastable",
            )
        samples, outside = keep_inside(samples, *ends_of(answers))
        answer = {"mean": np.zeros(0), "samples": samples.transpose(1, 0, 2).ravel()}
        found = self.document(request, model, native, [one.warnings for one in noted(answers, outside)], answer)
        del found["mean"]
        return found | {"sizes": [horizon] * series, "n_paths": count, "h": horizon, "coupled": False, "seed": seed}
