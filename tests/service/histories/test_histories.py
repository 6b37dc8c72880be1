"""Whole series without a session go a way of their own: it must say what the general way says."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.app import create_app
from tests.builders import tiny_artifact, tiny_family_artifact
from tests.service.http.live_server import Client, Live, listening, play, post
from tests.service.http_client import settings_of
from tests.service.streaming.scenes import alike

ID = b"X-Request-ID: mine"
GENERAL = b"Prefer: anything"
"""A header that has the app answer."""
MODELS = ("own", "calendar", "default")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(path, "own", calendar=(), freq=None)
    tiny_artifact(path, "calendar", calendar=("day", "week"))
    tiny_family_artifact(path)
    return path


class Both:
    """A warm server whose histories are counted, and two connections to it."""

    def __init__(self, app: Any, live: Live, clients: list[Client]) -> None:
        self.clients, self.connect, self.taken = clients, live.client, 0
        self.lane = app.state.container.services.histories
        self._accept = self.lane.accept
        self.lane.accept = self._counted

    def _counted(self, request: Any) -> bool:
        took: bool = self._accept(request)
        self.taken += took
        return took

    async def ask(self, body: bytes | dict[str, Any], *headers: bytes) -> tuple[int, Any]:
        """Status and answer of one way, by the headers."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        client = self.clients[GENERAL in headers]
        client.send(post(b"/forecast", data, ID, b"Content-Type: application/json", *headers))
        status, _, answer = await client.answer()
        return status, json.loads(answer)

    async def same(self, body: bytes | dict[str, Any]) -> tuple[int, Any]:
        """The answer, which both ways give."""
        short, general = await self.ask(body), await self.ask(body, GENERAL)
        assert short[0] == general[0], (short, general)
        alike(short[1], general[1])
        return short


def serve(folder: Path, scene: Callable[[Both], Awaitable[None]], **changes: Any) -> None:
    async def inside() -> None:
        app = create_app(settings_of(folder, **changes))
        async with (
            app.router.lifespan_context(app),
            listening(app, app.state.connections) as live,
        ):
            await app.state.warming
            await scene(Both(app, live, [await live.client(), await live.client()]))

    play(inside, 300)


def wave(steps: int, level: float = 50.0) -> list[float | None]:
    hours = np.arange(steps)
    found: list[float | None] = (level + 10 * np.sin(hours * np.pi / 12) + hours % 5).round(3).tolist()
    return found


def mostly(draw: st.DrawFn, usual: list[Any], others: list[Any]) -> Any:
    """One of the usual, now and then one of the others."""
    return draw(st.sampled_from(others if draw(st.integers(0, 11)) == 11 else usual))


