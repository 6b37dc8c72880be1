"""``Idempotency-Key``: a ``POST`` that comes again under its key is answered as it was, for a day, by any replica."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Expired, Loading, Unprocessable
from service.http.body import read_body
from service.receipts import KEPT_FOR, RequestKey
from service.stores.interface import Answer, Store, StoreError
from service.threads import STORE

LONGEST_ANSWER = 16 * 2**20
"""Bytes; a longer answer is not kept, and the request is done again."""

_LONGEST_KEY = 255
_REPLAYED = (b"idempotent-replayed", b"true")


class KeptAnswers:
    """What requests with a key were answered, and which of them are at work in this process.

    An answer is kept before it is sent, also for a client that has left by then, because it will send again. Only
    success is kept: what failed has changed nothing and may be tried again. ``scope["state"]`` gets a
    ``RequestKey`` as ``idempotency_key``, because a session may be written and the answer not be kept.

    Parameters
    ----------
    store : callable
        Gives the store, None where there is none.
    max_body_bytes : int
        Of a request.
    patience_s : float
        Seconds that a request waits at most for an earlier one with its key.
    """

    def __init__(self, store: Callable[[], Store | None], max_body_bytes: int, patience_s: float) -> None:
        self._store, self._max_body_bytes, self._patience_s = store, max_body_bytes, patience_s
        self._at_work: dict[str, asyncio.Event] = {}

    async def serve(self, app: ASGIApp, key: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that has a key.

        Parameters
        ----------
        app : ASGIApp
            Answers it the first time.
        key : bytes
            As the header has it.
        scope, receive, send
            Of the request, whose owner is known.
        """
        store = self._store()
        if store is None:
            await app(scope, receive, send)
            return
        if not 0 < len(key) <= _LONGEST_KEY:
            raise Unprocessable(
                f"Idempotency-Key: expected 1 to {_LONGEST_KEY} characters, got {len(key)}; use a random UUID",
                code="invalid_idempotency_key",
            )
        try:
            body = await read_body(dict(scope["headers"]), receive, self._max_body_bytes)
        except ClientDisconnect:
            return
        name = hashlib.sha256(scope["state"]["owner"].encode() + b"\0" + key).hexdigest()
        request = _digest(scope, body)
        known = scope["state"]["idempotency_key"] = RequestKey(name)
        await self._enter(name)
        try:
            if not await _replay(store, name, request, send):
                await _first(app, (store, known, request), scope, (body, receive), send)
        finally:
            self._at_work.pop(name).set()

    async def _enter(self, name: str) -> None:
        """Wait until no other request with the key is at work."""
        try:
            async with asyncio.timeout(self._patience_s):
                while (earlier := self._at_work.get(name)) is not None:
                    await earlier.wait()
        except TimeoutError:
            raise Expired(
                "Idempotency-Key: an earlier request with this key is still at work; send it again under the same key "
                "to get its answer"
            ) from None
        self._at_work[name] = asyncio.Event()


class IdempotentApp:
    """ASGI app in front of another one, inside ``RequestMiddleware``.

    Parameters
    ----------
    app : ASGIApp
        Answers.
    answers : KeptAnswers
        What it answered before.
    """

    def __init__(self, app: ASGIApp, answers: KeptAnswers) -> None:
        self._app, self._answers = app, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "POST":
            for name, value in scope["headers"]:
                if name == b"idempotency-key":
                    await self._answers.serve(self._app, value, scope, receive, send)
                    return
        await self._app(scope, receive, send)


async def _replay(store: Store, name: str, request: str, send: Send) -> bool:
    """Answer from what is kept; gives whether something is."""
    try:
        kept = await STORE.run(store.answer, name, time.time())
    except StoreError as error:
        raise Loading(f"Idempotency-Key: {error}; send the request again", code="store_failed") from error
    if kept is None:
        return False
    await _send_kept(kept, request, send)
    return True


async def _send_kept(kept: bytes, request: str, send: Send) -> None:
    head, _, body = kept.partition(b"\n")
    answer: dict[str, Any] = orjson.loads(head)
    if answer["request"] != request:
        raise Unprocessable(
            "Idempotency-Key: expected the request that came with this key first, got another one; use a new key for "
            "each request",
            code="idempotency_key_reused",
        )
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer["headers"]]
    await send({"type": "http.response.start", "status": answer["status"], "headers": [*headers, _REPLAYED]})
    await send({"type": "http.response.body", "body": body})


async def _first(
    app: ASGIApp, kept: tuple[Store, RequestKey, str], scope: Scope, came: tuple[bytes, Receive], send: Send
) -> None:
    """Have a request answered, and the answer kept before it is sent; of a stream, before its end is."""
    answer = _Answer(send)
    left: list[Message] = [{"type": "http.request", "body": came[0], "more_body": False}]

    async def receive() -> Message:
        if left:
            return left.pop()
        gone = await came[1]()
        if not answer.streams:  # nobody hears of it: the work may be done, and its answer must be kept then
            await asyncio.Event().wait()
        return gone

    await app(scope, receive, answer.send)
    theirs = await _keep(*kept, answer.seen) if answer.whole and kept[1].final else None
    if theirs is None or answer.streams:
        await answer.flush()
    else:
        await _send_kept(theirs, kept[2], send)


class _Answer:
    """Holds an answer back until it is kept, unless it is a failure, a stream or too long."""

    def __init__(self, send: Send) -> None:
        self._send, self._held, self._size = send, 0, 0
        self.seen: list[Message] = []
        self.whole = self.streams = False

    async def send(self, message: Message) -> None:
        self.seen.append(message)
        self._size += len(message.get("body", b""))
        if message["type"] == "http.response.start":
            kinds = [value for name, value in message.get("headers", ()) if name == b"content-type"]
            self.streams = any(kind.startswith(b"text/event-stream") for kind in kinds)
        fits = 200 <= self.seen[0]["status"] < 300 and self._size <= LONGEST_ANSWER
        self.whole = fits and message["type"] == "http.response.body" and not message.get("more_body", False)
        if not fits or (self.streams and not self.whole):
            await self.flush()
        if not fits:  # what is not kept need not be remembered; its status is
            del self.seen[1:]
            self._held = 1

    async def flush(self) -> None:
        while self._held < len(self.seen):
            self._held += 1
            await self._send({**self.seen[self._held - 1]})  # whoever is beside it may add headers to it


async def _keep(store: Store, key: RequestKey, request: str, seen: list[Message]) -> bytes | None:
    """Keep an answer; gives the one that is kept where another replica was faster."""
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in seen[0].get("headers", ())]
    head = orjson.dumps({"request": request, "status": seen[0]["status"], "headers": headers})
    content = head + b"\n" + b"".join(message.get("body", b"") for message in seen[1:])

    def commit() -> bytes | None:
        now = time.time()
        store.commit([Answer(key.name, content, now, now + KEPT_FOR)])
        found = store.answer(key.name, now)
        return None if found == content else found

    try:
        return await STORE.run(commit)
    except StoreError as error:
        raise Loading(
            f"Idempotency-Key: {error}; what was sent may have been applied: send the request again under the same key",
            code="store_failed",
        ) from error


def _digest(scope: Scope, body: bytes) -> str:
    headers = dict(scope["headers"])
    parts = (scope["path"].encode(), scope.get("query_string", b""), *map(headers.get, (b"content-type", b"accept")))
    digest = hashlib.sha256()
    for part in (*parts, body):
        digest.update(b"%d " % len(part or b"") + (part or b""))
    return digest.hexdigest()
