"""``kill -9`` in the middle of a stream: nothing that was answered is lost, nothing counts twice.

``STATECAST_CHAOS_ROUNDS=10 pytest tests/chaos`` kills ten times over.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.builders import tiny_artifact
from tests.chaos.server import Server

ROUNDS = int(os.environ.get("STATECAST_CHAOS_ROUNDS", "3"))
SESSIONS = 20
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    tiny_artifact(tmp_path / "artifacts")
    running = Server(tmp_path, artifacts=str(tmp_path / "artifacts"), state_url=f"sqlite:///{tmp_path}/s.db")
    running.start()
    yield running
    running.kill()


class Stream:
    """One client: it knows what it sent and what was answered."""

    def __init__(self, number: int, rounds: int) -> None:
        draw = np.random.default_rng(number)
        steps = np.arange(400 * (rounds + 1))
        values = 100 + 10 * np.sin(steps * np.pi / 2) + draw.normal(size=steps.size)
        self.values = [None if draw.random() < 0.03 and n else round(float(v), 3) for n, v in enumerate(values)]
        self.random = random.Random(number)
        self.name = f"s{number}"
        self.answered = self.sent = 0

    def body(self, begin: int, end: int, session: str | None) -> dict[str, Any]:
        start = (START + timedelta(hours=begin)).isoformat()
        return {
            "series": [{"start": start, "freq": "1h", "target": self.values[begin:end], "session": session}],
            "horizon": 12,
        }

    async def send(self, client: httpx.AsyncClient, begin: int, end: int) -> dict[str, Any]:
        self.sent = max(self.sent, end)
        reply = await client.post("/forecast", json=self.body(begin, end, self.name))
        assert reply.status_code == 200, reply.text
        forecast = reply.json()["forecasts"][0]
        assert forecast["error"] is None, forecast["error"]
        self.answered = end
        return dict(forecast["session"])

    async def run(self, client: httpx.AsyncClient, seen: "Countdown") -> None:
        """Send on and on, one to three values at a time, until the server is gone."""
        try:
            while True:
                await self.send(client, self.answered, self.answered + self.random.randint(1, 3))
                seen.tick()
        except httpx.TransportError:
            return


class Countdown:
    """Kills the server in the very moment in which so many answers have come, the others still being under way."""

    def __init__(self, server: Server, answers: int) -> None:
        self.server, self.left = server, answers

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.server.kill()


async def recover(stream: Stream, client: httpx.AsyncClient) -> None:
    """After a restart: what was answered is there; sending again what may or may not have arrived is harmless."""
    kept = (await client.get(f"/sessions/{stream.name}")).json()
    assert stream.answered <= kept["count"] <= stream.sent
    begin = max(0, stream.answered - 3)
    session = await stream.send(client, begin, stream.sent)
    assert session["duplicates"] == kept["count"] - begin
    assert session["count"] == stream.sent == session["applied"] + kept["count"]


async def rounds(server: Server) -> None:
    streams = [Stream(n, ROUNDS) for n in range(SESSIONS)]
    pace = random.Random(1)
    for round_ in range(ROUNDS):
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            if round_ == 0:
                await asyncio.gather(*(s.send(client, 0, 50) for s in streams))
            seen = Countdown(server, pace.randint(60, 200))
            await asyncio.gather(*(s.run(client, seen) for s in streams))
        assert any(s.sent > s.answered for s in streams), "the kill hit nobody under way"
        await asyncio.to_thread(server.start)
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            await asyncio.gather(*(recover(s, client) for s in streams))
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        for stream in streams:
            asked = await client.post("/forecast", json={"series": [{"target": [], "session": stream.name}]})
            whole = await client.post("/forecast", json=stream.body(0, stream.sent, None))
            for level, wanted in whole.json()["forecasts"][0]["quantiles"].items():
                got = asked.json()["forecasts"][0]["quantiles"][level]
                np.testing.assert_allclose(got, wanted, atol=1e-4 * 10)  # of the series' scale


def test_kill_in_mid_stream_loses_nothing_that_was_answered(server: Server) -> None:
    asyncio.run(rounds(server))
