"""``/v1/completions`` and ``/v1/models``: the text models in the OpenAI shape, its errors included."""

import asyncio
import logging
import time
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.errors import ServiceError
from service.http.compression import decompress
from service.http.middleware import send_failure
from service.http.problems import openai_error
from service.http.sse import GATHER_S, HEARTBEAT_S, STOPPED, Events, data_only, left
from service.protocols.container import container_of
from service.protocols.generate import schemas as generate_schemas
from service.protocols.generate.routes import Generate, read_json, send_whole
from service.protocols.generate.text import Watch, begin_text, read_to_end
from service.protocols.generate.text_response import TextResponse
from service.protocols.openai.json_body import CompletionAsked, decode_completion
from service.protocols.openapi import problems
from service.serving.catalog import Catalog, Model
from service.serving.text import TextStream

_log = logging.getLogger(__name__)
router = APIRouter(tags=["openai"])
_DONE = b"data: [DONE]\n\n"


class Completions:
    """The endpoint; what it needs it shares with ``Generate``."""

    def __init__(self, parts: Generate) -> None:
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves drops its work."""
        headers = dict(scope["headers"])
        watch: Watch | None = None
        try:
            settings = self._parts.settings
            body, encoding = await read_json(headers, receive, settings)
            catalogue, generating, _ = self._parts.require()
            asked = decode_completion(decompress(body, encoding, settings.max_body_bytes))
            model = catalogue.resolve(asked.text.model, "generator")
            watch = asyncio.ensure_future(left(receive))
            stream = await begin_text(generating, model, asked.text, scope["state"]["owner"], watch)
            told = await self._answer(model, asked, stream, Events(send))
        except ClientDisconnect:
            return
        except ServiceError as error:
            self._parts.metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        finally:
            if watch is not None:
                watch.cancel()
        if told is not None:
            await send_whole(told, headers, send)

    async def _answer(
        self, model: Model, asked: CompletionAsked, stream: TextStream, events: Events
    ) -> dict[str, Any] | None:
        response = TextResponse(model, stream, asked.text.n)
        head = {
            "id": f"cmpl-{response.id.removeprefix('gen_')}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": asked.text.model or str(model),
            "system_fingerprint": model.digest,
        }
        try:
            if asked.text.stream:
                await _stream(stream, response, head, asked.usage, events)
                return None
            await read_to_end(stream, response)
        finally:
            stream.leave()
        choices = [_choice(index, response.text(index), finish) for index, finish in enumerate(response.finish)]
        return head | {"choices": choices, "usage": response.usage, "seed": stream.seed}


async def _stream(
    stream: TextStream, response: TextResponse, head: dict[str, Any], usage: bool, events: Events
) -> None:
    blank: dict[str, Any] = {"usage": None} if usage else {}
    await events.open()
    try:
        while response.end is None:
            out = []
            for update in await stream.updates.take(HEARTBEAT_S, GATHER_S):
                chunk = response.add(update)
                if chunk is not None:
                    out.append(
                        data_only(head | {"choices": [_choice(chunk.choice, chunk.text, chunk.finish_reason)]} | blank)
                    )
            if stream.updates.left:
                return
            if out or response.end is None:
                await events.put(out)
        if usage:
            await events.put([data_only(head | {"choices": [], "usage": response.usage})])
        await events.put([_DONE])
    except ServiceError as error:
        await events.put([data_only(openai_error(error))])
    except asyncio.CancelledError:
        await events.put([data_only(openai_error(STOPPED))])
        raise
    except Exception:  # the status is sent: silence would look like a text that ended
        _log.exception("a streamed completion failed")
        await events.put([data_only(openai_error(ServiceError("this is a defect of the server")))])
    await events.close()


def _choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}


@router.get("/v1/models", response_model=generate_schemas.OpenaiModels, responses=problems(503))
async def list_models(request: Request) -> Any:
    """Every model that writes text."""
    catalogue, _ = container_of(request).require()
    told = [_told(model, catalogue) for model in catalogue.models if model.kind == "generator"]
    return {"object": "list", "data": told}


@router.get("/v1/models/{id}", response_model=generate_schemas.OpenaiModel, responses=problems(404, 503))
async def show_model(request: Request, id: str) -> Any:
    """One model that writes text."""
    catalogue, _ = container_of(request).require()
    return _told(catalogue.resolve(id, "generator"), catalogue)


def _told(model: Model, catalogue: Catalog) -> dict[str, Any]:
    """A bare name is the id of the newest version, which it means in requests too."""
    newest = catalogue.resolve(model.name) is model
    return {
        "id": model.name if newest else str(model),
        "object": "model",
        "created": _seconds(model.manifest.get("created")),
        "owned_by": "statecast",
    }


def _seconds(created: object) -> int:
    try:
        return int(datetime.fromisoformat(str(created)).timestamp())
    except ValueError:
        return 0
