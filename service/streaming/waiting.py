"""Requests that wait for the engine, and which of their rows are computed together."""

from collections import deque
from heapq import heapify, heappop, heappush

from service.errors import Expired
from service.streaming.request import Part, StreamedRequest

_BEGUN_KEPT = 256
"""Numbers of what has begun stay among the deadlines until there are more of them than this and all that wait."""


class WaitingRequests:
    """First come, first served; a request of many rows may be done in several batches.

    Beside the order in which they came, a heap has their numbers by deadline, so that nobody looks through all that
    wait. It has no requests: those that have begun would stay until their deadlines, and with each a connection, a body
    and an answer.
    """

    def __init__(self) -> None:
        self._requests: deque[StreamedRequest] = deque()
        self._deadlines: list[tuple[float, int]] = []
        self._unbegun: dict[int, StreamedRequest] = {}
        self._came = self._waiting = 0

    def __len__(self) -> int:
        """How many wait, in whole or in part."""
        return self._waiting

    @property
    def _first(self) -> int:
        """Number of the request that came first of those that are here."""
        return self._came - len(self._requests) + 1

    def append(self, request: StreamedRequest) -> None:
        """Add a request.

        Parameters
        ----------
        request : StreamedRequest
            It holds the turns of its sessions.
        """
        self._requests.append(request)
        self._came += 1
        self._waiting += 1
        self._unbegun[self._came] = request
        heappush(self._deadlines, (request.deadline, self._came))

    def drop(self, now: float) -> list[StreamedRequest]:
        """Give up what has not begun and comes too late, and what is next and for nobody.

        Parameters
        ----------
        now : float
            ``time.monotonic()``.

        Returns
        -------
        list of StreamedRequest
            They have failed.
        """
        late: list[StreamedRequest] = []
        unbegun = self._unbegun
        while self._deadlines and (self._deadlines[0][0] <= now or self._deadlines[0][1] not in unbegun):
            expired = unbegun.pop(heappop(self._deadlines)[1], None)
            if expired is not None:
                late.append(_expired(expired))
        while self._requests and (self._requests[0].outcome is not None or _is_for_nobody(self._requests[0])):
            unbegun.pop(self._first, None)
            request = self._requests.popleft()
            if request.outcome is None:
                late.append(_expired(request))
        self._waiting -= len(late)
        if len(self._deadlines) > 2 * self._waiting + _BEGUN_KEPT:
            self._deadlines = [one for one in self._deadlines if one[1] in unbegun]
            heapify(self._deadlines)
        return late

    def take(self, room: int) -> list[Part]:
        """Take as many rows as fit in a batch, all of the network that the oldest request wants.

        Parameters
        ----------
        room : int
            Rows at most.

        Returns
        -------
        list of Part
            In the order of the batch; empty where nothing waits.
        """
        parts: list[Part] = []
        at = 0
        while self._requests and at < room:
            request = self._requests[0]
            if request.outcome is not None:  # dropped
                self._requests.popleft()
                continue
            if _is_for_nobody(request):
                break
            part = request.take(room - at, at, parts[0].table if parts else None)
            if part is None:
                break
            self._unbegun.pop(self._first, None)
            parts.append(part)
            at += len(part.rows)
            if request.begun < request.size:
                break
            self._requests.popleft()
            self._waiting -= 1
        return parts


def _is_for_nobody(request: StreamedRequest) -> bool:
    return request.client.closed and not request.begun


def _expired(request: StreamedRequest) -> StreamedRequest:
    error = Expired("timeout_ms passed before the work was done; it was dropped and changed nothing")
    request.fail(error)
    return request
