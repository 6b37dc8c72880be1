"""Text in the native shape: one object, or events ``start``, ``step``, ``done`` and ``error``."""

import asyncio
from typing import Any

from service.codecs.if_match import check_single
from service.http.problems import problem
from service.http.sse import Events, NumberedEvents, send_events, unless_left
from service.models.model import Model
from service.protocols.generate.schemas import TextRequest
from service.protocols.generate.text_response import TextResponse
from service.protocols.json_endpoint import Exchange
from service.receipts import receipt_key
from service.serving.text import TextService, TextStream
from service.text.parameters import TextParameters


async def begin_text(
    texts: TextService,
    model: Model,
    parameters: TextParameters,
    prompt: str,
    exchange: Exchange,
    session: str | None = None,
) -> TextStream:
    """Begin a text; a client that leaves from now on cancels it.

    Parameters
    ----------
    texts : TextService
        Writes them.
    model : Model
        One that writes text.
    parameters : TextParameters
        How they are to be written.
    prompt : str
        What is continued.
    exchange : Exchange
        The way back to the client.
    session : str, optional
        Session to open or to go on with.

    Returns
    -------
    TextStream
        Where the chunks come from.

    Raises
    ------
    ServiceError, ClientDisconnect
        If it is refused, or the client left while an earlier request of its session was at work.
    """
    receipt = receipt_key(exchange.idempotency_key, 0)
    work = asyncio.ensure_future(
        texts.begin(model, parameters, prompt, exchange.owner, session, exchange.match, receipt)
    )
    stream = await unless_left(work, exchange.left)

    def leave(_: object) -> None:
        stream.leave()
        stream.updates.leave()

    exchange.left.add_done_callback(leave)
    return stream


async def answer_text(
    texts: TextService, model: Model, request: TextRequest, exchange: Exchange
) -> dict[str, Any] | None:
    """Answer a request for text.

    Parameters
    ----------
    texts : TextService
        Writes them.
    model : Model
        One that writes text.
    request : TextRequest
        What the client sent.
    exchange : Exchange
        The way back to the client.

    Returns
    -------
    dict or None
        The whole answer; None once it was streamed.

    Raises
    ------
    ServiceError, ClientDisconnect
        If it failed, or the client left.
    """
    check_single(exchange.match, [request.session], "text")
    stream = await begin_text(texts, model, request, request.prompt, exchange, request.session)
    response = TextResponse(model, stream, request.n)
    try:
        if not request.stream:
            await response.read_to_end()
            return response.whole()
        made = NumberedEvents()
        await send_events(
            exchange.send,
            _events(response, made),
            lambda error: made("error", problem(error, exchange.request_id)),
            exchange.left,
        )
        return None
    finally:
        stream.leave()


async def _events(response: TextResponse, made: NumberedEvents) -> Events:
    yield [made("start", response.head())]
    async for chunks in response.chunks():
        steps = [made("step", {"index": chunk.choice, "text": chunk.text}) for chunk in chunks if chunk.text]
        yield steps if response.end is None else [*steps, made("done", response.whole())]
