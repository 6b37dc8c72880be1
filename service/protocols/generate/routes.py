"""``POST /generate``: text or paths, whole or as server-sent events."""

from typing import Any

from service.deadline import Deadline
from service.protocols.container import Services
from service.protocols.generate.body import decode_generate
from service.protocols.generate.paths import answer_paths
from service.protocols.generate.schemas import PathsRequest, TextRequest
from service.protocols.generate.text import answer_text
from service.protocols.json_endpoint import Exchange, JsonEndpoint


class Generate(JsonEndpoint[TextRequest | PathsRequest]):
    """The endpoint."""

    def decode(self, body: bytes, deadline: Deadline) -> TextRequest | PathsRequest:
        """Read a body, text where it has a prompt, paths where it has series; see ``JsonEndpoint.decode``."""
        return decode_generate(body, self.settings, deadline)

    async def answer(
        self, request: TextRequest | PathsRequest, services: Services, exchange: Exchange
    ) -> dict[str, Any] | bytes | None:
        """Give texts or paths; see ``JsonEndpoint.answer``."""
        if isinstance(request, TextRequest):
            model = services.catalogue.resolve(request.model, "generator")
            return await answer_text(services.texts, model, request, exchange)
        model = services.catalogue.resolve(request.model, "forecaster")
        return await answer_paths(services.scenarios, model, request, self.settings, exchange)
