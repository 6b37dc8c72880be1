"""Law 7: decide, run, commit. What fails leaves no trace, in whatever order failures and observations come."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import ServiceError
from service.models.catalog import Catalog
from service.models.model import Model
from service.serving.forecasts import ForecastService
from service.stores.interface import StoreError
from service.stores.memory import MemoryStore
from statecast import Forecaster, save
from tests.service.running import CONFIG, close, input_of, play, running, series

FAILURES = ("disk full", "deadline passed", "conflict", "gap too long", "beyond float32", "client left")


class Disk(MemoryStore):
    """A store that can be full."""

    full = False

    def commit(self, writes) -> None:
        if self.full:
            raise StoreError("the disk is full")
        super().commit(writes)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("artifacts")
    save(folder / "tiny", Forecaster(CONFIG), {"name": "tiny", "version": "1"})
    return Catalog.load(Path(folder), None, "cpu")


async def fail(service: ForecastService, model: Model, disk: Disk, kind: str, clock: int) -> None:
    """Ask for something that cannot be done to the session whose next step is ``clock``."""
    came = {
        "deadline passed": input_of([1.0], clock, session="s", deadline=0.0),
        "conflict": input_of([-1e6, 1.0], clock - 1, session="s"),
        "gap too long": input_of([1.0], clock + 10_000, session="s"),
        "beyond float32": input_of([np.inf], clock, session="s"),
    }.get(kind, input_of([1.0], clock, session="s"))
    work = asyncio.create_task(service.forecast(model, came))
    if kind == "client left":  # before its task has had a first turn: nothing of it may have begun
        work.cancel()
    disk.full = kind == "disk full"
    with pytest.raises((ServiceError, asyncio.CancelledError)):
        await work
    disk.full = False


@settings(max_examples=15)
@given(st.lists(st.one_of(st.integers(1, 9), st.sampled_from(FAILURES)), min_size=2, max_size=8), st.integers(0, 99))
def test_law_7_what_fails_leaves_no_trace(catalogue: Catalog, events: list[int | str], seed: int) -> None:
    """A half-applied request is the worst of all: the client tries again, and the state has seen the value twice."""
    pieces = [event for event in events if isinstance(event, int)]
    values = series(5 + sum(pieces), seed)
    values = np.nan_to_num(values, nan=50.0)

    async def scene() -> None:
        disk = Disk()
        async with running(catalogue, disk) as service:
            model = catalogue.resolve(None)
            answer = await service.forecast(model, input_of(values[:5], session="s"))
            done = 5
            for event in events:
                before = await service.session("s", "")
                if isinstance(event, str):
                    await fail(service, model, disk, event, 500_000 + done)
                    assert await service.session("s", "") == before, event
                else:
                    piece = values[done : done + event]
                    answer = await service.forecast(model, input_of(piece, 500_000 + done, session="s"))
                    done += event
            close(answer, await service.forecast(model, input_of(values[:done])))

    play(scene)
