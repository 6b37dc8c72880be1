"""The protocol ``prometheus``: samples in by remote write, forecasts out as gauges."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from service.errors import ServiceError
from service.http.path_table import Failure
from service.http.problems import problem_failure
from service.protocols.container import Container
from service.protocols.prometheus import gauges
from service.protocols.prometheus.remote_write import RemoteWrite
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_OPERATION: dict[str, Any] = {
    "tags": ["prometheus"],
    "summary": "Take samples by Prometheus' remote write 1.0",
    "description": "Each series is a session, named by its metric and labels. A time counts for the step of the freq "
    "in which it lies, and a step takes the first value that comes for it. What this server exposes itself is ignored.",
    "operationId": "remote_write",
    "parameters": [
        {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in (
            ("freq", "Of the sessions; left out, STATECAST_WRITE_FREQ."),
            ("model", "Where it names a loaded model, that one forecasts; else the default model."),
        )
    ],
    "requestBody": {
        "required": True,
        "content": {"application/x-protobuf": {"schema": {"type": "string", "format": "binary"}}},
    },
    "responses": {"204": {"description": "All is kept; the header Statecast-Warnings says what was left out."}},
}


@PROTOCOLS.register("prometheus")
class PrometheusProtocol(ClientProtocol):
    """Samples in, gauges out."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._write = RemoteWrite(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /api/v1/write``."""
        return (Endpoint("/api/v1/write", self._write, _OPERATION, (400, 413, 415, 422, 429, 503, 504)),)

    def routers(self) -> Sequence[APIRouter]:
        """Give ``GET /metrics/forecasts``."""
        return (gauges.router,)

    def status(self, status: int) -> int:
        """Make a wrong request 400, whose batch Prometheus drops; see ``ClientProtocol.status``."""
        return 400 if status == 422 else status

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        """Give a failure that status; see ``ClientProtocol.failure``."""
        return problem_failure(error, request_id)._replace(status=self.status(error.status))
