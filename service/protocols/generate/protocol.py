"""The protocol ``generate``: ``POST /generate``."""

from collections.abc import Sequence
from typing import Any

from service.http.body import JSON
from service.protocols.container import Container
from service.protocols.generate.routes import Generate
from service.protocols.generate.schemas import PathsReply, PathsRequest, TextReply, TextRequest
from service.protocols.openapi import IF_MATCH, event_schema, reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_STREAM = event_schema(
    ["start", "step", "done", "error"],
    "An event; data is JSON. A comment after 15 s of silence keeps the connection open.",
    "event",
    "id",
)
_OPERATION: dict[str, Any] = {
    "tags": ["generate"],
    "summary": "Write text, or draw scenario paths of series",
    "description": (
        "With a prompt, text: the same seed, model and prompt give the same text, alone or beside others, streamed "
        "or whole, in one request or over a session in several. A session keeps what it has read and written; the "
        "next prompt holds only new text, or nothing. With series, paths: they go on from the history, or from a "
        "session and what the request adds to it, and never change the session."
    ),
    "operationId": "generate",
    "parameters": [IF_MATCH],
    "requestBody": {"required": True, "content": {JSON: {"schema": reference("TextRequest", "PathsRequest")}}},
    "responses": {
        "200": {
            "description": "Texts or paths; with stream, events.",
            "content": {
                JSON: {"schema": reference("TextReply", "PathsReply")},
                "text/event-stream": {"schema": _STREAM},
            },
        }
    },
}


@PROTOCOLS.register("generate")
class GenerateProtocol(ClientProtocol):
    """Samples: text, or scenario paths of series."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._generate = Generate(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /generate``."""
        statuses = (400, 404, 409, 410, 412, 413, 415, 422, 429, 503, 504)
        requests, replies = (TextRequest, PathsRequest), (TextReply, PathsReply)
        return (Endpoint("/generate", self._generate, _OPERATION, statuses, requests, replies),)
