"""The service without HTTP, on a real network: sessions equal whole histories, and nothing is half done."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch

from service.errors import (
    Conflict,
    Expired,
    ExpiredSession,
    Loading,
    QueueFull,
    ServiceError,
    UnknownSession,
    Unprocessable,
)
from service.forecasting import Forecasting
from service.jobs import Answer, Arrival
from service.metrics import Metrics
from service.models import Catalogue, Model
from service.settings import Settings
from service.stores import StoreError
from service.stores.memory import MemoryStore
from statecast.artifact import save
from statecast.config import ForecasterConfig
from statecast.forecaster import Forecaster

NAN = float("nan")
CONFIG = ForecasterConfig(
    freq="1h",
    horizon=6,
    season=4,
    patch_length=4,
    ring_length=32,
    half_life=20.0,
    resolutions=(1, 6),
    width=8,
    segment_length=4,
    calendar=("day",),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifacts")
    for version in ("1", "2", "10"):
        torch.manual_seed(int(version))
        network = Forecaster(CONFIG)
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.2)
        save(path / f"v{version}", network, {"name": "tiny", "version": version})
    return path


@pytest.fixture(scope="module")
def catalogue(folder: Path) -> Catalogue:
    return Catalogue.load(folder, None, "cpu")


@asynccontextmanager
async def running(catalogue: Catalogue, store=None, **settings) -> AsyncIterator[Forecasting]:
    plain = {"state_url": "memory://", "resident_sessions": 16}
    forecasting = Forecasting(catalogue, Settings(**(plain | settings)), Metrics(), store)
    await forecasting.start()
    try:
        yield forecasting
    finally:
        await forecasting.stop(5)


def series(steps: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    values = 50 + 10 * np.sin(np.arange(steps) * np.pi / 2) + draw.normal(size=steps)
    values[draw.random(steps) < 0.05] = NAN
    values[0] = 50
    return values.astype(np.float32)


def arrival(values, begin: int | None = 500_000, **fields) -> Arrival:
    target = np.atleast_2d(np.asarray(values, np.float32))
    steps = target.shape[1]
    plain = Arrival(
        target=target,
        past=np.zeros((steps, 0), np.float32),
        known=np.zeros((steps, 0), np.float32),
        future=np.zeros((6, 0), np.float32),
        static=np.zeros(0, np.float32),
        variables=("",) if len(target) == 1 else tuple(f"v{n}" for n in range(len(target))),
        freq="1h" if begin is not None else None,
        clocks=None if begin is None else np.arange(begin, begin + steps, dtype=np.int64),
    )
    return replace(plain, **fields)


def play(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scene())  # type: ignore[arg-type]


def close(a: Answer, b: Answer, tolerance: float = 1e-4) -> None:
    np.testing.assert_allclose(a.result.quantiles, b.result.quantiles, atol=tolerance * 10)
    assert a.start == b.start


def test_any_split_forecasts_like_the_whole(catalogue: Catalogue) -> None:
    values = series(300)

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            whole = await service.forecast(model, arrival(values))
            begin = 0
            for cut in (40, 41, 42, 170, 299, 300):
                part = arrival(values[begin:cut], 500_000 + begin, session="s")
                answer = await service.forecast(model, part)
                begin = cut
            close(answer, whole)
            assert answer.session is not None
            assert (answer.session["count"], answer.session["applied"]) == (300, 1)
            again = await service.forecast(model, arrival(values, session="s"))
            np.testing.assert_array_equal(again.result.quantiles, answer.result.quantiles)
            assert again.session is not None
            assert (again.session["duplicates"], again.session["digest"]) == (300, answer.session["digest"])
            asked = await service.forecast(model, arrival([], None, session="s"))
            np.testing.assert_array_equal(asked.result.quantiles, answer.result.quantiles)
            assert (asked.freq, asked.start) == ("1h", 500_300)
            notebook = model.artifact.forecast(values, start=np.datetime64(500_000 * 3600, "s"))
            np.testing.assert_allclose(whole.result.mean[0], notebook.mean, atol=1e-3)

    play(scene)


def test_a_forecast_does_not_depend_on_its_batch(catalogue: Catalogue) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            arrivals = [arrival(series(64, n), session=None if n % 2 else f"s{n}") for n in range(30)]
            together = await asyncio.gather(*(service.forecast(model, a) for a in arrivals))
            alone = [await service.forecast(model, replace(a, session=None)) for a in arrivals]
            for a, b in zip(together, alone, strict=True):
                close(a, b, 1e-5)

    play(scene)


def test_several_variables_share_a_session(catalogue: Catalogue) -> None:
    both = np.stack([series(50, 1), series(50, 2)])

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, arrival(both[:, :30], session="s"))
            answer = await service.forecast(model, arrival(both[:, 30:], 500_030, session="s"))
            for n in range(2):
                single = await service.forecast(model, arrival(both[n]))
                np.testing.assert_allclose(answer.result.quantiles[n], single.result.quantiles[0], atol=1e-3)
            assert (await service.session("s", ""))["bytes"] == 2 * model.state_bytes

    play(scene)


def test_sessions_survive_eviction_and_restart(catalogue: Catalogue, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    values = {f"s{n}": series(60, n) for n in range(6)}

    async def scene() -> None:
        model = catalogue.resolve(None)
        for step in range(3):
            async with running(catalogue, state_url=url, resident_sessions=2) as service:
                for name, whole in values.items():
                    part = slice(step * 20, step * 20 + 20)
                    answer = await service.forecast(model, arrival(whole[part], 500_000 + step * 20, session=name))
                    assert answer.session is not None and answer.session["count"] == step * 20 + 20
        async with running(catalogue, state_url=url) as service:
            for name, whole in values.items():
                asked = await service.forecast(model, arrival([], None, session=name))
                close(asked, await service.forecast(model, arrival(whole)))
            assert service.ready[1]["store"] == {"name": "sqlite", "durable": True}

    play(scene)


def test_requests_of_one_session_are_served_one_after_the_other(catalogue: Catalogue) -> None:
    values = series(60)

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            parts = [arrival(values[n : n + 5], 500_000 + n, session="s") for n in range(0, 60, 5)]
            answers = await asyncio.gather(*(service.forecast(model, part) for part in parts))
            assert [a.session["count"] for a in answers if a.session] == list(range(5, 65, 5))
            close(answers[-1], await service.forecast(model, arrival(values)))

    play(scene)


class Gate(MemoryStore):
    """A store whose commits wait until they are let through, or fail."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.reached, self.full = Event(), Event(), False
        self.open.set()

    def commit(self, writes) -> None:
        self.reached.set()
        self.open.wait(10)
        if self.full:
            raise StoreError("cannot write sessions: database or disk is full")
        super().commit(writes)


