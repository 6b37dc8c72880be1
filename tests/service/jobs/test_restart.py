"""A job outlives the server that works on it: nothing of it is lost, and no row of its result comes twice.

Without this a night's work is gone with a power cut, or half of it stands in the result twice.
"""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from service.jobs.ledger import JobLedger
from service.jobs.record import JobRecord
from service.settings import Settings
from service.stores.registry import open_store
from tests.builders import tiny_artifact
from tests.chaos.server import Server
from tests.service.http_client import serving, settings_of
from tests.service.jobs.scenes import CSV, csv, finished, read, same, submit, table
from tests.service.stores.conformance import url_of

QUERY = "horizon=1&cutoffs=60&return=forecasts"
BODY = csv(table(390, 80))
HEADERS = {"content-type": CSV}


@pytest.fixture
def settings(folder: Path, tmp_path: Path) -> Settings:
    (folder / "default-1").unlink()  # one network is warm sooner
    return settings_of(folder, state_url=f"sqlite:///{tmp_path}/s.db", jobs_folder=tmp_path / "files")


def parts(folder: Path, job: str) -> dict[str, int]:
    """Parts of a job that are done, and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / job).glob("part-*.arrow")}


async def begun(client: httpx.AsyncClient, folder: Path, least: int) -> str:
    """A job of which so many parts are done, and others are not."""
    job = str((await submit(client, f"kind=backtest&{QUERY}", BODY))["id"])
    async with asyncio.timeout(60):
        while len(parts(folder, job)) < least:
            await asyncio.sleep(0.002)
    return job


async def check_result(client: httpx.AsyncClient, job: str) -> None:
    """A job ends, and comes to what one request does."""
    shown = await finished(client, job, 60.0)
    assert shown["status"] == "succeeded" and shown["progress"] == {"done": 390, "total": 390, "failed": 0}, shown
    wanted = await client.post(f"/backtest?{QUERY}", content=BODY, headers=HEADERS)
    same(read(await client.get(f"/jobs/{job}/result")), read(wanted))


def test_a_job_goes_on_after_a_kill(settings: Settings, tmp_path: Path) -> None:
    """``kill -9`` in the middle: parts that were done are not done again, and all rows are there once."""
    files = settings.jobs_folder
    changed = settings.model_dump(include={"artifacts", "state_url", "jobs_folder"})
    server = Server(tmp_path, **{name: str(value) for name, value in changed.items()})

    async def first() -> str:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            return await begun(client, files, 1)

    async def second(job: str, before: dict[str, int]) -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            seen = parts(files, job)
            assert not seen or seen.items() >= before.items(), "a part that was done was done again"
            await check_result(client, job)
        assert [path.name for path in (files / job).iterdir()] == ["result"]

    try:
        server.start()
        job = asyncio.run(first())
        server.kill()
        before = parts(files, job)
        assert 1 <= len(before) < 4
        server.start()
        asyncio.run(second(job, before))
    finally:
        server.kill()


def test_a_server_that_stops_leaves_its_job_to_the_next(settings: Settings) -> None:
    """A rolling restart must not make a job wait for the end of a lease, and counts as no failure of it."""

    async def play() -> None:
        async with serving(settings) as (client, _):
            job = await begun(client, settings.jobs_folder, 1)
        record = found(settings, job)
        assert (record.status, record.tries, record.lease <= time.time()) == ("queued", 0, True)
        assert len(parts(settings.jobs_folder, job)) < 4
        async with serving(settings) as (client, _):
            await check_result(client, job)

    asyncio.run(play())


def found(settings: Settings, job: str) -> JobRecord:
    """A job as a store has it that no server uses."""
    store = open_store(settings.state_url)
    try:
        record = JobLedger(store).find("", job)
        assert record is not None
        return record
    finally:
        store.close()


def test_another_model_begins_again(settings: Settings, tmp_path: Path) -> None:
    """Half a result by one model and half by the next would be neither's."""
    tiny_artifact(tmp_path / "models", "mine", "1")
    chosen = settings.model_copy(update={"artifacts": tmp_path / "models"})

    async def play() -> None:
        async with serving(chosen) as (client, _):
            job = await begun(client, chosen.jobs_folder, 1)
        tiny_artifact(tmp_path / "models", "mine", "2", seed=5)
        async with serving(chosen) as (client, _):
            await check_result(client, job)
            assert (await client.get(f"/jobs/{job}")).json()["model"]["version"] == "2"

    asyncio.run(play())


def test_a_replica_takes_over_what_another_does_not_go_on_with(settings: Settings, tmp_path: Path) -> None:
    """Both at once would do it twice; a replica that dies must not take its jobs with it."""
    chosen = settings.model_copy(update={"state_url": url_of("redis", tmp_path)})
    others = chosen.model_copy(update={"jobs_folder": tmp_path / "others"})
    lasts = 1.5

    def die(record: JobRecord) -> JobRecord:
        return replace(record, status="running", holder="dead", lease=time.time() + lasts)

    async def play() -> None:
        async with serving(chosen) as (client, _):
            job = await begun(client, chosen.jobs_folder, 1)
        JobLedger(open_store(chosen.state_url)).change("", job, die)
        ends = time.monotonic() + lasts
        async with serving(chosen) as (first, _), serving(others) as (stranger, _):
            assert (await first.get(f"/jobs/{job}")).json()["status"] == "running"
            while (await first.get(f"/jobs/{job}")).json()["finished_at"] is None:
                await asyncio.sleep(0.02)
            assert time.monotonic() > ends
            await check_result(first, job)
            elsewhere = await stranger.get(f"/jobs/{job}/result")
            assert (elsewhere.status_code, elsewhere.json()["code"]) == (503, "job_elsewhere")
            late = await begun(first, chosen.jobs_folder, 1)
            assert (await stranger.delete(f"/jobs/{late}")).json()["status"] == "cancelled"
            async with asyncio.timeout(10):
                while (chosen.jobs_folder / late).exists():  # whoever is at it notices, and tidies up
                    await asyncio.sleep(0.05)

    asyncio.run(play())
