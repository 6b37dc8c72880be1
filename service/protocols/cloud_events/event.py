"""CloudEvents 1.0 as requests: in headers (binary mode) or around the body (structured); an event counts once."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson
from starlette.types import Message, Receive, Scope

from service.errors import Fault, Malformed, Unprocessable
from service.http.body import JSON, read_body

STRUCTURED = b"application/cloudevents+json"
"""Content type of an event that has its data within."""
EVENT_ID = b"ce-id"


def event_key(headers: Mapping[bytes, bytes]) -> bytes:
    """Give the ``Idempotency-Key`` that an event stands for, because it may be delivered more than once.

    Parameters
    ----------
    headers : mapping of bytes to bytes
        With ``ce-id``, ``ce-source`` and ``ce-specversion``.

    Returns
    -------
    bytes
        The same for the same id of the same source, which is what makes an event one.

    Raises
    ------
    Unprocessable
        If an attribute is missing, or the version is not 1.x.

    Examples
    --------
    >>> event_key({b"ce-id": b"1", b"ce-source": b"/plant", b"ce-specversion": b"1.0"})[:9]
    b'ce-86edb6'
    """
    for name in ("id", "source", "specversion"):
        if not headers.get(f"ce-{name}".encode()):
            _refuse(name, "expected a text, as every CloudEvent has it, got none; send the header ce-" + name)
    version = headers[b"ce-specversion"].decode("latin-1")
    if not version.startswith("1."):
        _refuse("specversion", f"expected 1.0, got {version[:20]!r}; send events of that version")
    return b"ce-" + hashlib.sha256(headers[b"ce-source"] + b"\0" + headers[EVENT_ID]).hexdigest().encode()


async def unwrapped(scope: Scope, receive: Receive, most: int) -> tuple[Scope, Receive]:
    """Make a request of a structured event the one that it would be in binary mode.

    Parameters
    ----------
    scope : Scope
        Of the request.
    receive : Receive
        Its connection.
    most : int
        Bytes of a body.

    Returns
    -------
    Scope
        With the event's attributes as headers.
    Receive
        Gives its data.

    Raises
    ------
    Malformed, Unprocessable, TooLarge
        If it is no event, has no data, or is too long.
    ClientDisconnect
        If the client left.
    """
    headers = dict(scope["headers"])
    try:
        event: Any = orjson.loads(await read_body(headers, receive, most))
    except ValueError as error:
        raise Malformed(f"body: expected a CloudEvent in JSON, got none: {error}") from None
    if not isinstance(event, dict):
        raise Malformed("body: expected a CloudEvent, which is a JSON object with id, source, type and data")
    data = _data(event)
    kind = event.get("datacontenttype") or JSON
    if not isinstance(kind, str) or kind.startswith(STRUCTURED.decode()):
        _refuse("datacontenttype", "expected the type of a request, such as application/json, got another; mend it")
    texts = {f"ce-{name}": value for name, value in event.items() if isinstance(value, str) and name.isalnum()}
    texts |= {"content-type": kind, "content-length": str(len(data))}
    kept = [pair for pair in scope["headers"] if pair[0].decode("latin-1") not in texts]
    made = [(name.encode(), value.encode("utf-8", "replace")) for name, value in texts.items()]
    coming: list[Message] = [{"type": "http.request", "body": data, "more_body": False}]

    async def replay() -> Message:
        return coming.pop() if coming else await receive()

    return {**scope, "headers": [*kept, *made]}, replay


def _data(event: Mapping[str, Any]) -> bytes:
    if event.get("data") is not None:
        data = event["data"]
        return data.encode() if isinstance(data, str) else orjson.dumps(data)
    try:
        return base64.b64decode(event["data_base64"], validate=True)
    except (KeyError, TypeError, binascii.Error):
        _refuse("data", "expected the request, as an object or base64 in data_base64, got neither; put it there")


def _refuse(name: str, message: str) -> NoReturn:
    raise Unprocessable(f"CloudEvent {name}: {message}", faults=[Fault((name,), message)], code="invalid_event")