async def held(service: Forecasting, store: Gate, model: Model) -> asyncio.Task[Answer]:
    """Keep the engine inside a commit."""
    store.open.clear()
    store.reached.clear()
    task = asyncio.create_task(service.forecast(model, arrival(series(8), session="holds the engine")))
    await asyncio.to_thread(store.reached.wait, 10)
    return task


def test_a_store_that_cannot_write_changes_nothing(catalogue: Catalogue) -> None:
    values, store = series(40), Gate()

    async def scene() -> None:
        async with running(catalogue, store) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, arrival(values[:30], session="s"))
            before = await service.session("s", "")
            store.full = True
            for name, came in {
                "s": arrival(values[30:], 500_030, session="s"),
                "n": arrival(values, session="n"),
            }.items():
                with pytest.raises(Loading) as caught:
                    await service.forecast(model, came)
                assert (caught.value.status, caught.value.code) == (503, "store_failed"), name
            assert (await service.forecast(model, arrival(values))).session is None
            assert await service.session("s", "") == before
            with pytest.raises(UnknownSession):
                await service.session("n", "")
            store.full = False
            answer = await service.forecast(model, arrival(values[30:], 500_030, session="s"))
            close(answer, await service.forecast(model, arrival(values)))

    play(scene)


def test_a_client_that_leaves_before_the_work_begins_changes_nothing(catalogue: Catalogue) -> None:
    store = Gate()

    async def scene() -> None:
        async with running(catalogue, store) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, arrival([1, 2, 3], session="s"))
            before = await service.session("s", "")
            other = await held(service, store, model)
            gone = asyncio.create_task(service.forecast(model, arrival([4], 500_003, session="s")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            gone.cancel()
            store.open.set()
            await other
            with pytest.raises(asyncio.CancelledError):
                await gone
            assert await service.session("s", "") == before

    play(scene)


def test_work_that_has_begun_is_kept_though_its_client_left(catalogue: Catalogue) -> None:
    store = Gate()

    async def scene() -> None:
        async with running(catalogue, store) as service:
            model = catalogue.resolve(None)
            gone = await held(service, store, model)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            next_one = asyncio.create_task(service.forecast(model, arrival([], None, session="holds the engine")))
            await asyncio.sleep(0)
            store.open.set()
            answer = await next_one
            assert answer.session is not None and answer.session["count"] == 8

    play(scene)


def test_a_deadline_drops_work_that_waits(catalogue: Catalogue) -> None:
    store = Gate()

    async def scene() -> None:
        async with running(catalogue, store) as service:
            model = catalogue.resolve(None)
            other = await held(service, store, model)
            began = time.monotonic()
            for session in ("new", "holds the engine", None):
                with pytest.raises(Expired):
                    late = arrival([9], 500_008, session=session, deadline=time.monotonic() + 0.05)
                    await service.forecast(model, late)
            assert time.monotonic() - began < 5
            store.open.set()
            await other
            assert (await service.session("holds the engine", ""))["count"] == 8
            with pytest.raises(UnknownSession):
                await service.session("new", "")

    play(scene)


def test_a_full_queue_says_so_at_once(catalogue: Catalogue) -> None:
    store = Gate()

    async def scene() -> None:
        async with running(catalogue, store, queue_rows=2, batch_rows=1) as service:
            model = catalogue.resolve(None)
            other = await held(service, store, model)
            waiting = asyncio.create_task(service.forecast(model, arrival([1])))
            await asyncio.sleep(0)
            for session in (None, "s"):
                with pytest.raises(QueueFull):
                    await service.forecast(model, arrival([1], session=session))
            store.open.set()
            await asyncio.gather(other, waiting)
            await service.forecast(model, arrival([1], session="s"))

    play(scene)


def test_the_model_that_made_a_session_stays_its_model(catalogue: Catalogue) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            await service.forecast(catalogue.resolve("tiny@2"), arrival([1, 2], session="s"))
            with pytest.raises(Conflict, match="tiny@2") as caught:
                await service.forecast(catalogue.resolve("tiny"), arrival([3], 500_002, session="s"))
            assert caught.value.code == "model_changed"
            await service.forecast(catalogue.resolve("tiny@2"), arrival([3], 500_002, session="s"))

    play(scene)


def test_sessions_are_private_and_end(catalogue: Catalogue) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, arrival([1, 2], session="s", owner="me"))
            for doing in (service.session("s", "you"), service.end("s", "you")):
                with pytest.raises(UnknownSession):
                    await doing
            with pytest.raises(UnknownSession):
                await service.forecast(model, arrival([], None, session="s", owner="you"))
            await service.end("s", "me")
            with pytest.raises(UnknownSession):
                await service.session("s", "me")
            with pytest.raises(UnknownSession):
                await service.forecast(model, arrival([], None, session="s", owner="me"))

    play(scene)


def test_an_expired_session_is_gone_until_it_is_deleted(catalogue: Catalogue) -> None:
    async def scene() -> None:
        async with running(catalogue, session_ttl_s=100) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, arrival([1, 2], session="s"))
            now = time.time() + 1000
            service._sessions.now = lambda: now
            for doing in (service.session("s", ""), service.forecast(model, arrival([3], 500_002, session="s"))):
                with pytest.raises(ExpiredSession):
                    await doing
            assert await service._sessions.expire() == 1
            with pytest.raises(ExpiredSession):
                await service.session("s", "")
            await service.end("s", "")
            await service.forecast(model, arrival([1, 2], session="s"))

    play(scene)


