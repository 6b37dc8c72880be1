"""A request's body off the wire: read up to the limit, unpacked, decoded by its content type."""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from service.codecs.forecast_request import ForecastRequest, raise_faults
from service.codecs.json_body import decode_json
from service.codecs.table_body import decode_query, decode_table, read_arrow, read_csv
from service.errors import Malformed, TooLarge, UnknownContent
from service.http.compression import decompress
from service.settings import Settings

JSON, ARROW, CSV = "application/json", "application/vnd.apache.arrow.stream", "text/csv"
KINDS = (JSON, ARROW, CSV)
# Smaller bodies are decoded on the loop: handing them to a thread would cost more than it frees.
INLINE_BYTES = 256 * 1024


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Read a body, and stop as soon as it passes the limit.

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


def content_kind(headers: Mapping[bytes, bytes]) -> str:
    """Content type of the body; JSON where none is said.

    Raises
    ------
    UnknownContent
        If it is another one.
    """
    text = headers.get(b"content-type", JSON.encode()).decode("latin-1")
    kind, _, parameters = text.partition(";")
    kind = kind.strip().lower()
    charset = parameters.lower().partition("charset=")[2].strip(' "')
    if kind not in KINDS or charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnknownContent(f"Content-Type: expected {', '.join(KINDS)} in UTF-8, got {text[:80]!r}; set the header")
    return kind


def reply_kind(headers: Mapping[bytes, bytes], kind: str) -> str:
    """Content type of the reply by ``Accept``; the body's own where any will do.

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
            f"Accept: expected {', '.join(KINDS)} or */*, got {accept.decode('latin-1')[:80]!r}; ask for one of them"
        )
    return best


async def read_asked(
    scope: Scope, headers: Mapping[bytes, bytes], kind: str, body: bytes, settings: Settings
) -> ForecastRequest:
    """Decode a body, on a thread if it is large.

    Raises
    ------
    ServiceError
        If it cannot be read, or is wrong as a whole.
    """
    query = _query(scope)
    encoding = headers.get(b"content-encoding", b"").decode("latin-1")
    # What is compressed can be large inside, and tables cost a fixed millisecond.
    if len(body) <= INLINE_BYTES and kind == JSON and not encoding:
        return _decode(kind, body, encoding, query, settings)
    return await asyncio.to_thread(_decode, kind, body, encoding, query, settings)


def _query(scope: Scope) -> dict[str, str]:
    text = scope.get("query_string", b"")
    if not text:
        return {}
    found: dict[str, str] = {}
    asked = ForecastRequest()
    for name, value in parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=None):
        if name in found:
            asked.fault(f"expected each parameter once, got {name[:80]!r} twice", name[:80])
        found[name] = value
    raise_faults(asked.faults)
    return found


def _decode(kind: str, body: bytes, encoding: str, query: dict[str, str], settings: Settings) -> ForecastRequest:
    plain = decompress(body, encoding, settings.max_body_bytes)
    if kind == JSON:
        asked = decode_json(plain, settings.max_values, settings.max_series)
        return _with_query(asked, query) if query else asked
    table = read_arrow(plain) if kind == ARROW else read_csv(plain)
    return decode_table(table, query, settings.max_values, settings.max_series)


def _with_query(asked: ForecastRequest, query: dict[str, str]) -> ForecastRequest:
    """Parameters of the query string fill what a JSON body leaves out."""
    other = decode_query(query)
    if "session" in query and len(asked.series) > 1:
        other.fault(f"expected one series, got {len(asked.series)}; name each one's session beside it", "session")
    raise_faults(other.faults)
    for series in asked.series:
        series.freq = series.freq or query.get("freq") or None
        series.session = series.session or query.get("session") or None
        series.season = series.season or other.season
        for one in (series, *series.resolutions.values()):
            one.time_options = one.time_options.filled(other.time_options)
    for name in ("model", "horizon", "quantile_levels", "timeout_ms"):
        if getattr(asked, name) is None:
            setattr(asked, name, getattr(other, name))
    asked.include = asked.include or other.include
    asked.missing = other.missing if "missing" in query and asked.missing == "mask" else asked.missing
    return asked
