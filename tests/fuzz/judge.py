"""What is wrong with an answer, whatever was sent."""

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress

import orjson
import pyarrow as pa
import zstandard

from tests.fuzz.request import RawRequest
from tests.fuzz.wire import Answer

_WAITS = (503, 504, 429)
_LONGEST_EXPLANATION = 256_000
_READERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.decompress,
    b"zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


def fault_of(request: RawRequest, answer: Answer) -> str:
    """Say what is wrong with an answer, "" where nothing is."""
    status, headers, body = answer.status, answer.headers, answer.body
    if status >= 500 and status not in _WAITS:
        return f"{status}: {body[:300]!r}"
    if b"x-request-id" not in headers:
        return f"{status} without an id"
    if request.method == "HEAD":
        return ""
    if status >= 400:
        return _wrong_problem(status, body)
    try:
        body = _READERS.get(headers.get(b"content-encoding", b""), bytes)(body)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        return f"{status} is not what it is called: {error}"
    kind = headers.get(b"content-type", b"").partition(b";")[0]
    if kind == b"application/json":
        with suppress(orjson.JSONDecodeError):
            orjson.loads(body)
            return ""
        return f"{status} is no JSON: {body[:100]!r}"
    if kind == b"application/vnd.apache.arrow.stream":
        try:
            pa.ipc.open_stream(body).read_all().validate(full=True)
        except (pa.ArrowException, OSError) as error:
            return f"{status} is no Arrow: {error}"
    return ""


def _wrong_problem(status: int, body: bytes) -> str:
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return f"{status} is no JSON: {body[:100]!r}"
    if "request_id" not in problem and "error" not in problem:
        return f"{status} is no problem: {body[:100]!r}"
    if len(body) > _LONGEST_EXPLANATION:
        return f"{status} with {len(body)} bytes of explanation"
    return ""
