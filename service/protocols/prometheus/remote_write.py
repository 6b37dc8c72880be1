"""``POST /api/v1/write``: Prometheus' remote write 1.0, a message of protobuf in a block of snappy.

The source is the "Prometheus Remote-Write 1.0 specification", prometheus.io/docs/specs/prw/remote_write_spec. A series'
name is its metric and its labels, in order, as in Prometheus' text format.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import pyarrow as pa
from google.protobuf.message import DecodeError

from service.codecs.protobuf import message_classes
from service.errors import Malformed, TooLarge, UnknownContent
from service.protocols.forecast.write_endpoint import WriteEndpoint, WriteRequest
from statecast.time.stamps import FIRST, LAST

OWN = "statecast_"
"""How the names of this server's own metrics begin; of these are made no forecasts, which would bring further ones."""
_MESSAGES = {
    "WriteRequest": "timeseries:TimeSeries*=1",
    "TimeSeries": "labels:Label*=1 samples:Sample*=2",
    "Label": "name:string=1 value:string=2",
    "Sample": "value:double=1 timestamp:int64=2",
}
"""The fields that are read, by message, as ``message_classes`` takes them."""


class RemoteWrite(WriteEndpoint):
    """The endpoint."""

    def read(self, body: bytes, headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> WriteRequest:
        """Read a message; see ``WriteEndpoint.read``."""
        del query
        kind = headers.get(b"content-type", b"").decode("latin-1")
        if "io.prometheus.write.v2" in kind:
            raise UnknownContent("Content-Type: expected remote write 1.0, got 2.0; leave protobuf_message out")
        if headers.get(b"content-encoding", b"snappy") != b"snappy":
            raise UnknownContent("Content-Encoding: expected snappy, as remote write has it")
        message = _classes()["WriteRequest"]()
        try:
            message.ParseFromString(_unpack(body, self.container.settings.max_body_bytes))
        except DecodeError as error:
            raise Malformed(f"body: expected a WriteRequest of Prometheus, got something else: {error}") from None
        return _observations(message)


def _observations(message: Any) -> WriteRequest:
    found = WriteRequest()
    for series in message.timeseries:
        labels = {label.name: label.value for label in series.labels}
        name = labels.pop("__name__", "")
        if name.startswith(OWN):
            continue
        read = ((sample.timestamp // 1000, sample.value) for sample in series.samples)
        numbers = [(second, value) for second, value in read if math.isfinite(value) and FIRST <= second <= LAST]
        found.unused += len(series.samples) - len(numbers)
        if numbers:
            found.observations.setdefault(series_name(name, labels), []).extend(numbers)
    return found


def series_name(metric: str, labels: Mapping[str, str]) -> str:
    """Name the session of a series.

    Parameters
    ----------
    metric : str
        Its ``__name__``.
    labels : mapping of str to str
        The others.

    Returns
    -------
    str
        As the text format has it; ``/`` and ``%`` as in a URL.

    Examples
    --------
    >>> series_name("disk_free", {"path": "/var", "job": "node"})
    'disk_free{job="node",path="%2Fvar"}'
    """
    inner = ",".join(f'{name}="{_quoted(value)}"' for name, value in sorted(labels.items()))
    return f"{metric}{{{inner}}}".replace("%", "%25").replace("/", "%2F")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unpack(body: bytes, limit: int) -> bytes:
    """Undo snappy's block format, which begins with the length of what is inside, seven bits a byte."""
    size, shift = 0, 0
    for byte in body[:5]:
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    else:
        raise Malformed("body: expected a block of snappy, got something else or nothing")
    if size > limit:
        raise TooLarge(f"body: expected at most {limit} bytes when unpacked, got {size}; write smaller batches")
    try:
        return bytes(pa.Codec("snappy").decompress(body, decompressed_size=size))
    except (OSError, ValueError) as error:
        raise Malformed(f"body: expected a block of snappy, got something else or a part of one: {error}") from None


@cache
def _classes() -> dict[str, Any]:
    return message_classes("prometheus", _MESSAGES)
