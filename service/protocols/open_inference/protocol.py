"""The protocol ``open_inference``: what clients of Triton and KServe speak."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.routing import Route

from service.errors import ServiceError
from service.http.body import JSON
from service.http.path_table import Failure
from service.http.problems import failure_headers
from service.protocols.container import Container
from service.protocols.open_inference import repository
from service.protocols.open_inference.inference.answering import Inference
from service.protocols.open_inference.inference.errors import failure_text
from service.protocols.open_inference.routes import OCTETS, Infer
from service.protocols.open_inference.schemas import InferAnswer, InferBody, OpenInferenceError
from service.protocols.openapi import reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_OCTETS = {"schema": {"type": "string", "format": "binary"}}
_FAILURES = (400, 404, 409, 410, 413, 415, 422, 429, 503, 504)

_OPERATION: dict[str, Any] = {
    "tags": ["open inference"],
    "summary": "Forecast the rows of a tensor",
    "description": (
        "Open Inference Protocol v2, with Triton's extensions for binary tensors (header "
        "Inference-Header-Content-Length) and sequences. GET /v2/models/{model} lists the tensors."
    ),
    "operationId": "infer",
    "parameters": [{"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}],
    "requestBody": {"required": True, "content": {JSON: {"schema": reference("InferBody")}, OCTETS: _OCTETS}},
    "responses": {
        "200": {
            "description": "The tensors that were wanted.",
            "content": {JSON: {"schema": reference("InferAnswer")}, OCTETS: _OCTETS},
        }
    },
}


@PROTOCOLS.register("open_inference")
class OpenInferenceProtocol(ClientProtocol):
    """Inference on named tensors, over HTTP, and over gRPC where ``STATECAST_GRPC_PORT`` is set."""

    open_paths = frozenset({repository.LIVE, repository.READY})
    prefixes = tuple(
        f"/v2/{part}"
        for part in (
            "models/",
            "health/",
            "repository/",
            "systemsharedmemory/",
            "cudasharedmemory/",
            "trace/",
            "logging",
        )
    )
    failure_schema = OpenInferenceError
    failure_type = JSON

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._inference = Inference(container)
        self._infer = Infer(container, self._inference)
        if container.settings.grpc_port is not None and find_spec("grpc") is None:
            raise ValueError(
                "STATECAST_GRPC_PORT: expected the package grpcio, which serves that port, found none; pip install "
                "'statecast[grpc]', or leave the port unset"
            )

    def endpoints(self) -> Sequence[Endpoint]:
        """Give what infers."""
        requests, replies = (InferBody,), (InferAnswer,)
        return (Endpoint(f"{repository.MODEL}/infer", self._infer, _OPERATION, _FAILURES, requests, replies),)

    def routers(self) -> Sequence[APIRouter]:
        """Give what is said of the server and its models, and what is refused."""
        of_version = APIRouter()
        path = f"{repository.VERSION}/infer"
        of_version.routes.append(Route(path, self._infer, methods=["POST"], include_in_schema=False))
        return (
            of_version, repository.health(), repository.models(self._inference.statistics), repository.refused(),
        )  # fmt: skip

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        """Give a failure this protocol's shape; see ``ClientProtocol.failure``."""
        del request_id  # the headers have it
        body = orjson.dumps({"error": failure_text(error)})
        return Failure(error.status, failure_headers(error, self.failure_type), body)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve gRPC beside HTTP; see ``ClientProtocol.running``."""
        if self.container.settings.grpc_port is None:
            yield
            return
        from service.protocols.open_inference.rpc.server import serving

        async with serving(self.container, self._inference):
            yield
