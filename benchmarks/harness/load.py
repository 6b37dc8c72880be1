"""Clients that each wait for their answer, as cheap as Python allows: raw sockets, bytes in, bytes out, one thread.

A request costs about 35 microseconds of the client's core, as much as ``wrk`` with a thread per session; an asyncio
client costs over 100 and would be what the benchmark measures. ``measure_ceiling`` prints what it comes to.
"""

import select
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.harness.process import Process, answers, free_port, running_process

_CHUNK = 1 << 20
_PATIENCE_S = 60
_SHOWN = 2000


@dataclass(frozen=True)
class Load:
    """What a number of clients got done."""

    seconds: float
    latencies: list[float]
    """Seconds of each answered request, ascending."""
    client_s: float
    """Processor time of the client."""
    server_s: float
    """Processor time of the server's processes."""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    @property
    def median_ms(self) -> float:
        """Half the answers took less."""
        return 1e3 * statistics.median(self.latencies)

    @property
    def server_us(self) -> float:
        """Microseconds of the server's processor per request; other work on its core does not change it much."""
        return 1e6 * self.server_s / len(self.latencies)

    @property
    def p99_ms(self) -> float:
        """Ninety-nine of a hundred answers took less."""
        return 1e3 * self.latencies[len(self.latencies) * 99 // 100]


class Connection:
    """A socket with one request under way, and the one that comes after it."""

    __slots__ = ("_head", "_left", "_sock", "number", "requests", "sent", "status", "upcoming")

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.requests, self.upcoming = requests, next(requests)
        self._head, self._left, self.status, self.sent, self.number = b"", -1, 0, 0.0, -1

    def open(self, port: int) -> int:
        """Connect; gives the socket's number."""
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self._sock.settimeout(None)  # with one, every call would poll before it does anything
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = self._sock.fileno()
        return self.number

    def close(self) -> None:
        """Until it is opened again."""
        if self.number >= 0:
            self._sock.close()
        self._head, self._left, self.number = b"", -1, -1

    def send(self) -> None:
        """Send what is upcoming."""
        self.sent = time.perf_counter()
        self._sock.sendall(self.upcoming)

    def receive(self) -> bool:
        """Read what is there; whether the answer is complete. ``OSError`` if the server has closed the connection."""
        data = self._sock.recv(_CHUNK)
        if not data:
            raise ConnectionResetError("the server closed a connection without an answer")
        if self._left < 0:
            data = self._head + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._head = data
                return False
            self.status, self._left = int(data[9:12]), _length(data[:end].lower())
            self._head, data = data[:_SHOWN], data[end + 4 :]
        if self._left == sys.maxsize:  # in chunks
            done = data.endswith(b"0\r\n\r\n")
        else:
            self._left -= len(data)
            done = self._left <= 0
        if done:
            self._left = -1
        return done

    def reply(self) -> bytes:
        """The beginning of the last answer, and be ready for the next."""
        shown, self._head = self._head, b""
        return shown


def _length(head: bytes) -> int:
    at = head.find(b"content-length:")
    return int(head[at + 15 :].split(b"\r", 1)[0]) if at >= 0 else sys.maxsize


class Clients:
    """One client per stream of requests; ``run`` may be called again, and goes on where the streams are."""

    def __init__(self, port: int, process: Process, streams: Sequence[Iterator[bytes]]) -> None:
        self._port, self._process = port, process
        self._connections = [Connection(stream) for stream in streams]

    def run(self, seconds: float) -> Load:
        """Send for so long, wait for what is under way; an answer other than 200 ends the benchmark."""
        poll = select.epoll()
        try:
            open_ = {one.open(self._port): one for one in self._connections}
            for number in open_:
                poll.register(number, select.EPOLLIN)
            spent, used, began = self._process.cpu_seconds(), time.process_time(), time.perf_counter()
            latencies = self._answers(poll, open_, began + seconds)
            seconds, used = time.perf_counter() - began, time.process_time() - used
            return Load(seconds, sorted(latencies), used, self._process.cpu_seconds() - spent)
        finally:
            for one in self._connections:
                one.close()
            poll.close()

    def _answers(self, poll: select.epoll, open_: dict[int, Connection], end: float) -> list[float]:
        """Seconds of each answer."""
        latencies, waiting = [], len(open_)
        for one in self._connections:
            _send_next(one)
        while waiting:
            events = poll.poll(_PATIENCE_S)
            if not events:
                raise SystemExit(f"no answer within {_PATIENCE_S} s")
            for number, _ in events:
                one = open_[number]
                if not one.receive():
                    continue
                now, reply = time.perf_counter(), one.reply()
                if one.status != 200:
                    raise SystemExit(f"expected 200, got {one.status}: {reply!r}")
                latencies.append(now - one.sent)
                if now < end:
                    _send_next(one)
                else:
                    waiting -= 1
        return latencies


def _send_next(one: Connection) -> None:
    """Send, and prepare the next request while the server works."""
    one.send()
    one.upcoming = next(one.requests)


def measure_ceiling(streams: Sequence[Iterator[bytes]], seconds: float = 2.0) -> float:
    """Requests per second that these clients would come to if the server took no time: by their own processor time."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.harness.echo", str(port)]
    with running_process(command, answers(f"http://127.0.0.1:{port}/"), environment={}, pinned=True) as process:
        load = Clients(port, process, streams).run(seconds)
    return len(load.latencies) / load.client_s


def alternate(rounds: int, turns: Sequence[Callable[[], Load]]) -> list[list[Load]]:
    """Loads of each turn, the turns taken one after the other in each round, every other round backwards."""
    found: list[list[Load]] = [[] for _ in turns]
    for number in range(rounds):
        order = range(len(turns)) if number % 2 == 0 else reversed(range(len(turns)))
        for place in order:
            found[place].append(turns[place]())
    return found


def middle(loads: Sequence[Load]) -> Load:
    """The load of the median rate."""
    return sorted(loads, key=lambda load: load.rate)[len(loads) // 2]
