"""Clients that do not wait: requests at a rate of their own, whatever becomes of the earlier ones."""

import select
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.harness.load import Connection

_PATIENCE_S = 30


@dataclass
class Arrivals:
    """What came of requests at a fixed rate."""

    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    """Answers by status; 0 is a connection that was closed without one."""
    in_time: int = 0
    """Forecasts (200) within the timeout."""
    late: int = 0
    """Answers of any kind after the timeout."""
    latest_s: float = 0.0
    """How long the slowest answer took."""
    unsent: int = 0
    """Requests for which no connection was free: the server owed too many answers."""
    unanswered: int = 0
    client_s: float = 0.0
    """Processor time of the client."""
    behind_s: float = 0.0
    """How far the client was behind its own times at worst."""

    @property
    def offered(self) -> float:
        """Requests per second that were sent."""
        return (self.statuses.total() + self.unanswered) / self.seconds

    @property
    def goodput(self) -> float:
        """Forecasts in time, per second."""
        return self.in_time / self.seconds


class Clients:
    """Clients in turn, each with a stream of requests and a connection, all of which are open before the first request.

    A request that was not answered 200 is sent again when its client is next in turn, so that the times of a session
    stay consecutive.
    """

    def __init__(self, port: int, stream: Callable[[int], Iterator[bytes]], count: int) -> None:
        self._port = port
        self._poll = select.epoll()
        # In turn, so that no connection is idle for as long as the server keeps one.
        self._idle = deque(Connection(stream(number)) for number in range(count))
        self._open: dict[int, Connection] = {}
        self._waiting: set[int] = set()

    def arrive(self, rate: float, seconds: float, timeout_s: float) -> Arrivals:
        """Send at a rate for so long, then wait for the answers that are owed."""
        for one in self._idle:
            self._connect(one)
        found, began, sent, total = Arrivals(seconds), time.perf_counter(), 0, int(rate * seconds)
        used = time.process_time()
        while sent < total or self._waiting:
            now = time.perf_counter()
            if now > began + seconds + timeout_s + _PATIENCE_S:
                break
            due = min(total, int((now - began) * rate))
            if sent < due:
                found.behind_s = max(found.behind_s, now - began - sent / rate)
            for _ in range(due - sent):
                self._send(found)
            sent = due
            for number, _ in self._poll.poll(0.001 if sent < total else 1.0):
                self._receive(number, found, timeout_s)
        found.client_s, found.unanswered = time.process_time() - used, len(self._waiting)
        for number in list(self._open):
            self._close(number)
        self._waiting.clear()
        return found

    def _send(self, found: Arrivals) -> None:
        if not self._idle:
            found.unsent += 1
            return
        one = self._idle.popleft()
        if one.number < 0:
            self._connect(one)
        try:
            one.send()
        except OSError:  # closed by the server a moment ago
            found.statuses[0] += 1
            self._close(one.number)
            self._idle.append(one)
            return
        self._waiting.add(one.number)

    def _connect(self, one: Connection) -> None:
        self._open[one.open(self._port)] = one
        self._poll.register(one.number, select.EPOLLIN)

    def _receive(self, number: int, found: Arrivals, timeout_s: float) -> None:
        one, waited = self._open[number], number in self._waiting
        try:
            complete = one.receive()
        except OSError:
            self._close(number)
            if waited:
                found.statuses[0] += 1
                self._waiting.discard(number)
                self._idle.append(one)
            return
        if not complete:
            return
        took = time.perf_counter() - one.sent
        self._waiting.discard(number)
        self._idle.append(one)
        one.reply()
        found.statuses[one.status] += 1
        found.latest_s = max(found.latest_s, took)
        if took > timeout_s:
            found.late += 1
        elif one.status == 200:
            found.in_time += 1
        if one.status == 200:
            one.upcoming = next(one.requests)

    def _close(self, number: int) -> None:
        self._poll.unregister(number)
        self._open.pop(number).close()
