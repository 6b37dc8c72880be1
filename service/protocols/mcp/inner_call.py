"""One of this server's own endpoints, called without a connection: the same bytes in, the same bytes out."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from service.http.body import JSON
from service.http.path_table import PathEntry
from service.http.problems import problem_failure


async def inner_call(app: ASGIApp, path: str, body: bytes, caller: dict[str, Any]) -> tuple[int, bytes]:
    """Have a request answered.

    Parameters
    ----------
    app : ASGIApp
        A plain endpoint that takes JSON.
    path : str
        Where it is served.
    body : bytes
        JSON.
    caller : dict
        ``state`` of the request on whose behalf it is called: owner, request id.

    Returns
    -------
    int
        Status.
    bytes
        Body: JSON, of a failure that of a problem (RFC 9457).
    """
    state = {**caller, "path": PathEntry(path, ("POST",), problem_failure)}
    headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())]
    scope: Scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers, "state": state,
    }  # fmt: skip
    coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    status, parts = 0, []

    async def receive() -> Message:
        if not coming:  # nobody leaves
            await asyncio.Event().wait()
        return coming.pop()

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(parts)
