"""Requests as bytes on a socket, and answers off it: no client library, since none would send what is wrong."""

import asyncio
from dataclasses import dataclass
from urllib.parse import quote

from tests.fuzz.request import RawRequest

_PAUSE_S = 0.001
_SAFE = "/%-._~!$&'()*+,;=:@"


class Unfinished(Exception):
    """The server ended the connection in the middle of an answer, or before it."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def last(self) -> bool:
        """Whether the server ends the connection behind it."""
        return self.headers.get(b"connection", b"").lower() == b"close"


def bytes_of(request: RawRequest) -> bytes:
    """Write a request as the client sends it."""
    path = request.path.encode("utf-8", "surrogatepass")
    method = request.method.encode("utf-8", "surrogatepass")
    if not request.raw:
        path = quote(path, safe=_SAFE).encode()
    target = path + b"?" + request.query if request.query else path
    lines = [method + b" " + target + b" HTTP/1.1", b"host: here"]
    lines += [name + b": " + value for name, value in request.headers]
    body = request.body
    if request.chunked:
        lines.append(b"transfer-encoding: chunked")
        body = _chunks(body)
    elif not declares_length(request) and (body or request.method not in ("GET", "HEAD")):
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def declares_length(request: RawRequest) -> bool:
    """Whether a header of its own says how long the body is, rightly or not."""
    return any(name.lower() == b"content-length" for name, _ in request.headers)


def _chunks(body: bytes) -> bytes:
    size = max(1, len(body) // 3)
    parts = [body[begin : begin + size] for begin in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


async def write(writer: asyncio.StreamWriter, request: RawRequest) -> None:
    """Send a request with its pauses; raises ``ConnectionError`` where the server has left."""
    data = bytes_of(request)
    if request.ending == "midway":
        data = data[: request.cuts[-1] % len(data) if request.cuts else len(data) // 2]
    begin = 0
    for cut in sorted({cut % len(data) for cut in request.cuts} if data else ()):
        writer.write(data[begin:cut])
        await writer.drain()
        await asyncio.sleep(_PAUSE_S)
        begin = cut
    writer.write(data[begin:])
    await writer.drain()


async def read(reader: asyncio.StreamReader, method: str) -> Answer:
    """Read an answer.

    Raises
    ------
    Unfinished
        If the connection ends before the answer does.
    """
    try:
        while True:
            status, headers = await _head(reader)
            if status >= 200 or status == 101:
                break
        return Answer(status, headers, b"" if method == "HEAD" or status == 204 else await _body(reader, headers))
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError) as error:
        raise Unfinished(repr(error)[:200]) from None


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    pairs = [line.partition(b": ") for line in lines]
    return int(first.split()[1]), {name.lower(): value for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: dict[bytes, bytes]) -> bytes:
    if headers.get(b"transfer-encoding") != b"chunked":
        return await reader.readexactly(int(headers[b"content-length"]))
    parts: list[bytes] = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readexactly(2)
    return b"".join(parts)
