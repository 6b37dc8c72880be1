"""The protocol ``influx``: what Telegraf, Home Assistant and InfluxDB's own clients write to."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

from service.errors import ServiceError
from service.http.body import JSON
from service.http.compression import decompress
from service.http.path_table import Failure
from service.http.problems import failure_headers
from service.protocols.container import Container
from service.protocols.forecast.write_endpoint import WriteEndpoint, WriteRequest
from service.protocols.influx.line_protocol import UNITS, read_lines
from service.protocols.registry import PROTOCOLS, ClientProtocol, Endpoint

_CODES = {
    401: "unauthorized", 403: "forbidden", 404: "not found", 413: "request too large", 429: "too many requests",
    500: "internal error", 503: "unavailable", 504: "unavailable",
}  # fmt: skip
_FAILURES = (400, 404, 413, 415, 422, 429, 503, 504)


class InfluxError(BaseModel):
    """A failure, for both versions of the API: the second reads code and message, the first error."""

    code: str
    message: str
    error: str


class Write(WriteEndpoint):
    """``POST /api/v2/write``."""

    model_parameter = "bucket"
    unit = "ns"
    """Of times, where the request names none."""

    def read(self, body: bytes, headers: Mapping[bytes, bytes], query: Mapping[str, str]) -> WriteRequest:
        """Read lines; see ``WriteEndpoint.read``."""
        encoding = headers.get(b"content-encoding", b"").decode("latin-1")
        plain = decompress(body, encoding, self.container.settings.max_body_bytes)
        return read_lines(plain, query.get("precision") or self.unit, int(time.time()))


class WriteOfVersion1(Write):
    """``POST /write``, which names the bucket ``db``."""

    model_parameter = "db"


def _operation(name: str, bucket: str) -> dict[str, Any]:
    parameters = {
        bucket: "Where it names a loaded model, that one forecasts; any other name stands for the default model.",
        "precision": f"Unit of the times, of {', '.join(UNITS)}; left out, ns.",
        "freq": "Of the sessions; left out, STATECAST_WRITE_FREQ.",
    }
    return {
        "tags": ["influx"],
        "summary": "Write observations in line protocol",
        "description": "Each measurement with its tags and a field is a session. A time counts for the step of the "
        "freq in which it lies, and a step takes the first value that comes for it. Lines that are wrong are refused, "
        "the others kept.",
        "operationId": name,
        "parameters": [
            {"name": key, "in": "query", "required": False, "description": text, "schema": {"type": "string"}}
            for key, text in parameters.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                "text/plain": {"schema": {"type": "string"}, "example": "power,site=b watt=3.5 1700000000000000000"}
            },
        },
        "responses": {"204": {"description": "All is kept; the header Statecast-Warnings says what was left out."}},
    }


@PROTOCOLS.register("influx")
class InfluxProtocol(ClientProtocol):
    """Line protocol in."""

    prefixes = ("/api/v2/", "/write")
    failure_schema = InfluxError
    failure_type = JSON

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self._write, self._first = Write(container), WriteOfVersion1(container)

    def endpoints(self) -> Sequence[Endpoint]:
        """Give the paths of both versions."""
        return (
            Endpoint("/api/v2/write", self._write, _operation("write", "bucket"), _FAILURES),
            Endpoint("/write", self._first, _operation("write_v1", "db"), _FAILURES),
        )

    def status(self, status: int) -> int:
        """Make a wrong request 400, whose batch writers drop; see ``ClientProtocol.status``."""
        return 400 if status == 422 else status

    def failure(self, error: ServiceError, request_id: str) -> Failure:
        """Give a failure this API's shape; see ``ClientProtocol.failure``."""
        del request_id  # the headers have it
        code = _CODES.get(error.status, "invalid")
        body = InfluxError(code=code, message=error.detail, error=error.detail)
        return Failure(
            self.status(error.status), failure_headers(error, self.failure_type), orjson.dumps(body.model_dump())
        )
