"""Clients that stream observations and remember what was answered: what they know is held against the server."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import httpx
import numpy as np
import pyarrow as pa

from tests.tables import arrow_bytes

START = datetime(2026, 1, 1, tzinfo=UTC)
HORIZON, OPENING, BLOCK = 12, 50, 512
REFUSED = ("store_failed", "queue_full", "shutting_down", "loading", "overtaken", "all_series_failed", "timeout")
ARROW = "application/vnd.apache.arrow.stream"


@lru_cache(maxsize=4096)
def _block(number: int, block: int, gaps: bool) -> tuple[float | None, ...]:
    draw = np.random.default_rng((number, block))
    steps = np.arange(block * BLOCK, (block + 1) * BLOCK)
    values = (100 + 10 * np.sin(steps * np.pi / 2) + draw.normal(size=BLOCK)).round(3).tolist()
    missing = draw.random(BLOCK) < 0.03 * gaps
    return tuple(None if missing[n] and steps[n] else value for n, value in enumerate(values))


def values(number: int, begin: int, end: int, gaps: bool) -> list[float | None]:
    """A series that everybody can make again, by its number."""
    return [_block(number, step // BLOCK, gaps)[step % BLOCK] for step in range(begin, end)]


@dataclass(frozen=True)
class Outcome:
    """How a request went: when it was sent and when answered, and whether the store had failed."""

    sent: float
    answered: float
    kept: bool
    store_failed: bool


@dataclass
class Kind:
    """How a client streams."""

    name: str
    sessions: int = 1
    most: int = 1
    arrow: bool = False
    gaps: bool = False
    by_index: bool = False
    model: str = "tiny"
    season: int | None = None
    keyed: bool = False
    """Values have neither time nor index: a request is known by its ``Idempotency-Key`` alone."""
    renews: bool = False
    """Now and then the session is deleted, and another of the same name opened."""


KINDS = (
    Kind("one"), Kind("one"), Kind("one"), Kind("one"),
    Kind("index", by_index=True, model="default", season=7),
    Kind("index", by_index=True, model="default", season=1),
    Kind("many", sessions=8), Kind("many", sessions=8),
    Kind("arrow", sessions=8, arrow=True), Kind("arrow", sessions=1, arrow=True),
    Kind("seasons", sessions=4, arrow=True, model="default", season=24),
    Kind("general", most=3, gaps=True), Kind("general", most=3, gaps=True, model="default", season=7),
    Kind("keyed", keyed=True, most=3), Kind("keyed", keyed=True, sessions=4, model="default", season=7),
    Kind("table", sessions=4, most=2, arrow=True),
    Kind("renews", renews=True),
)  # fmt: skip


@dataclass
class Client:
    """All its sessions are at the same step: ``answered`` for certain, ``sent`` perhaps."""

    number: int
    kind: Kind
    outcomes: list[Outcome]
    answered: int = 0
    sent: int = 0
    life: int = 0
    deleting: bool = False
    refused: int = 0
    late: int = 0
    """Of these for want of time."""
    draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.number)
        self.names = [f"{self.kind.name}-{self.number}-{n}" for n in range(self.kind.sessions)]

    def series(self, place: int, begin: int, end: int, session: str | None) -> dict[str, Any]:
        number = 1_000_000 * self.life + 1000 * self.number + place
        one: dict[str, Any] = {"target": values(number, begin, end, self.kind.gaps), "session": session}
        if self.kind.by_index:
            one["from_index"] = begin
        elif not self.kind.keyed:
            one |= {"start": (START + timedelta(hours=begin)).strftime("%Y-%m-%dT%H:%M:%SZ"), "freq": "1h"}
        return one if begin or self.kind.season is None else one | {"season": self.kind.season}

    def body(self, begin: int, end: int) -> tuple[str, bytes | dict[str, Any]]:
        """Path and content of the request for these steps of all sessions."""
        if not self.kind.arrow or begin == 0:
            series = [self.series(place, begin, end, name) for place, name in enumerate(self.names)]
            return "/forecast", {"series": series, "horizon": HORIZON, "model": self.kind.model}
        rows = [
            (name, START + timedelta(hours=step), value)
            for place, name in enumerate(self.names)
            for step, value in enumerate(self.series(place, begin, end, name)["target"], begin)
        ]
        names, times, targets = (list(column) for column in zip(*rows, strict=True))
        table = pa.table(
            {"item_id": names, "session": names, "timestamp": pa.array(times, pa.timestamp("s", "UTC")),
             "target": pa.array(targets, pa.float64())}
        )  # fmt: skip
        return f"/forecast?horizon={HORIZON}&freq=1h&model={self.kind.model}", arrow_bytes(table)

    async def send(self, http: httpx.AsyncClient, begin: int, end: int) -> list[dict[str, Any]] | None:
        """The sessions of the answer, none of a table's; None where it was refused, in whole or in part."""
        self.sent = max(self.sent, end)
        path, body = self.body(begin, end)
        key = {"idempotency-key": f"{self.names[0]}-{begin}-{end}"} if self.kind.keyed else {}
        began = time.monotonic()
        if isinstance(body, bytes):
            reply = await http.post(path, content=body, headers={"content-type": ARROW})
        else:
            reply = await http.post(path, json=body, headers=key)
        later = reply.status_code in (429, 503) and int(reply.headers["retry-after"]) >= 1
        assert later or reply.status_code in (200, 504), (self.kind, reply, reply.text)
        self.late += reply.status_code == 504
        errors, sessions = _read(reply)
        failed = any("store_failed" in error for error in errors)
        self.outcomes.append(Outcome(began, time.monotonic(), not errors, failed))
        if errors:
            assert all(any(code in error for code in REFUSED) for error in errors), (self.kind, errors)
            self.refused += 1
            return None
        self.answered = max(self.answered, end)
        return sessions

    async def stream(self, http: httpx.AsyncClient, until: Callable[[], bool]) -> None:
        """Send on and on until the server is gone or it is enough; what is refused is sent again."""
        try:
            while not until():
                if self.deleting or (self.kind.renews and self.answered > OPENING and self.draw.random() < 0.02):
                    await self.renew(http)
                    continue
                end = self.sent if self.sent > self.answered else self.answered + self.step()
                if await self.send(http, self.answered, end) is None:
                    await asyncio.sleep(0.05)
        except httpx.TransportError:
            return

    def step(self) -> int:
        return self.draw.randint(1, self.kind.most) if self.answered else OPENING

    async def renew(self, http: httpx.AsyncClient) -> None:
        """Delete the session; the next request opens another one of its name."""
        again, self.deleting = self.deleting, True
        reply = await http.delete(f"/sessions/{self.names[0]}")
        if reply.status_code == 503:
            await asyncio.sleep(0.05)
            return
        assert reply.status_code == 204 or (again and reply.status_code == 404), reply.text
        self.deleting, self.answered, self.sent = False, 0, 0
        self.life += 1

    async def recover(self, http: httpx.AsyncClient) -> int:
        """After a restart: what was answered is there; to send again what may have arrived is harmless.

        Gives how many observations had been kept that nobody was told of.
        """
        found = [await http.get(f"/sessions/{name}") for name in self.names]
        if self.deleting:
            if found[0].status_code == 200:
                await self.renew(http)
            else:
                self.deleting, self.answered, self.sent = False, 0, 0
                self.life += 1
            return 0
        counts = [_count(reply) for reply in found]
        for name, count in zip(self.names, counts, strict=True):
            assert self.answered <= count <= self.sent, f"{name}: {self.answered} answered, {count} kept, {self.sent}"
        before, end = self.answered, self.sent
        begin = max(0, self.answered - self.draw.choice((0, 0, 2)) * (not self.kind.keyed))
        if end == begin:
            return 0
        told = counts
        while (sessions := await self.send(http, begin, end)) is None:
            await asyncio.sleep(0.05)
            told = [_count(await http.get(f"/sessions/{name}")) for name in self.names]
        for session, count in zip(sessions, told if sessions else [], strict=True):
            assert session["duplicates"] + session["applied"] == end - begin, session
            assert session["duplicates"] == count - begin or self.kind.keyed, (session, count)
        for name in self.names:
            kept = (await http.get(f"/sessions/{name}")).json()["count"]
            assert kept == end, f"{name}: {kept} kept, {end} sent"
        return sum(count - before for count in counts)

    async def check(self, http: httpx.AsyncClient) -> None:
        """Each session is as if nothing had ever happened: its digest and its forecast are those of one request."""
        if not self.answered:
            return
        names = list(enumerate(self.names))
        wholes = [self.series(place, 0, self.answered, f"whole-{name}-{self.life}") for place, name in names]
        asked = [{"target": [], "session": name} for name in self.names]
        forecasts = [await _forecasts(http, self.kind.model, series) for series in (asked, wholes)]
        for name, whole, again, once in zip(self.names, wholes, *forecasts, strict=True):
            kept = (await http.get(f"/sessions/{name}")).json()
            assert kept["count"] == once["session"]["count"] == self.answered, (name, kept, once["session"])
            assert kept["digest"] == once["session"]["digest"], name
            scored = sum(value is not None for value in whole["target"][OPENING:])
            assert kept["scores"]["observations"] == scored, (name, kept["scores"], scored)
            scale = 1e-4 * 10  # of how far the series goes up and down
            np.testing.assert_allclose(again["mean"], once["mean"], atol=scale)
            for level, wanted in once["quantiles"].items():
                np.testing.assert_allclose(again["quantiles"][level], wanted, atol=scale)


