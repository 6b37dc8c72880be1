"""Streams to two replicas, of which one, both, or their Redis are killed over and over."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import httpx

from tests.builders import tiny_artifact, tiny_family_artifact
from tests.chaos.clients import KINDS, OPENING, Client, Outcome
from tests.chaos.replicas.rotation import Rotation
from tests.chaos.server import Server
from tests.service.stores.redis_server import RedisServer

REPLICAS = (("first",), ("second",), ("first", "second"))
IN_ORDER = 0.2
"""Share of the ends of replicas that are stops, as in a rolling restart."""
SAID_EVERY = 10
"""Kills."""
AGAIN = 0.1
"""Share of the requests that bring observations again that were answered before."""


class Scene:
    """Two replicas, their Redis, and clients that send to whichever is next."""

    def __init__(self, folder: Path, seed: int) -> None:
        tiny_artifact(folder / "artifacts", calendar=())
        tiny_family_artifact(folder / "artifacts")
        self.redis = RedisServer(folder / "redis")
        artifacts = str(folder / "artifacts")
        self.replicas = {
            name: Server(folder, artifacts=artifacts, state_url=self.redis.url, default_model="tiny")
            for name in ("first", "second")
        }
        self.outcomes: list[Outcome] = []
        kinds = [kind for kind in KINDS if not kind.renews]
        self.clients = [Client(number, kind, self.outcomes) for number, kind in enumerate(kinds)]
        self.draw, self.kills, self.again, self.broken = random.Random(seed), Counter[str](), 0, 0
        self.began = time.monotonic()

    async def run(self, kills: int, minutes: float = float("inf")) -> None:
        """The whole scene; ``AssertionError`` at the first thing that is lost, counts twice or is untrue."""
        self.redis.start()
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in self.replicas.values()))
        http, done = Rotation(list(self.replicas.values())), asyncio.Event()
        streaming = [asyncio.create_task(self._stream(client, http, done)) for client in self.clients]
        try:
            until = time.monotonic() + 60 * minutes
            await asyncio.gather(
                self._kill(REPLICAS, 1.5, kills, until, streaming),
                self._kill((("redis",),), 12, kills, until, streaming),
            )
        finally:
            done.set()
            await asyncio.gather(*streaming)
        one = cast(httpx.AsyncClient, http)
        for client in self.clients:
            await client.recover(one)
            await client.check(one)
        await http.close()
        print(f"{self.text()}; each session has the digest and the forecast of one request with all of it", flush=True)

    def text(self) -> str:
        observations = sum(client.answered * len(client.names) for client in self.clients)
        kept = sum(outcome.kept for outcome in self.outcomes)
        kinds = ", ".join(f"{number} of {who}" for who, number in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills ({kinds}): "
            f"{observations} observations of {sum(len(client.names) for client in self.clients)} sessions, {kept} "
            f"requests answered, {len(self.outcomes) - kept} refused, {self.broken} cut off, {self.again} sent again "
            f"after their answer, {time.monotonic() - self.began:.0f} s"
        )

    def close(self) -> None:
        for server in self.replicas.values():
            server.kill()
        self.redis.kill()

    async def _kill(
        self,
        choices: Sequence[tuple[str, ...]],
        pause_s: float,
        kills: int,
        until: float,
        streaming: list[asyncio.Task[None]],
    ) -> None:
        """Kill one of these over and over; the others' turn to be killed may come in the middle of a start."""
        while sum(self.kills.values()) < kills and time.monotonic() < until:
            await asyncio.sleep(self.draw.uniform(0.1, pause_s))
            victims = self.draw.choice(choices)
            in_order = victims != ("redis",) and self.draw.random() < IN_ORDER
            await asyncio.gather(*(asyncio.to_thread(self._end, name, in_order) for name in victims))
            self.kills[" and ".join(victims) + in_order * " in order"] += 1
            await asyncio.sleep(self.draw.choice((0, 0, 0.5)))
            await asyncio.gather(*(asyncio.to_thread(self._of(name).start) for name in victims))
            for task in streaming:
                if task.done():
                    task.result()
            if sum(self.kills.values()) % SAID_EVERY == 0:
                print(self.text(), flush=True)

    def _end(self, name: str, in_order: bool) -> None:
        victim = self._of(name)
        if in_order and isinstance(victim, Server) and victim.process is not None:
            victim.process.terminate()
            victim.process.wait(60)
        victim.kill()

    def _of(self, name: str) -> RedisServer | Server:
        return self.redis if name == "redis" else self.replicas[name]

    async def _stream(self, client: Client, http: Rotation, done: asyncio.Event) -> None:
        """Send on and on; what was cut off or refused is sent again, and now and then what was answered."""
        one, last = cast(httpx.AsyncClient, http), (0, 0)
        while not done.is_set():
            begin, end = client.answered, client.sent
            if client.draw.random() < AGAIN and end > OPENING + 3:
                begin, end = last if client.kind.keyed else (begin - client.draw.randint(1, 3), end)
                self.again += 1
            elif begin == end:
                end += client.step()
            last = begin, end
            try:
                sessions = await client.send(one, begin, end)
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
