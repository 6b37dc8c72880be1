"""``POST /v1/completions``: text in the shape of the OpenAI API."""

import time
from typing import Any

from service.deadline import Deadline
from service.http.sse import Events, data_only, send_events
from service.protocols.container import Services
from service.protocols.generate.text import begin_text
from service.protocols.generate.text_response import TextResponse
from service.protocols.json_endpoint import Exchange, JsonEndpoint
from service.protocols.openai.errors import openai_error
from service.protocols.openai.schemas import CompletionRequest, decode_completion

_DONE = b"data: [DONE]\n\n"


class Completions(JsonEndpoint[CompletionRequest]):
    """The endpoint."""

    def decode(self, body: bytes, deadline: Deadline) -> CompletionRequest:  # noqa: ARG002
        """Read a body; see ``JsonEndpoint.decode``."""
        return decode_completion(body)

    async def answer(self, request: CompletionRequest, services: Services, exchange: Exchange) -> dict[str, Any] | None:
        """Give a completion; see ``JsonEndpoint.answer``."""
        model = services.catalogue.resolve(request.model, "generator")
        stream = await begin_text(services.texts, model, request, request.prompt, exchange)
        response = TextResponse(model, stream, request.n)
        head = {
            "id": f"cmpl-{response.id.removeprefix('gen_')}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": request.model or str(model),
            "system_fingerprint": model.digest,
        }
        try:
            if request.stream:
                events = _events(response, head, request.stream_options.include_usage)
                await send_events(exchange.send, events, lambda error: data_only(openai_error(error)), exchange.left)
                return None
            await response.read_to_end()
        finally:
            stream.leave()
        choices = [_choice(index, response.text(index), finish) for index, finish in enumerate(response.finish)]
        return head | {"choices": choices, "usage": response.usage, "seed": stream.seed}


async def _events(response: TextResponse, head: dict[str, Any], usage: bool) -> Events:
    # Once usage is wanted, every chunk before the last says that it has none.
    rest: dict[str, Any] = {"usage": None} if usage else {}
    async for chunks in response.chunks():
        choices = [_choice(chunk.choice, chunk.text, chunk.finish_reason) for chunk in chunks]
        if choices or response.end is None:
            yield [data_only(head | {"choices": [choice]} | rest) for choice in choices]
    if response.end is not None:
        last = [data_only(head | {"choices": [], "usage": response.usage})] if usage else []
        yield [*last, _DONE]


def _choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}
