"""Which requests of ``POST /forecast`` are taken up while others wait: by a look at the body, before any work."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import QueueFull
from service.scheduling.wait_estimate import WaitEstimate
from service.settings import Settings

REQUEST_BYTES = 4000
"""A request costs as much as so many bytes of body, beside its own."""
SOON_S = 0.005
"""A request that is read so soon is not late, however little time it has."""
_TIMEOUT = re.compile(rb'"?\s*[:=]\s*([0-9]{1,9})')


class Admission:
    """Estimates the wait of requests from their first byte to their reply. Lives on the event loop.

    Parameters
    ----------
    settings : Settings
        The usual timeout.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._estimate = WaitEstimate()
        self._coming = 0

    def refusal(self, body: bytes, query: bytes, began: float) -> QueueFull | None:
        """Refuse a request that could not be answered within its ``timeout_ms``.

        Parameters
        ----------
        body : bytes
            As it was sent.
        query : bytes
            What stands behind ``?`` in the URL.
        began : float
            ``time.monotonic()`` when it came.

        Returns
        -------
        QueueFull or None
            None where it is welcome.
        """
        return self._estimate.refusal(self._coming + _units(body), began + self.timeout_s(body, query))

    def timeout_s(self, body: bytes, query: bytes) -> float:
        """Give the seconds that a request may take.

        Parameters
        ----------
        body : bytes
            As it was sent.
        query : bytes
            What stands behind ``?`` in the URL.
        """
        return ((query and timeout_in(query)) or timeout_in(body) or self._settings.default_timeout_ms) / 1e3

    def overdue(self, timeout_s: float, delayed: float) -> QueueFull | None:
        """Refuse a request that was not even read until half of its time had passed.

        Else, under load, requests would wait to be read until no refusal could come in time.

        Parameters
        ----------
        timeout_s : float
            Seconds that it may take.
        delayed : float
            Seconds until the server read it.

        Returns
        -------
        QueueFull or None
            None where there is time left.
        """
        if delayed < max(SOON_S, timeout_s / 2):
            return None
        return QueueFull(
            f"timeout_ms: {10 * round(100 * delayed)} ms passed before the request was read; "
            "try again later, or allow more"
        )

    def announce(self, body: bytes) -> None:
        """Count a request that is taken up in the next turn of the loop, so that those before it know.

        Parameters
        ----------
        body : bytes
            As it was sent.
        """
        if not self._coming:
            asyncio.get_running_loop().call_soon(self._arrive)
        self._coming += _units(body)

    @contextmanager
    def work(self, body: bytes) -> Iterator[None]:
        """Count a request while it is at work.

        Parameters
        ----------
        body : bytes
            As it was sent.
        """
        units = _units(body)
        self._estimate.begin(units)
        try:
            yield
        except BaseException:
            self._estimate.withdraw(units)
            raise
        self._estimate.finish(units)

    def _arrive(self) -> None:
        self._coming = 0


def _units(body: bytes) -> int:
    return len(body) + REQUEST_BYTES


def timeout_in(text: bytes) -> int:
    """Find the ``timeout_ms`` of a request without parsing it.

    Parameters
    ----------
    text : bytes
        A body or a query.

    Returns
    -------
    int
        Milliseconds; 0 where there is none.

    Examples
    --------
    >>> timeout_in(b'{"series": [], "timeout_ms": 500}'), timeout_in(b"horizon=3")
    (500, 0)
    """
    at = text.rfind(b"timeout_ms")
    found = _TIMEOUT.match(text, at + 10) if at >= 0 else None
    return int(found[1]) if found else 0
