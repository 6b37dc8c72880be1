"""Whatever fails, expires, is full or is left: the session is as it was, or the step is kept whole."""

import asyncio
import time
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from service.errors import (
    Expired,
    Loading,
    QueueFull,
    ServiceError,
    UnknownSession,
    Unprocessable,
)
from service.metrics import Metrics
from service.models.catalog import Catalog
from service.models.model import Model
from service.serving.forecasts import ForecastService
from service.serving.series_answer import SeriesAnswer
from service.settings import Settings
from service.stores.interface import StoreError
from service.stores.memory import MemoryStore
from tests.service.running import NAN, close, input_of, play, running, series


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


async def held(service: ForecastService, store: Gate, model: Model) -> asyncio.Task[SeriesAnswer]:
    """Keep the engine inside a commit."""
    store.open.clear()
    store.reached.clear()
    task = asyncio.create_task(service.forecast(model, input_of(series(8), session="holds the engine")))
    await asyncio.to_thread(store.reached.wait, 10)
    return task


def test_a_store_that_cannot_write_changes_nothing(catalogue: Catalog) -> None:
    values, store = series(40), Gate()

    async def scene() -> None:
        async with running(catalogue, store) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, input_of(values[:30], session="s"))
            before = await service.session("s", "")
            store.full = True
            for name, came in {
                "s": input_of(values[30:], 500_030, session="s"),
                "n": input_of(values, session="n"),
            }.items():
                with pytest.raises(Loading) as caught:
                    await service.forecast(model, came)
                assert (caught.value.status, caught.value.code) == (503, "store_failed"), name
            assert (await service.forecast(model, input_of(values))).session is None
            assert await service.session("s", "") == before
            with pytest.raises(UnknownSession):
                await service.session("n", "")
            store.full = False
            answer = await service.forecast(model, input_of(values[30:], 500_030, session="s"))
            close(answer, await service.forecast(model, input_of(values)))

    play(scene)


def test_a_client_that_leaves_before_the_work_begins_changes_nothing(catalogue: Catalog) -> None:
    store = Gate()

    async def scene() -> None:
        async with running(catalogue, store) as service:
            model = catalogue.resolve(None)
            await service.forecast(model, input_of([1, 2, 3], session="s"))
            before = await service.session("s", "")
            other = await held(service, store, model)
            gone = asyncio.create_task(service.forecast(model, input_of([4], 500_003, session="s")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.sleep(0)  # the client has left before the engine is free
            store.open.set()
            await other
            with pytest.raises(asyncio.CancelledError):
                await gone
            assert await service.session("s", "") == before

    play(scene)


def test_work_that_has_begun_is_kept_though_its_client_left(catalogue: Catalog) -> None:
    store = Gate()

    async def scene() -> None:
        async with running(catalogue, store) as service:
            model = catalogue.resolve(None)
            gone = await held(service, store, model)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            next_one = asyncio.create_task(service.forecast(model, input_of([], None, session="holds the engine")))
            await asyncio.sleep(0)
            store.open.set()
            answer = await next_one
            assert answer.session is not None and answer.session["count"] == 8

    play(scene)


def test_a_deadline_drops_work_that_waits(catalogue: Catalog) -> None:
    store = Gate()

    async def scene() -> None:
        async with running(catalogue, store) as service:
            model = catalogue.resolve(None)
            other = await held(service, store, model)
            began = time.monotonic()
            for session in ("new", "holds the engine", None):
                with pytest.raises(Expired):
                    late = input_of([9], 500_008, session=session, deadline=time.monotonic() + 0.05)
                    await service.forecast(model, late)
            assert time.monotonic() - began < 5
            store.open.set()
            await other
            assert (await service.session("holds the engine", ""))["count"] == 8
            with pytest.raises(UnknownSession):
                await service.session("new", "")

    play(scene)


def test_a_full_queue_says_so_at_once(catalogue: Catalog) -> None:
    store = Gate()

    async def scene() -> None:
        async with running(catalogue, store, queue_rows=2, batch_rows=1) as service:
            model = catalogue.resolve(None)
            other = await held(service, store, model)
            waiting = asyncio.create_task(service.forecast(model, input_of([1])))
            await asyncio.sleep(0)
            for session in (None, "s"):
                with pytest.raises(QueueFull):
                    await service.forecast(model, input_of([1], session=session))
            store.open.set()
            await asyncio.gather(other, waiting)
            await service.forecast(model, input_of([1], session="s"))

    play(scene)


def test_rows_that_come_out_wrong_fail_alone(catalogue: Catalog) -> None:
    half = np.stack([series(20), np.full(20, NAN, np.float32)])

    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            good, bad, worse = await asyncio.gather(
                service.forecast(model, input_of(series(20), session="good")),
                service.forecast(model, input_of(half, session="bad")),
                service.forecast(model, input_of([NAN] * 20)),
                return_exceptions=True,
            )
            assert isinstance(good, SeriesAnswer)
            assert isinstance(bad, Unprocessable) and bad.code == "not_forecastable"
            assert isinstance(worse, Unprocessable) and worse.code == "all_missing"
            with pytest.raises(UnknownSession):
                await service.session("bad", "")
            assert service.ready[0]

    play(scene)


def test_a_failure_inside_the_network_is_contained(catalogue: Catalog, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with running(catalogue) as service:
            model = catalogue.resolve(None)
            odd = replace(input_of(series(20)), past=np.zeros((20, 3), np.float32))
            good, bad = await asyncio.gather(
                service.forecast(model, input_of(series(20))), service.forecast(model, odd), return_exceptions=True
            )
            assert isinstance(good, SeriesAnswer) and isinstance(bad, ServiceError) and bad.status == 500
            assert service.ready[0]  # it was the request, not the engine

    play(scene)


def test_before_the_start_and_after_the_end_it_is_503(catalogue: Catalog) -> None:
    async def scene() -> None:
        service = ForecastService(catalogue, Settings(state_url="memory://"), Metrics())
        assert service.ready[0] is False
        with pytest.raises(Loading):
            await service.forecast(catalogue.resolve(None), input_of([1]))
        await service.start()
        assert service.ready[0] is True
        await service.stop(1)
        with pytest.raises(Loading):
            await service.forecast(catalogue.resolve(None), input_of([1]))

    play(scene)


def test_stopping_finishes_what_has_begun(catalogue: Catalog) -> None:
    async def scene() -> None:
        service = ForecastService(catalogue, Settings(state_url="memory://", resident_sessions=64), Metrics())
        await service.start()
        model = catalogue.resolve(None)
        tasks = [
            asyncio.create_task(service.forecast(model, input_of(series(100), session=f"s{n}"))) for n in range(20)
        ]
        await asyncio.sleep(0.02)
        await service.stop(10)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(answer, SeriesAnswer | Loading) for answer in answers)

    play(scene)
