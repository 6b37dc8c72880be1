"""The protocol ``nixtla``: what clients of nixtla's SDK 0.9 speak."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter

from service.errors import ServiceError
from service.http.body import JSON
from service.http.path_table import Failure
from service.http.problems import failure_headers, problem
from service.protocols.container import Container
from service.protocols.nixtla import account, finetuning, replies, requests
from service.protocols.nixtla.anomalies import AnomaliesTask, OnlineAnomaliesTask
from service.protocols.nixtla.cross_validation import CrossValidationTask, FittedValuesTask
from service.protocols.nixtla.endpoint import TaskEndpoint
from service.protocols.nixtla.forecast import ForecastTask
from service.protocols.nixtla.jobs import job_routes, register_jobs
from service.protocols.nixtla.simulation import SimulationTask
from service.protocols.nixtla.task import Task
from service.protocols.openapi import reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_FAILURES = (400, 404, 413, 415, 422, 429, 503, 504)
_TASKS: dict[str, tuple[Task[Any], type, type, str]] = {
    "forecast": (
        ForecastTask(), requests.NixtlaForecast, replies.NixtlaForecastReply, "Forecast flat series",
    ),
    "cross_validation": (
        CrossValidationTask(), requests.NixtlaCrossValidation, replies.NixtlaCrossValidationReply,
        "Forecast flat series at cut-offs of their past, or at every value",
    ),
    "historic_forecast": (
        FittedValuesTask(), requests.NixtlaCrossValidation, replies.NixtlaCrossValidationReply,
        "Forecast every value of flat series past the first season, as earlier SDKs request it",
    ),
    "anomaly_detection": (
        AnomaliesTask(), requests.NixtlaAnomalies, replies.NixtlaAnomaliesReply, "Find outliers in flat series",
    ),
    "online_anomaly_detection": (
        OnlineAnomaliesTask(), requests.NixtlaOnlineAnomalies, replies.NixtlaOnlineAnomaliesReply,
        "Find outliers at the end of flat series",
    ),
}  # fmt: skip
_JOBS: dict[str, Task[Any]] = {
    "forecast": ForecastTask(),
    "cross_validation": CrossValidationTask(),
    "anomaly_detection": OnlineAnomaliesTask(),  # the SDK sends that one here
    "online_anomaly_detection": OnlineAnomaliesTask(),
    "simulate": SimulationTask(),
}


@PROTOCOLS.register("nixtla")
class NixtlaProtocol(ClientProtocol):
    """Tasks of nixtla's SDK, done at once or as jobs."""

    prefixes = tuple(f"/v2/{name}" for name in (*_TASKS, "simulate", "finetune", "explain", "execute_step"))
    failure_schema = replies.NixtlaFailure
    failure_type = JSON

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        register_jobs(container, _JOBS)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give the tasks that are done while the client waits."""
        tasks = _TASKS | {"finetune": (
            finetuning.FinetuneTask(self.container), requests.NixtlaFinetune, replies.NixtlaFinetuneReply,
            "Tune the default model on flat series",
        )}  # fmt: skip
        return [
            Endpoint(
                f"/v2/{name}", TaskEndpoint(self.container, task), _operation(name, body, reply, summary), _FAILURES,
                (body,), (reply,),
            )
            for name, (task, body, reply, summary) in tasks.items()
        ]  # fmt: skip

    def routers(self) -> Sequence[APIRouter]:
        """Give keys, models and jobs."""
        return (account.router, finetuning.router, job_routes(_JOBS))

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        """Give a failure as plain JSON, of which the SDK shows ``detail``; see ``ClientProtocol.failure``."""
        body = orjson.dumps(problem(error, request_id))
        return Failure(error.status, failure_headers(error, self.failure_type), body)


def _operation(name: str, body: type, reply: type, summary: str) -> dict[str, Any]:
    return {
        "tags": ["nixtla"],
        "summary": summary,
        "description": "As nixtla's SDK requests it. A series that fails fails the request; warnings say what of a "
        "request changed nothing, such as exogenous columns that the model does not take.",
        "operationId": f"nixtla_{name}",
        "requestBody": {"required": True, "content": {JSON: {"schema": reference(body.__name__)}}},
        "responses": {"200": {"description": "Numbers of all series.", "content": {JSON: {
            "schema": reference(reply.__name__)}}}},
    }  # fmt: skip