def test_rows_that_come_out_wrong_fail_alone(catalogue: Catalogue) -> None:
    half = np.stack([series(20), np.full(20, NAN, np.float32)])

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            good, bad, worse = await asyncio.gather(
                service.forecast(model, arrival(series(20), session="good")),
                service.forecast(model, arrival(half, session="bad")),
                service.forecast(model, arrival([NAN] * 20)),
                return_exceptions=True,
            )
            assert isinstance(good, Answer)
            assert isinstance(bad, Unprocessable) and bad.code == "not_forecastable"
            assert isinstance(worse, Unprocessable) and worse.code == "all_missing"
            with pytest.raises(UnknownSession):
                await service.session("bad", "")
            assert service.ready[0]

    play(scene)


def test_a_failure_inside_the_network_is_contained(catalogue: Catalogue, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            odd = replace(arrival(series(20)), past=np.zeros((20, 3), np.float32))
            good, bad = await asyncio.gather(
                service.forecast(model, arrival(series(20))), service.forecast(model, odd), return_exceptions=True
            )
            assert isinstance(good, Answer) and isinstance(bad, ServiceError) and bad.status == 500
            assert service.ready[0]  # it was the request, not the engine

    play(scene)


def test_constant_series_have_one_rule_and_warnings_say_what_is_missing(catalogue: Catalogue) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            flat = await service.forecast(model, arrival([5.0] * 6, None, session="flat"))
            np.testing.assert_array_equal(flat.result.quantiles, 5.0)
            assert {code for code, _ in flat.warnings} == {"short_history", "constant_history", "calendar_missing"}
            assert flat.session is not None
            assert (flat.session["last_timestamp"], flat.session["last_index"]) == (None, 5)
            timed = await service.forecast(model, arrival(series(40), session="timed"))
            assert timed.warnings == () and timed.session is not None
            assert timed.session["last_timestamp"] == "2027-01-16T23:00:00Z"
            gap = await service.forecast(model, arrival([50], 500_043, session="timed"))
            assert gap.warnings == (("gap_filled", "3 steps were not given; missing is 'mask'"),)

    play(scene)


def test_what_arrives_is_scored_against_what_was_said(catalogue: Catalogue) -> None:
    values = np.nan_to_num(series(80), nan=50)

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            answer = await service.forecast(model, arrival(values[:70], session="s"))
            inside = errors = 0.0
            for n in range(70, 80):
                low, mid, high = answer.result.quantiles[0, 0, [0, 4, 8]]
                inside += low <= values[n] <= high
                errors += abs(values[n] - mid) / answer.result.seasonal_error[0]
                answer = await service.forecast(model, arrival(values[n : n + 1], 500_000 + n, session="s"))
            scores = (await service.session("s", ""))["scores"]
            assert isinstance(scores, dict)
            assert (scores["observations"], scores["nominal_coverage"]) == (10, 0.8)
            assert scores["coverage"] == pytest.approx(inside / 10)
            assert scores["mase"] == pytest.approx(errors / 10, rel=1e-4)

    play(scene)


def test_before_the_start_and_after_the_end_it_is_503(catalogue: Catalogue) -> None:
    async def scene() -> None:
        service = Forecasting(catalogue, Settings(state_url="memory://"), Metrics())
        assert service.ready[0] is False
        with pytest.raises(Loading):
            await service.forecast(catalogue.resolve(None), arrival([1]))
        await service.start()
        assert service.ready[0] is True
        await service.stop(1)
        with pytest.raises(Loading):
            await service.forecast(catalogue.resolve(None), arrival([1]))

    play(scene)


def test_stopping_finishes_what_has_begun(catalogue: Catalogue) -> None:
    async def scene() -> None:
        service = Forecasting(catalogue, Settings(state_url="memory://", resident_sessions=64), Metrics())
        await service.start()
        model = catalogue.resolve(None)
        tasks = [asyncio.create_task(service.forecast(model, arrival(series(100), session=f"s{n}"))) for n in range(20)]
        await asyncio.sleep(0.02)
        await service.stop(10)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(answer, Answer | Loading) for answer in answers)

    play(scene)
