"""Whole series without a session go a way of their own: it must say what the general way says."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from statecast.compiled import is_built
from tests.builders import tiny_artifact, tiny_family_artifact
from tests.service.histories.bodies import bodies
from tests.service.histories.scenes import GENERAL, ID, Both, serve, wave
from tests.service.http.live_server import post
from tests.service.streaming.scenes import alike

pytestmark = pytest.mark.skipif(not is_built(), reason="in torch whole series go the general way")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(path, "own", calendar=(), freq=None)
    tiny_artifact(path, "calendar", calendar=("day", "week"))
    tiny_family_artifact(path)
    return path


def test_both_ways_say_the_same(folder: Path) -> None:
    """Which way a request goes is the server's business: a client must not see it in any field of any answer."""

    async def scene(both: Both) -> None:
        loop = asyncio.get_running_loop()
        statuses: set[int] = set()
        codes: set[str] = set()

        @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(bodies())
        def law(body: dict[str, Any]) -> None:
            status, answer = asyncio.run_coroutine_threadsafe(both.same(body), loop).result(60)
            statuses.add(status)
            codes.update(warning["code"] for one in answer.get("forecasts", ()) for warning in one["warnings"])

        await asyncio.to_thread(law)
        assert both.taken > 50 and statuses >= {200, 404, 422}
        assert codes >= {"short_history", "constant_history", "mostly_missing", "calendar_missing"}

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


def test_a_level_costs_no_digits(folder: Path) -> None:
    """A float32 of 1e9 has no place for a wave of 10: what is forecast must not be lost beside what is constant."""

    async def scene(both: Both) -> None:
        for model, freq in (("own", "1h"), ("default", "1h"), ("default", None)):
            body = {"model": model, "horizon": 3, "series": [{"target": [None, *wave(80, 1e9)], "freq": freq}]}
            answers = [(await both.ask(body, *headers))[1]["forecasts"][0]["mean"] for headers in ((), (GENERAL,))]
            np.testing.assert_allclose(*(np.array(one) - 1e9 for one in answers), atol=1e-4)
            low = body | {"series": [{"target": [None, *wave(80)], "freq": freq}]}
            mean = (await both.ask(low))[1]["forecasts"][0]["mean"]
            np.testing.assert_allclose(np.array(answers[0]) - 1e9, np.array(mean) - 50, atol=1e-3)
        assert both.taken == 6

    serve(folder, scene)


def test_weeks_with_a_year_are_the_same(folder: Path) -> None:
    """Whether weeks have a year is what their values say, also where their times are known by heart."""

    async def scene(both: Both) -> None:
        year = (50 + 9 * np.sin(2 * np.pi * np.arange(130) / 52)).round(3).tolist()
        walk = np.random.default_rng(0).normal(size=130).cumsum().round(3).tolist()
        for season, values in ((52, year), (1, walk), (1, year[:103])):
            weeks = [{"target": values, "start": "2026-01-05", "freq": "1w"}]
            _, answer = await both.same({"model": "default", "series": weeks, "horizon": 4})
            assert answer["forecasts"][0]["season"] == season
        assert both.taken == 3

    serve(folder, scene)


def test_bounds_are_the_same(folder: Path) -> None:
    """What never went below 0 is not forecast below it, whichever way it goes, and both say so."""

    async def scene(both: Both) -> None:
        codes: set[str] = set()
        for seed in range(20):
            draw = np.random.default_rng(seed)
            values = np.maximum(0, draw.normal(0, 5, 60)).round(2).tolist()
            body = {"model": "default", "series": [{"target": values}, {"target": values[:40]}], "horizon": 8}
            _, answer = await both.same(body)
            codes.update(warning["code"] for one in answer["forecasts"] for warning in one["warnings"])
        assert "kept_in_bounds" in codes and both.taken > 5

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
