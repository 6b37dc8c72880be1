"""The protocol ``sagemaker``: the contract of a container, and the runtime's path for ``boto3``."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter

from service.errors import ServiceError
from service.http.body import ARROW, CSV, JSON
from service.http.path_table import Failure
from service.http.problems import failure_headers
from service.protocols.container import Container
from service.protocols.forecast.schemas import ForecastReply, ForecastRequest
from service.protocols.openapi import reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint
from service.protocols.sagemaker import health
from service.protocols.sagemaker.endpoint import Invocations
from service.protocols.sagemaker.errors import ERROR_TYPE, ModelError, error_type, model_error
from service.protocols.sagemaker.invocation import LINES
from service.protocols.sagemaker.schemas import ChronosBody, DeepArBody, Predictions

_FAILURES = (400, 404, 409, 410, 413, 415, 422, 429, 503, 504)
_TABLE = {"type": "string", "description": "Long table, as of POST /forecast."}
_LINES = {"type": "string", "description": "One instance of DeepAR a line; one prediction a line in the answer."}
_HEADERS = (
    ("X-Amzn-SageMaker-Session-Id", "NEW_SESSION opens a session, an id goes on with one."),
    ("X-Amzn-SageMaker-Target-Model", "The model; left out, the one that the endpoint is named like, or the default."),
    ("X-Amzn-SageMaker-Custom-Attributes", "What the query string of POST /forecast can say, such as horizon=24."),
)


def _operation(name: str, summary: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    headers = [
        {"name": header, "in": "header", "required": False, "schema": {"type": "string"}, "description": words}
        for header, words in _HEADERS
    ]
    tables = {CSV: {"schema": _TABLE}, ARROW: {"schema": _TABLE | {"format": "binary"}}, LINES: {"schema": _LINES}}
    bodies = reference("ForecastRequest", "ChronosBody", "DeepArBody")
    return {
        "tags": ["sagemaker"],
        "summary": summary,
        "description": "Takes the bodies of Chronos (inputs), of DeepAR (instances) and of POST /forecast (series).",
        "operationId": name,
        "parameters": [*parameters, *headers],
        "requestBody": {"required": True, "content": {JSON: {"schema": bodies}, **tables}},
        "responses": {
            "200": {
                "description": "Predictions, or what POST /forecast answers.",
                "content": {JSON: {"schema": reference("Predictions", "ForecastReply")}, **tables},
            }
        },
    }


_NAME = {
    "name": "name", "in": "path", "required": True, "schema": {"type": "string"},
    "description": "A model, or anything else for the default one.",
}  # fmt: skip
_PATHS = (
    ("/invocations", _operation("invocations", "Forecast, as a container of SageMaker")),
    (
        "/endpoints/{name}/invocations",
        _operation("invoke_endpoint", "Forecast, as an endpoint of SageMaker's runtime", _NAME),
    ),
)


@PROTOCOLS.register("sagemaker")
class SagemakerProtocol(ClientProtocol):
    """Forecasts for clients of SageMaker."""

    open_paths = frozenset(("/ping",))
    prefixes = ("/endpoints/",)
    failure_schema = ModelError
    failure_type = JSON

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._invocations = Invocations(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give both paths of invocations."""
        requests, replies = (ForecastRequest, ChronosBody, DeepArBody), (ForecastReply, Predictions)
        return [
            Endpoint(path, self._invocations, operation, _FAILURES, requests, replies) for path, operation in _PATHS
        ]

    def routers(self) -> Sequence[APIRouter]:
        """Give what SageMaker asks a container."""
        return (health.router,)

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        """Give a failure SageMaker's shape; see ``ClientProtocol.failure``."""
        headers = [*failure_headers(error, JSON), (ERROR_TYPE, error_type(error.status))]
        return Failure(error.status, headers, orjson.dumps(model_error(error, request_id)))