def _count(reply: httpx.Response) -> int:
    assert reply.status_code in (200, 404), reply.text
    return 0 if reply.status_code == 404 else int(reply.json()["count"])


def _read(reply: httpx.Response) -> tuple[list[str], list[dict[str, Any]]]:
    """What failed, whole or in part, and the sessions of the answer."""
    if reply.status_code != 200:
        return [reply.text], []
    if reply.headers["content-type"].startswith(ARROW):
        table = pa.ipc.open_stream(reply.content).read_all()
        errors = table.column("error").to_pylist() if "error" in table.column_names else []
        return [error for error in errors if error], []
    forecasts = reply.json()["forecasts"]
    return [str(one["error"]) for one in forecasts if one["error"]], [one["session"] for one in forecasts]


async def _forecasts(http: httpx.AsyncClient, model: str, series: list[dict[str, Any]]) -> list[dict[str, Any]]:
    reply = await http.post("/forecast", json={"series": series, "horizon": HORIZON, "model": model})
    found: list[dict[str, Any]] = reply.json()["forecasts"] if reply.status_code == 200 else []
    assert found and not any(one["error"] for one in found), reply.text
    return found


def clients(outcomes: list[Outcome], kinds: tuple[Kind, ...] = KINDS) -> list[Client]:
    return [Client(number, kind, outcomes) for number, kind in enumerate(kinds)]
