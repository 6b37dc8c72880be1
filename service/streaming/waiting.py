"""Requests that wait for the engine, and which of their rows are computed together."""

from collections import deque
from heapq import heapify, heappop, heappush

from service.errors import Expired
from service.streaming.request import Part, StreamedRequest

_BEGUN_KEPT = 256
"""Requests that have begun stay among the deadlines until there are more of them than this and all that wait."""


class WaitingRequests:
    """First come, first served; a request of many rows may be done in several batches.

    Beside the order in which they came, a heap has them by deadline, so that nobody looks through all that wait.
    """

    def __init__(self) -> None:
        self._requests: deque[StreamedRequest] = deque()
        self._deadlines: list[tuple[float, int, StreamedRequest]] = []
        self._came = self._waiting = 0

    def __len__(self) -> int:
        """How many wait, in whole or in part."""
        return self._waiting

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
        heappush(self._deadlines, (request.deadline, self._came, request))

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
        while self._deadlines and (self._deadlines[0][0] <= now or self._deadlines[0][2].begun):
            request = heappop(self._deadlines)[2]
            if not request.begun and request.outcome is None:
                late.append(_expired(request))
        while self._requests and (self._requests[0].outcome is not None or _is_for_nobody(self._requests[0])):
            request = self._requests.popleft()
            if request.outcome is None:
                late.append(_expired(request))
        self._waiting -= len(late)
        if len(self._deadlines) > 2 * self._waiting + _BEGUN_KEPT:
            self._deadlines = [one for one in self._deadlines if not one[2].begun and one[2].outcome is None]
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
