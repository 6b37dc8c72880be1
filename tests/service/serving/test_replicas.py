"""Two services on one Redis: any of them goes on with any session, and both at once apply each observation once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from service.serving.forecasts import ForecastService
from tests.builders import tiny_artifact, tiny_generator_artifact
from tests.service.http_client import serving, settings_of
from tests.service.stores.conformance import url_of
from tests.service.stores.redis_server import RedisServer

Clients = list[httpx.AsyncClient]
VALUES = (50 + 10 * np.sin(np.arange(400) * np.pi / 2) + np.random.default_rng(0).normal(size=400)).round(3).tolist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_artifact(tmp_path / "artifacts")
    tiny_generator_artifact(tmp_path / "artifacts")
    return tmp_path / "artifacts"


@asynccontextmanager
async def replicas(folder: Path, url: str, **settings: Any) -> AsyncIterator[Clients]:
    plain = settings_of(folder, state_url=url, default_model="tiny", **settings)
    async with serving(plain) as (first, _), serving(plain) as (second, _):
        yield [first, second]


def play(folder: Path, scene: Callable[[Clients], Awaitable[None]], **settings: Any) -> None:
    async def run() -> None:
        async with replicas(folder, url_of("redis", folder), **settings) as clients:
            await scene(clients)

    asyncio.run(run())


async def send(client: httpx.AsyncClient, begin: int, end: int, session: str = "s") -> httpx.Response:
    series = {"target": VALUES[begin:end], "from_index": begin, "session": session}
    return await client.post("/forecast", json={"series": [series]})


async def told(client: httpx.AsyncClient, begin: int, end: int, session: str = "s") -> dict[str, Any]:
    answer = await send(client, begin, end, session)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["forecasts"][0]
    assert found["error"] is None, found
    return found


def test_any_replica_goes_on_with_any_session(folder: Path) -> None:
    """A replica that trusted its own memory would forget what the other was told."""

    async def scene(clients: Clients) -> None:
        turn = cycle(clients)
        for begin, end in [(0, 60), *((n, n + 1) for n in range(60, 90)), (90, 97), (97, 98)]:
            found = await told(next(turn), begin, end)
            assert (found["session"]["applied"], found["session"]["count"]) == (end - begin, end)
        once = await told(clients[0], 0, 98, "once")
        for client in clients:
            again = await told(client, 98, 98)
            assert again["session"]["digest"] == once["session"]["digest"]
            np.testing.assert_allclose(again["mean"], once["mean"], atol=1e-3)
            shown = (await client.get("/sessions/s")).json()
            assert shown["count"] == 98 and shown["scores"] == (await clients[0].get("/sessions/s")).json()["scores"]

    play(folder, scene)


def test_what_was_read_elsewhere_is_a_duplicate_and_a_contradiction_is_refused(folder: Path) -> None:
    """By what it remembers, the other replica would read both anew."""

    async def scene(clients: Clients) -> None:
        first, second = clients
        for client in clients:
            await told(client, 0, 40)
        await told(first, 40, 50)
        again = await told(second, 45, 50)
        assert (again["session"]["applied"], again["session"]["duplicates"]) == (0, 5)
        series = {"target": [VALUES[49] + 1], "from_index": 49, "session": "s"}
        refused = await second.post("/forecast", json={"series": [series]})
        assert (refused.status_code, refused.json()["code"]) == (409, "conflicting_observation")
        assert (await first.delete("/sessions/s")).status_code == 204
        assert (await second.get("/sessions/s")).status_code == 404
        assert (await send(second, 50, 50)).status_code == 404
        assert (await second.delete("/sessions/s")).status_code == 404
        assert (await told(second, 0, 3))["session"]["opened"] is True
        assert (await told(first, 3, 4))["session"]["count"] == 4

    play(folder, scene)


def test_both_at_once_apply_each_observation_once_and_in_order(folder: Path) -> None:
    """Each observation comes to both replicas at the same time; one applies it, to the other it is a duplicate."""

    async def scene(clients: Clients) -> None:
        await told(clients[0], 0, 50)
        for step in range(50, 110):
            answers = await asyncio.gather(*(told(client, step, step + 1) for client in clients * 2))
            applied = [answer["session"]["applied"] for answer in answers]
            assert sorted(applied) == [0, 0, 0, 1] and {one["session"]["count"] for one in answers} == {step + 1}
        once = await told(clients[1], 0, 110, "once")
        assert (await told(clients[0], 110, 110))["session"]["digest"] == once["session"]["digest"]

    play(folder, scene)


def test_one_request_at_both_at_once_under_a_key_is_applied_once(folder: Path) -> None:
    """A proxy or an impatient client sends it to the other replica too; values without an index would count twice."""

    async def scene(clients: Clients) -> None:
        await told(clients[0], 0, 50)
        for step in range(50, 80):
            body, key = {"series": [{"target": [VALUES[step]], "session": "s"}]}, {"Idempotency-Key": str(step)}
            answers = await asyncio.gather(*(one.post("/forecast", json=body, headers=key) for one in clients * 2))
            assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
            assert len({answer.content for answer in answers}) == 1
        once = await told(clients[1], 0, 80, "once")
        assert (await told(clients[0], 80, 80))["session"]["digest"] == once["session"]["digest"]

    play(folder, scene)


def test_many_sessions_of_one_request_are_raced_for_one_by_one(folder: Path) -> None:
    """A batch of which one session was advanced elsewhere must neither fail the others nor apply them twice."""
    names = [f"s{n}" for n in range(12)]

    async def advance(client: httpx.AsyncClient, some: list[str], begin: int, end: int) -> list[dict[str, Any]]:
        series = [{"target": VALUES[begin:end], "from_index": begin, "session": name} for name in some]
        answer = await client.post("/forecast", json={"series": series})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["forecasts"]
        return found

    async def scene(clients: Clients) -> None:
        await advance(clients[0], names, 0, 40)
        for step in range(40, 60):
            two = await asyncio.gather(
                advance(clients[0], names, step, step + 1), advance(clients[1], names[step % 5 :: 2], step, step + 1)
            )
            assert not any(one["error"] for answer in two for one in answer)
            assert {one["session"]["count"] for answer in two for one in answer} == {step + 1}
            assert sum(one["session"]["applied"] for answer in two for one in answer) == len(names)
        # The same session twice in one request: the second piece goes on from the first, however often they are raced.
        for step in range(60, 80):
            series = [{"target": [VALUES[n]], "from_index": n, "session": "s0"} for n in (2 * step - 60, 2 * step - 59)]
            two = await asyncio.gather(*(client.post("/forecast", json={"series": series}) for client in clients))
            for answer in two:
                assert [one["error"] for one in answer.json()["forecasts"]] == [None, None], answer.text
        assert (await clients[0].get("/sessions/s0")).json()["count"] == 100

    play(folder, scene)


def test_what_a_larger_request_has_kept_is_not_done_again(folder: Path) -> None:
    """It is computed in several batches. One that comes too late must not have the others applied twice."""
    names = [f"s{n}" for n in range(6)]

    async def advance(client: httpx.AsyncClient, some: list[str]) -> list[dict[str, Any]]:
        answer = await client.post("/forecast", json={"series": [{"target": [50.0], "session": one} for one in some]})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["forecasts"]
        return found

    async def scene(clients: Clients) -> None:
        for name in names:
            await told(clients[0], 0, 40, name)
        for late in (names[-1], names[0]):
            await advance(clients[0], names)  # which are streamed here from now on
            before = [(await clients[1].get(f"/sessions/{name}")).json()["count"] for name in names]
            await advance(clients[1], [late])
            answers = await advance(clients[0], names)
            failed = [one["session"] is None for one in answers]
            assert {one["error"]["code"] for one in answers if one["error"]} <= {"overtaken"}
            after = [(await clients[1].get(f"/sessions/{name}")).json()["count"] for name in names]
            grown = [later - count for count, later in zip(before, after, strict=True)]
            assert grown == [1 + (name == late) - lost for name, lost in zip(names, failed, strict=True)]

    play(folder, scene, batch_rows=2)


def test_a_text_goes_on_on_any_replica(folder: Path) -> None:
    """Its next words are those that one server alone would have written."""

    async def write(client: httpx.AsyncClient, prompt: str, session: str) -> str:
        body = {"model": "letters", "prompt": prompt, "max_tokens": 6, "seed": 3, "session": session}
        answer = await client.post("/generate", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["choices"][0]["text"])

    async def scene(clients: Clients) -> None:
        turn = cycle(clients)
        pieces = [await write(next(turn), prompt, "both") for prompt in ("a", "", "b", "")]
        assert pieces == [await write(clients[0], prompt, "one") for prompt in ("a", "", "b", "")]

    play(folder, scene)


def test_a_session_used_elsewhere_does_not_expire_here(folder: Path) -> None:
    """A replica that saw it last an hour ago would answer 410 for a session that is in use."""

    async def scene(clients: Clients) -> None:
        first, second = clients
        for client in clients:
            await told(client, 0, 10)
        begun, later = time.time(), 70.0
        for client in clients:
            sessions = _service(client).runtime.sessions
            sessions.certain = sessions.now = lambda: begun + later
        await told(first, 10, 11)
        later = 140.0
        assert (await told(second, 11, 12))["session"]["count"] == 12
        later = 400.0
        assert (await send(first, 12, 13)).status_code == (await send(second, 12, 13)).status_code == 410

    play(folder, scene, session_ttl_s=100)


def _service(client: httpx.AsyncClient) -> ForecastService:
    app: Any = client._transport.app  # type: ignore[attr-defined]
    found: ForecastService = app.state.container.services.forecasts
    return found


def test_while_redis_is_away_requests_say_so_and_then_all_goes_on(folder: Path, tmp_path: Path) -> None:
    """What was answered is there; nobody has to start the service again."""
    server = RedisServer(tmp_path / "redis")
    server.start()

    async def scene(clients: Clients) -> None:
        for client in clients:
            assert (await client.get("/ready")).json()["store"] == {"name": "redis", "durable": True}
        await told(clients[0], 0, 30)
        server.kill()
        for client in clients:
            for answer in (await send(client, 30, 31), await client.get("/sessions/s"), await client.get("/ready")):
                assert (answer.status_code, answer.json()["code"]) == (503, "store_failed"), answer.text
                assert int(answer.headers["retry-after"]) >= 1
        server.start()
        for client in clients:
            assert (await client.get("/ready")).status_code == 200
        assert (await told(clients[1], 30, 31))["session"]["count"] == 31

    async def run() -> None:
        async with replicas(folder, server.url) as clients:
            await scene(clients)

    try:
        asyncio.run(run())
    finally:
        server.kill()
