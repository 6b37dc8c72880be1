"""A request's body off the wire, read up to the limit, and the content types of body and reply."""

from collections.abc import Mapping, Sequence

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from service.errors import Malformed, TooLarge, UnknownContent

JSON, ARROW, CSV = "application/json", "application/vnd.apache.arrow.stream", "text/csv"
PARQUET = "application/vnd.apache.parquet"
KINDS = (JSON, ARROW, CSV)
FILE_KINDS = (*KINDS, PARQUET)
"""Of files, which have no end that shows before they are whole."""
# Smaller bodies are decoded on the loop: handing them to a thread would cost more than it frees.
INLINE_BYTES = 256 * 1024
# So are those with fewer objects: many small ones cost more than their bytes say.
INLINE_OBJECTS = 64


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Read a body, and stop as soon as it passes the limit.

    Parameters
    ----------
    headers : mapping of bytes to bytes
        Of the request.
    receive : Receive
        The connection.
    limit : int
        Bytes at most.

    Returns
    -------
    bytes
        The body, still compressed where it was sent so.

    Raises
    ------
    TooLarge, Malformed
        If it is longer than ``limit`` bytes, or ``Content-Length`` is no number.
    ClientDisconnect
        If the client left in the middle.
    """
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit():
        raise Malformed("Content-Length: expected a whole number; leave it to the client library")
    if int(declared) > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"body: expected at most {limit} bytes, got more; send fewer series at a time, or compress it")


def content_kind(headers: Mapping[bytes, bytes], kinds: Sequence[str] = KINDS) -> str:
    """Give the content type of the body; JSON where none is named.

    Parameters
    ----------
    headers : mapping of bytes to bytes
        Of the request.
    kinds : sequence of str
        Those that are read.

    Returns
    -------
    str
        One of ``kinds``.

    Raises
    ------
    UnknownContent
        If it is another one.
    """
    text = headers.get(b"content-type", JSON.encode()).decode("latin-1")
    kind, _, parameters = text.partition(";")
    kind = kind.strip().lower()
    charset = parameters.lower().partition("charset=")[2].strip(' "')
    if kind not in kinds or charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnknownContent(f"Content-Type: expected {', '.join(kinds)} in UTF-8, got {text[:80]!r}; set the header")
    return kind


def reply_kind(headers: Mapping[bytes, bytes], kind: str) -> str:
    """Choose the content type of the reply by ``Accept``; the body's own where any will do.

    Parameters
    ----------
    headers : mapping of bytes to bytes
        Of the request.
    kind : str
        Content type of its body.

    Returns
    -------
    str
        One of ``KINDS``.

    Raises
    ------
    UnknownContent
        If the client takes none of ours.
    """
    accept = headers.get(b"accept")
    if accept is None or accept in (b"*/*", b""):
        return kind
    best, weight = "", 0.0
    for part in accept.decode("latin-1").lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        try:
            quality = next((float(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        except ValueError:
            quality = 0.0
        family = name.partition("/")[0]
        match = kind if name == "*/*" else name if name in KINDS else ""
        if name.endswith("/*"):
            match = next((ours for ours in (kind, *KINDS) if name == "*/*" or ours.startswith(f"{family}/")), "")
        if match and quality > weight:
            best, weight = match, quality
    if not best:
        raise UnknownContent(
            f"Accept: expected {', '.join(KINDS)} or */*, got {accept.decode('latin-1')[:80]!r}; accept one of them"
        )
    return best
