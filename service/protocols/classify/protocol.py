"""The protocol ``classify``: ``POST /classify``."""

from collections.abc import Sequence
from typing import Any

from service.http.body import JSON
from service.protocols.classify.routes import Classify
from service.protocols.classify.schemas import ClassifyReply, ClassifyRequest
from service.protocols.container import Container
from service.protocols.openapi import IF_MATCH, reference
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_OPERATION: dict[str, Any] = {
    "tags": ["classify"],
    "summary": "Classify texts or series",
    "description": (
        "Inputs of one model, read together; what is said of one does not depend on the others, and one that fails "
        "carries its error while the others answer. A session keeps the state of a text or a series: each request "
        "brings what is new, and is answered with the probabilities after all that was read."
    ),
    "operationId": "classify",
    "parameters": [IF_MATCH],
    "requestBody": {"required": True, "content": {JSON: {"schema": reference("ClassifyRequest")}}},
    "responses": {
        "200": {
            "description": "One result per input, in the request's order.",
            "content": {JSON: {"schema": reference("ClassifyReply")}},
        }
    },
}


@PROTOCOLS.register("classify")
class ClassifyProtocol(ClientProtocol):
    """Classes of texts and of series."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._classify = Classify(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give ``POST /classify``."""
        statuses = (400, 404, 409, 410, 412, 413, 415, 422, 429, 503, 504)
        return (Endpoint("/classify", self._classify, _OPERATION, statuses, (ClassifyRequest,), (ClassifyReply,)),)
