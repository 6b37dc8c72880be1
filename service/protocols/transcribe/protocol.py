"""The protocol ``transcribe``: ``POST /transcribe``."""

from collections.abc import Sequence
from typing import Any

from service.http.body import JSON
from service.protocols.container import Container
from service.protocols.openapi import IF_MATCH, query_parameters, reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint
from service.protocols.transcribe.routes import WAV, Transcribe
from service.protocols.transcribe.schemas import QUERY, TranscribeReply, TranscribeRequest

_OPERATION: dict[str, Any] = {
    "tags": ["transcribe"],
    "summary": "Write down what a recording says",
    "description": (
        "A recording as a wav file, mono, PCM of 16 bits, at 8 or 16 kHz, with parameters in the query string; or the "
        "same in base64 within JSON. A session takes a recording in chunks, each a wav file of its own, and is "
        "answered with the text so far; with final, as of the end."
    ),
    "operationId": "transcribe",
    "requestBody": {
        "required": True,
        "content": {
            WAV[0]: {"schema": {"type": "string", "format": "binary"}},
            JSON: {"schema": reference("TranscribeRequest")},
        },
    },
    "parameters": [*query_parameters(QUERY), IF_MATCH],
    "responses": {
        "200": {
            "description": "The text, its words with times.",
            "content": {JSON: {"schema": reference("TranscribeReply")}},
        }
    },
}


@PROTOCOLS.register("transcribe")
class TranscribeProtocol(ClientProtocol):
    """Recordings to text."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._transcribe = Transcribe(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /transcribe``."""
        statuses = (400, 404, 409, 410, 412, 413, 415, 422, 429, 503, 504)
        requests, replies = (TranscribeRequest,), (TranscribeReply,)
        return (Endpoint("/transcribe", self._transcribe, _OPERATION, statuses, requests, replies),)
