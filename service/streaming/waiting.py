"""Requests that wait for the engine, and which of their rows are computed together."""

from collections import deque

from service.errors import Expired
from service.streaming.part import Part
from service.streaming.request import StreamedRequest


class WaitingRequests:
    """First come, first served; a request of many rows may be done in several batches."""

    def __init__(self) -> None:
        self._requests: deque[StreamedRequest] = deque()

    def __len__(self) -> int:
        """How many wait, in whole or in part."""
        return len(self._requests)

    def append(self, request: StreamedRequest) -> None:
        """Add a request.

        Parameters
        ----------
        request : StreamedRequest
            It holds the turns of its sessions.
        """
        self._requests.append(request)

    def drop(self, now: float) -> list[StreamedRequest]:
        """Give up what has not begun and comes too late, or for nobody.

        Parameters
        ----------
        now : float
            ``time.monotonic()``.

        Returns
        -------
        list of StreamedRequest
            They have failed.
        """
        late = [one for one in self._requests if not one.begun and (one.deadline <= now or one.client.closed)]
        for request in late:
            self._requests.remove(request)
            error = Expired("timeout_ms passed before the work was done; it was dropped and changed nothing")
            request.fail(error, 0, len(request.sessions))
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
            begin, end = request.begun, min(len(request.sessions), request.begun + room - at)
            table = parts[0].table if parts else request.sessions[begin][0]
            stop = next((i for i in range(begin, end) if request.sessions[i][0] is not table), end)
            if stop == begin:
                break
            parts.append(Part(request, begin, stop - begin, at))
            at += stop - begin
            request.begun = stop
            if stop < len(request.sessions):
                break
            self._requests.popleft()
        return parts
