"""Text as the native shape tells it: one object, or events ``start``, ``step``, ``done`` and ``error``."""

import asyncio
import logging
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Send

from service.codecs.text_request import TextGeneration
from service.errors import ServiceError
from service.http.problems import problem
from service.http.sse import GATHER_S, HEARTBEAT_S, STOPPED, Events, event, unless_left
from service.protocols.generate.text_response import TextResponse
from service.serving.catalog import Model
from service.serving.text import TextService, TextStream

_log = logging.getLogger(__name__)
Watch = asyncio.Future[None]


async def begin_text(
    generating: TextService, model: Model, asked: TextGeneration, owner: str, watch: Watch
) -> TextStream:
    """Take a request on; a client that leaves from now on gives it up.

    Raises
    ------
    ServiceError, ClientDisconnect
        If it is refused, or the client left while an earlier request of its session was at work.
    """
    work = asyncio.ensure_future(generating.begin(model, asked, owner))
    if not await unless_left(work, watch):
        raise ClientDisconnect
    stream = work.result()

    def leave(_: Watch) -> None:
        stream.leave()
        stream.updates.leave()

    watch.add_done_callback(leave)
    return stream


async def read_to_end(stream: TextStream, response: TextResponse) -> None:
    """Take all updates in.

    Raises
    ------
    ServiceError, ClientDisconnect
        If it failed, or the client left.
    """
    while response.end is None:
        for update in await stream.updates.take():
            response.add(update)
        if stream.updates.left and response.end is None:
            raise ClientDisconnect


async def answer_text(
    generating: TextService, model: Model, asked: TextGeneration, owner: str, identity: str, watch: Watch, send: Send
) -> dict[str, Any] | None:
    """Answer a request for text; None once it was streamed."""
    stream = await begin_text(generating, model, asked, owner, watch)
    response = TextResponse(model, stream, asked.n)
    try:
        if asked.stream:
            await _stream(stream, response, identity, Events(send))
            return None
        await read_to_end(stream, response)
        return response.whole()
    finally:
        stream.leave()


async def _stream(stream: TextStream, response: TextResponse, identity: str, events: Events) -> None:
    number = 0
    await events.open()
    await events.put([event("start", number, response.head())])
    try:
        while response.end is None:
            out = []
            failed: ServiceError | None = None
            for update in await stream.updates.take(HEARTBEAT_S, GATHER_S):
                try:
                    chunk = response.add(update)
                except ServiceError as error:
                    failed = error
                    break
                if chunk is not None and chunk.text:
                    number += 1
                    out.append(event("step", number, {"index": chunk.choice, "text": chunk.text}))
            if stream.updates.left:
                return
            if response.end is not None:
                out.append(event("done", number + 1, response.whole()))
            if failed is not None:
                out.append(event("error", number + 1, problem(failed, identity)))
            await events.put(out)
            if failed is not None:
                break
    except asyncio.CancelledError:
        await events.put([event("error", number + 1, problem(STOPPED, identity))])
        raise
    except Exception:  # the status is sent: silence would look like a text that ended
        _log.exception("request %s failed while it was streamed", identity)
        defect = ServiceError("this is a defect of the server; its log has the request_id")
        await events.put([event("error", number + 1, problem(defect, identity))])
    await events.close()
