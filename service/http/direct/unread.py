"""Refusals of requests that nobody has read: what many of them have in common is written once."""

import time
from typing import NamedTuple

from service.errors import ServiceError
from service.http.connection_context import ConnectionContext
from service.http.direct.plain_post import PlainPost
from service.http.ids import request_id
from service.http.path_table import PathEntry

_KEPT = 256
"""Answers that are kept, with the date of the second in which they were written."""
_IDENTITY = "rq_" + "0" * 26
"""Stands for the id of a request, all of which are of one length."""


class _Written(NamedTuple):
    """An answer without the id of its request."""

    status: int
    pieces: list[bytes]


class UnreadRefusals:
    """Writes the answers to requests that cannot be done in time. Lives on the event loop.

    At three times the capacity two of three requests are refused, and what a refusal costs the others cannot have.

    Parameters
    ----------
    context : ConnectionContext
        Of the server.
    """

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context
        self._defaults: list[tuple[bytes, bytes]] = []
        self._written: dict[tuple[str, str, str, int | None], _Written] = {}
        self._seconds: dict[tuple[str, int, str], list[float]] = {}

    def answer(self, post: PlainPost, came: float, defaults: list[tuple[bytes, bytes]]) -> bytes | None:
        """Refuse a request that cannot be done in time.

        Parameters
        ----------
        post : PlainPost
            To an endpoint of the context.
        came : float
            ``time.monotonic()`` when it came.
        defaults : list of (bytes, bytes)
            As ``ServerState.default_headers`` has them; uvicorn makes a new list every second.

        Returns
        -------
        bytes or None
            The answer, to be counted; None where the request is to be read.
        """
        head, body = post
        endpoint, path = self._context.endpoints[head.path]
        error = endpoint.refusal(body, head.query, came)
        if error is None:
            return None
        if defaults is not self._defaults or len(self._written) >= _KEPT:
            self._defaults = defaults
            self._written.clear()
        kind = path.template, error.code, error.detail, error.retry_after
        written = self._written.get(kind)
        if written is None:
            written = self._written[kind] = self._write(path, error)
        self._seconds.setdefault((path.template, written.status, error.code), []).append(time.monotonic() - came)
        return request_id(None).encode().join(written.pieces)

    def count(self) -> None:
        """Count what was refused since the last call."""
        metrics = self._context.metrics
        for (path, status, code), seconds in self._seconds.items():
            metrics.answered(path, status, *seconds)
            metrics.rejected.labels(code).inc(len(seconds))
        self._seconds.clear()

    def _write(self, path: PathEntry, error: ServiceError) -> "_Written":
        failure = path.failure(error, _IDENTITY)
        head = self._context.head(failure.status, failure.lines, len(failure.body), _IDENTITY, self._defaults)
        return _Written(failure.status, (head + failure.body).split(_IDENTITY.encode()))
