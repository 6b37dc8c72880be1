"""What the connections of a server share: limits, keys, counts, and the endpoints that answer without ASGI."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from service.errors import NoKey, ServiceError, WrongKey
from service.http.auth import ApiKeys
from service.http.direct_request import DirectEndpoint
from service.http.ids import request_id
from service.http.path_table import PathEntry, PathTable
from service.http.timeouts import Timeouts
from service.metrics import Metrics
from service.settings import Settings


@dataclass
class ConnectionContext:
    """One per server.

    Parameters
    ----------
    settings : Settings
        Limits and timeouts.
    keys : ApiKeys or None
        None where no key is required.
    metrics : Metrics
        Counts every answer.
    paths : PathTable
        All paths of the app.
    """

    settings: Settings
    keys: ApiKeys | None
    metrics: Metrics
    paths: PathTable
    endpoints: dict[bytes, tuple[DirectEndpoint, PathEntry]] = field(default_factory=dict)
    """By path, as it stands in a request line."""
    held_bytes: int = 0
    """Of bodies that are being read or worked on."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    _defaults: list[tuple[bytes, bytes]] = field(default_factory=list)
    _default_lines: bytes = b""

    def add(self, path: str, endpoint: DirectEndpoint) -> None:
        """Add an endpoint that answers without ASGI.

        Parameters
        ----------
        path : str
            One of ``paths``, without placeholders.
        endpoint : DirectEndpoint
            Answers its ``POST`` requests.
        """
        self.endpoints[path.encode("ascii")] = (endpoint, self.paths.find(path))

    def owner(self, path: PathEntry, headers: Mapping[bytes, bytes]) -> str | None:
        """Give the owner that a request's key stands for; None where it has none, or a wrong one.

        Parameters
        ----------
        path : PathEntry
            Of the request.
        headers : mapping of bytes to bytes
            Of the request.
        """
        if self.keys is None or path.open:
            return ""
        try:
            return self.keys.owner(_text(headers.get(b"authorization")), _text(headers.get(b"x-api-key")))
        except (NoKey, WrongKey):
            return None

    def refusal(
        self,
        error: ServiceError,
        url: bytes,
        headers: list[tuple[bytes, bytes]],
        seconds: float,
        defaults: list[tuple[bytes, bytes]],
    ) -> bytes:
        """Count and write the answer to a request that does not reach the app; the connection closes after it.

        Parameters
        ----------
        error : ServiceError
            What is wrong with it.
        url : bytes
            As far as it was read.
        headers : list of (bytes, bytes)
            As far as they were read.
        seconds : float
            Since it began.
        defaults : list of (bytes, bytes)
            As ``ServerState.default_headers`` has them.

        Returns
        -------
        bytes
            Status line, headers and body.
        """
        identity = request_id(next((value for name, value in headers if name == b"x-request-id"), None))
        path = self.paths.find(url.partition(b"?")[0].decode("latin-1"))
        failure = path.failure(error, identity)
        self.metrics.answered(path.template, failure.status, seconds)
        size = len(failure.body)
        return self.head(failure.status, failure.lines, size, identity, defaults, keep_alive=False) + failure.body

    def head(
        self,
        status: int,
        lines: bytes,
        length: int,
        identity: str,
        defaults: list[tuple[bytes, bytes]],
        *,
        keep_alive: bool = True,
    ) -> bytes:
        """Write what comes before a body.

        Parameters
        ----------
        status : int
            Of HTTP.
        lines : bytes
            Headers of this answer, such as ``Failure.lines``.
        length : int
            Bytes of the body.
        identity : str
            Of the request.
        defaults : list of (bytes, bytes)
            As ``ServerState.default_headers`` has them; uvicorn makes a new list every second.
        keep_alive : bool
            Whether the connection stays open.

        Returns
        -------
        bytes
            Status line and headers, with the empty line that ends them.
        """
        if defaults is not self._defaults:
            self._defaults, self._default_lines = defaults, b"".join(b"%s: %s\r\n" % pair for pair in defaults)
        return b"%s%s%scontent-length: %d\r\nx-request-id: %s\r\n%s" % (
            STATUS_LINE[status],
            self._default_lines,
            lines,
            length,
            identity.encode(),
            b"\r\n" if keep_alive else b"connection: close\r\n\r\n",
        )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "surrogateescape")
