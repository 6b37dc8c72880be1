"""Two replicas on one Redis, and clients that stream to whichever is next."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import httpx

from benchmarks.harness.process import free_port
from tests.builders import tiny_artifact, tiny_family_artifact
from tests.chaos.clients import KINDS, OPENING, Client, Kind, Outcome
from tests.chaos.replicas.gateway import Gateway
from tests.chaos.replicas.rotation import Rotation
from tests.chaos.server import Server
from tests.service.stores.redis_server import RedisServer

WIDE = (Kind("wide", sessions=64), Kind("wide", sessions=64, arrow=True))
AGAIN = 0.1
"""Share of the requests that bring observations again that were answered before."""


class Scene:
    """What befalls replicas and Redis is told by a course; nothing of it may be lost or count twice.

    Redis syncs its append-only file before it answers. Requests go round robin, by nginx where ``gateway`` says so.
    """

    def __init__(self, folder: Path, gateway: bool = False) -> None:
        tiny_artifact(folder / "artifacts", calendar=())
        tiny_family_artifact(folder / "artifacts")
        self.redis = RedisServer(folder / "redis")
        # nginx has to know where they will be; else each start has a port that nobody took meanwhile.
        artifacts, ports = str(folder / "artifacts"), (free_port(), free_port()) if gateway else (0, 0)
        self.replicas = {
            name: Server(folder, artifacts=artifacts, state_url=self.redis.url, default_model="tiny", port=str(port))
            for name, port in zip(("first", "second"), ports, strict=True)
        }
        self.gateway = Gateway(folder / "gateway", ports) if gateway else None
        self.outcomes: list[Outcome] = []
        kinds = [kind for kind in (*KINDS, *WIDE) if not kind.renews]
        self.clients = [Client(number, kind, self.outcomes) for number, kind in enumerate(kinds)]
        self.done, self.again, self.broken = Counter[str](), 0, 0
        self.began = time.monotonic()
        self._streaming: list[asyncio.Task[None]] = []

    async def run(self, course: Callable[["Scene"], Awaitable[None]]) -> None:
        """The whole scene; ``AssertionError`` at the first thing that is lost, counts twice or is untrue."""
        self.redis.start()
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in self.replicas.values()))
        if self.gateway is not None:
            self.gateway.start()
        over = asyncio.Event()
        async with self._connected() as http:
            self._streaming = [asyncio.create_task(self._stream(client, http, over)) for client in self.clients]
            try:
                await course(self)
            finally:
                over.set()
                await asyncio.gather(*self._streaming)
            for client in self.clients:
                await client.recover(http)
                await client.check(http)
        print(f"{self.text()}; each session has the digest and the forecast of one request with all of it", flush=True)

    def note(self, what: str) -> None:
        """Count what was done; fails with the first client that found something wrong."""
        self.done[what] += 1
        for task in self._streaming:
            if task.done():
                task.result()

    def text(self) -> str:
        observations = sum(client.answered * len(client.names) for client in self.clients)
        kept = sum(outcome.kept for outcome in self.outcomes)
        kinds = ", ".join(f"{number} of {what}" for what, number in sorted(self.done.items()))
        return (
            f"{sum(self.done.values())} events ({kinds}): "
            f"{observations} observations of {sum(len(client.names) for client in self.clients)} sessions, {kept} "
            f"requests answered, {len(self.outcomes) - kept} refused, {self.broken} cut off, {self.again} sent again "
            f"after their answer, {time.monotonic() - self.began:.0f} s"
        )

    def close(self) -> None:
        if self.gateway is not None:
            self.gateway.kill()
        for server in self.replicas.values():
            server.kill()
        self.redis.kill()

    def _connected(self) -> httpx.AsyncClient:
        limits = httpx.Limits(keepalive_expiry=2)
        if self.gateway is not None:
            return httpx.AsyncClient(base_url=self.gateway.url, timeout=60, limits=limits)
        return cast(httpx.AsyncClient, Rotation(list(self.replicas.values()), limits))

    async def _stream(self, client: Client, http: httpx.AsyncClient, over: asyncio.Event) -> None:
        """Send on and on; what was cut off or refused is sent again, and now and then what was answered."""
        last = 0, 0
        while not over.is_set():
            begin, end = client.answered, client.sent
            if client.draw.random() < AGAIN and end > OPENING + 3:
                begin, end = last if client.kind.keyed else (begin - client.draw.randint(1, 3), end)
                self.again += 1
            elif begin == end:
                end += client.step()
            last = begin, end
            try:
                sessions = await client.send(http, begin, end)
            except httpx.TransportError:
                self.broken += 1
                await asyncio.sleep(0.05)
                continue
            if sessions is None:
                await asyncio.sleep(0.05)
                continue
            for session in sessions:
                assert session["count"] == end, (client.kind, session, begin, end)
                assert session["applied"] + session["duplicates"] == end - begin, (client.kind, session, begin, end)