@st.composite
def targets(draw: st.DrawFn) -> list[float | None]:
    steps = draw(st.sampled_from([1, 2, 3, 7, 20, 50, 80, 120, 336]))
    values = wave(steps, draw(st.sampled_from([0.0, 50.0, -2e4, 1e9])))
    kind = mostly(draw, ["wave", "wave", "constant", "gaps", "sparse", "late"], ["extreme", "none"])
    if kind == "constant":
        values = [5.0] * steps
    elif kind in ("gaps", "sparse"):
        share = 0.2 if kind == "gaps" else 0.9
        gone = np.random.default_rng(draw(st.integers(0, 9))).random(steps) < share
        values = [None if hole else value for value, hole in zip(values, gone, strict=True)]
    elif kind == "late":
        values = [None] * (steps // 2) + values[steps // 2 :]
    elif kind == "extreme":
        values[-1] = draw(st.sampled_from([1e20, -1e30, 3.3e38, 3.5e38, 0.0, -0.0, 1, 2**53 + 1, True, "5"]))
    elif kind == "none":
        values = [None] * steps
    return values


@st.composite
def series(draw: st.DrawFn) -> dict[str, Any]:
    one: dict[str, Any] = {"target": draw(targets())}
    times = mostly(draw, ["both", "both", "freq", "neither", "index"], ["start", "late", "wrong"])
    if times in ("both", "freq", "late"):
        one["freq"] = mostly(draw, ["1h", "h"], ["15min", "1d", "1mo", "MS", "W-SUN", "", "parsec"])
    if times in ("both", "start"):
        zone = draw(st.sampled_from(["Z", "+02:00", ""]))
        one["start"] = draw(st.sampled_from(["2026-01-01T00:00:00", "2026-01-31T07:30:00"])) + zone
    elif times == "late":
        one["start"] = "9999-12-30T00:00:00Z"
    elif times == "wrong":
        one["start"], one["from_index"] = "some day", 5
    elif times == "index":
        one["from_index"] = mostly(draw, [0, 7], [2**60])
    if draw(st.booleans()):
        one["item_id"] = mostly(draw, ["a", "ö", None], ["", "tab\there"])
    if draw(st.integers(0, 4)) == 0:
        one["season"] = mostly(draw, [None, 1, 12, 24], [600, 0])
    return one


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    body: dict[str, Any] = {"series": draw(st.lists(series(), min_size=1, max_size=2))}
    body["model"] = mostly(draw, list(MODELS), ["nobody"])
    for name, usual, others in (
        ("horizon", [1, 3, 12, None], [24, 25, 100]),
        ("quantile_levels", [[0.1, 0.5, 0.9], [0.25], [0.5, 0.1], None], [[0.5, 0.5], [0.001], []]),
        ("timeout_ms", [60_000, None], [10**9, 0]),
    ):
        if draw(st.booleans()):
            body[name] = mostly(draw, usual, others)
    return body


def test_both_ways_say_the_same(folder: Path) -> None:
    """Which way a request goes is the server's business: a client must not see it in any field of any answer."""

    async def scene(both: Both) -> None:
        loop = asyncio.get_running_loop()
        statuses: set[int] = set()

        @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(bodies())
        def law(body: dict[str, Any]) -> None:
            status, _ = asyncio.run_coroutine_threadsafe(both.same(body), loop).result(60)
            statuses.add(status)

        await asyncio.to_thread(law)
        assert both.taken > 50 and statuses >= {200, 404, 422}

    serve(folder, scene)


NOT_PLAIN = [
    b'{"series": [{"target": [1.0, 2.0], "target": [3.0]}]}', b'{"series": [{"target": ["1.0"]}]}', b"[]", b"{",
    b'{"series": [{"target": [true, 1.0]}]}', b'{"series": [{"target": [[1.0], [2.0]]}]}', b'{"series": []}',
    b'{"series": [{"target": {"a": [1.0, 2.0]}}]}', b'{"series": [{"target": []}]}', b'{"series": [{"target": null}]}',
    b'{"series": [{"target": [1e400]}]}', b'{"series": [{"target": [NaN]}]}', b'\xff{"series": [{"target": [1.0]}]}',
    b'{"series": [{"target": [123456789012345678901234567890]}]}', b'{"series": [{"target": [1.0]}], "x": 1}',
    b'{"series": [{"target": [1.0], "past_covariates": {"x": [1.0]}}]}',
    b'{"series": [{"target": [1.0]}], "horizon": 2.0}', b'{"series": [{"target": [1.0], "open": true}]}',
    b'{"series": [{"target": [1.0, null, 3.0]}], "missing": "error"}',
    b'{"series": [{"target": [1.0, 2.0], "timestamps": ["2026-01-01", "2026-01-02"]}], "include": ["baseline"]}',
    b'{"series": [{"target": [1.0, 2.0], "start": 1767225600, "freq": "1h"}]}',
]  # fmt: skip


def test_what_is_not_plain_goes_the_general_way(folder: Path) -> None:
    """Else a body that is refused there would be answered here, or the other way round."""

    async def scene(both: Both) -> None:
        for body in NOT_PLAIN:
            await both.same(body)
        assert both.taken == 0

    serve(folder, scene)


def test_many_are_computed_together(folder: Path) -> None:
    """Each client gets the forecast of its own series, whatever lies beside it in a batch."""

    async def scene(both: Both) -> None:
        wanted = [
            {"model": "default", "horizon": 2 + n % 3, "quantile_levels": [0.5] if n % 2 else [0.1, 0.9],
             "series": [{"target": wave(40 + 7 * (n % 4), 10.0 * n), "freq": "1h"}] * (1 + n % 2)}
            for n in range(40)
        ]  # fmt: skip
        alone = [await both.ask(body) for body in wanted]
        client = both.clients[0]
        for body in wanted:
            client.send(post(b"/forecast", json.dumps(body).encode(), ID, b"Content-Type: application/json"))
        for status, answer in alone:
            got = await client.answer()
            assert (got[0], status) == (200, 200)
            alike(json.loads(got[2]), answer)

    serve(folder, scene)


def test_a_batch_that_fails_is_answered_all_the_same(folder: Path) -> None:
    """A fault of this way must not be the client's: the general way is there."""

    async def scene(both: Both) -> None:
        body = {"model": "default", "series": [{"target": wave(50)}], "horizon": 3}
        _, usual = await both.ask(body)

        def fail(*_: Any) -> Any:
            raise ZeroDivisionError

        run, both.lane._runner.run = both.lane._runner.run, fail
        alike((await both.ask(body))[1], usual)
        both.lane._runner.run = run
        assert both.taken == 2
        alike((await both.ask(body))[1], usual)

    serve(folder, scene)


def test_what_would_come_too_late_is_dropped(folder: Path) -> None:
    """Else the engine would work for clients that have given up, and those behind them would have to wait for it."""

    async def scene(both: Both) -> None:
        body = {"model": "default", "series": [{"target": wave(50)}], "horizon": 3}
        await both.ask(body)
        begun, go, runs = threading.Event(), threading.Event(), []
        run = both.lane._runner.run

        def wait(*arguments: Any) -> Any:
            runs.append(arguments)
            begun.set()
            assert go.wait(10)
            return run(*arguments)

        both.lane._runner.run = wait
        first = asyncio.ensure_future(both.ask(body))
        await asyncio.to_thread(begun.wait, 10)
        client = await both.connect()
        client.send(post(b"/forecast", json.dumps(body | {"timeout_ms": 30}).encode(), ID))
        await asyncio.sleep(0.05)
        go.set()
        assert (await first)[0] == 200
        assert (await client.answer())[0] in (429, 504) and len(runs) == 1

    serve(folder, scene)
