"""A client that holds one conversation, and notes what was wrong with the answers."""

import asyncio
import os
from collections import Counter, deque
from contextlib import suppress
from pathlib import Path

from tests.chaos.server import Server
from tests.fuzz import wire
from tests.fuzz.judge import fault_of
from tests.fuzz.request import Conversation, RawRequest

_PATIENCE_S = 60.0
_SHORT_S = 0.3
"""For an answer to a request that says wrongly how long it is, which may never come."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Client:
    """Holds a conversation once.

    Attributes
    ----------
    statuses : Counter of int
        Of all answers.
    answers : list of (RawRequest, Answer)
        In the order in which they came.
    faults : list of str
        What was wrong.
    slowest : (float, RawRequest or None)
        Longest time that the server computed between a request and its answer, and for which one.
    """

    def __init__(self, server: Server, conversation: Conversation) -> None:
        self._server, self._conversation = server, conversation
        self._waiting: deque[tuple[RawRequest, float]] = deque()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.statuses: Counter[int] = Counter()
        self.answers: list[tuple[RawRequest, wire.Answer]] = []
        self.faults: list[str] = []
        self.slowest: tuple[float, RawRequest | None] = (0.0, None)

    async def hold(self) -> None:
        """Send all that there is, read all that comes."""
        try:
            for request in self._conversation:
                await self._send(request)
            await self._read_all()
        except OSError as error:
            self.faults.append(f"no connection: {error}")
            self._restart()
        finally:
            self._leave()

    async def _send(self, request: RawRequest) -> None:
        if self._streams is None:
            host, port = self._server.url.removeprefix("http://").rsplit(":", 1)
            self._streams = await asyncio.open_connection(host, int(port), limit=2**20)
        self._waiting.append((request, computed(self._server)))
        with suppress(ConnectionError):  # the server may have refused it already; its answer says so
            await wire.write(self._streams[1], request)
        if request.ending in ("unread", "midway"):
            self._leave()
        elif request.ending == "read":
            await self._read_all()

    async def _read_all(self) -> None:
        while self._waiting and self._streams is not None:
            request, began = self._waiting[0]
            odd = request.raw or wire.declares_length(request)
            try:
                async with asyncio.timeout(_SHORT_S if odd else _PATIENCE_S):
                    answer = await wire.read(self._streams[0], request.method)
            except (wire.Unfinished, TimeoutError, ValueError, KeyError) as error:
                if not odd:
                    self.faults.append(f"{request.method} {request.path[:60]!r}: no answer, {error!r}")
                self._leave()
                return
            self._waiting.popleft()
            self._note(request, answer, computed(self._server) - began)
            if answer.last or odd:
                self._leave()

    def _note(self, request: RawRequest, answer: wire.Answer, took: float) -> None:
        self.statuses[answer.status] += 1
        self.answers.append((request, answer))
        if took > self.slowest[0]:
            self.slowest = took, request
        if fault := fault_of(request, answer):
            self.faults.append(f"{request.method} {request.path[:60]!r}: {fault}")

    def _leave(self) -> None:
        """End the connection, and with it what is still to be answered."""
        if self._streams is not None:
            self._streams[1].transport.abort()
        self._streams = None
        self._waiting.clear()

    def _restart(self) -> None:
        process = self._server.process
        if process is not None and process.poll() is not None:
            self.faults.append(f"the server ended with {process.returncode}")
            self._server.kill()
            self._server.start()


def computed(server: Server) -> float:
    """Seconds that a server has computed since it began."""
    assert server.process is not None
    try:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
