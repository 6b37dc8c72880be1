"""The protocol ``openai``: what clients of the OpenAI API speak."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter

from service.errors import ServiceError
from service.http.body import JSON
from service.http.path_table import Failure
from service.http.problems import failure_headers
from service.protocols.container import Container
from service.protocols.openai import models
from service.protocols.openai.completions import Completions
from service.protocols.openai.errors import openai_error, openai_status
from service.protocols.openai.schemas import Completion, CompletionRequest, OpenaiError
from service.protocols.openapi import event_schema, reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_OPERATION: dict[str, Any] = {
    "tags": ["openai"],
    "summary": "Write text, in the shape of the OpenAI API",
    "description": (
        "Fields that this server does not support are refused, unless their value changes nothing. A wrong request is "
        "400 here, with that API's shape of an error."
    ),
    "operationId": "completions",
    "requestBody": {"required": True, "content": {JSON: {"schema": reference("CompletionRequest")}}},
    "responses": {
        "200": {
            "description": "Texts; with stream, chunks.",
            "content": {
                JSON: {"schema": reference("Completion")},
                "text/event-stream": {
                    "schema": event_schema(["message"], "A chunk of the answer, in JSON; the last one is [DONE].")
                },
            },
        }
    },
}


@PROTOCOLS.register("openai")
class OpenaiProtocol(ClientProtocol):
    """Completions and models."""

    prefixes = ("/v1/",)
    failure_schema = OpenaiError
    failure_type = JSON

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._completions = Completions(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /v1/completions``."""
        statuses = (400, 404, 413, 415, 429, 503)
        requests, replies = (CompletionRequest,), (Completion,)
        return (Endpoint("/v1/completions", self._completions, _OPERATION, statuses, requests, replies),)

    def routers(self) -> Sequence[APIRouter]:
        """Give ``/v1/models``."""
        return (models.router,)

    def status(self, status: int) -> int:
        """Make a wrong request 400; see ``ClientProtocol.status``."""
        return openai_status(status)

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        """Give a failure that API's shape; see ``ClientProtocol.failure``."""
        del request_id  # that API gives it in the headers alone
        body = orjson.dumps(openai_error(error))
        return Failure(self.status(error.status), failure_headers(error, self.failure_type), body)
