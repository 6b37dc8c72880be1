"""What a server's connections share: endpoints that answer without ASGI, keys, and the lines of every answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.errors import NoKey, WrongKey
from service.http.auth import ApiKeys
from service.http.direct_request import DirectEndpoint
from service.http.path_table import PathEntry
from service.metrics import Metrics


@dataclass
class DirectTable:
    """What the connections of a server share.

    Parameters
    ----------
    keys : ApiKeys or None
        None where no key is required.
    metrics : Metrics
        Counts every answer.
    max_body_bytes : int
        Longer bodies go through the app.
    """

    keys: ApiKeys | None
    metrics: Metrics
    max_body_bytes: int
    endpoints: dict[bytes, tuple[DirectEndpoint, PathEntry]] = field(default_factory=dict)
    """By path, as it stands in a request line."""
    _defaults: list[tuple[bytes, bytes]] = field(default_factory=list)
    _default_lines: bytes = b""

    def add(self, path: PathEntry, endpoint: DirectEndpoint) -> None:
        """Add an endpoint.

        Parameters
        ----------
        path : PathEntry
            Its path, without placeholders.
        endpoint : DirectEndpoint
            Answers its ``POST`` requests.
        """
        self.endpoints[path.template.encode("ascii")] = (endpoint, path)

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

    def default_lines(self, defaults: list[tuple[bytes, bytes]]) -> bytes:
        """Give uvicorn's headers of every answer as lines; it makes a new list every second.

        Parameters
        ----------
        defaults : list of (bytes, bytes)
            As ``ServerState.default_headers`` has them.
        """
        if defaults is not self._defaults:
            self._defaults, self._default_lines = defaults, b"".join(b"%s: %s\r\n" % pair for pair in defaults)
        return self._default_lines


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "surrogateescape")
