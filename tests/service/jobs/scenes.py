"""A served model, tables for its jobs, and a client that waits for them."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

from tests.service.http_client import serving, settings_of

CSV, ARROW, PARQUET = "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
Scene = Callable[[httpx.AsyncClient], Awaitable[None]]


def table(series: int, steps: int = 60) -> pa.Table:
    """Hourly series of a season of 24, named s000 and so on."""
    draw = np.random.default_rng(series)
    times = np.datetime64("2026-01-01T00:00:00") + np.arange(steps) * np.timedelta64(1, "h")
    values = 50 + 10 * np.sin(np.arange(steps) * np.pi / 12) + draw.normal(size=(series, steps))
    return pa.table(
        {
            "item_id": np.repeat([f"s{number:03d}" for number in range(series)], steps),
            "timestamp": pa.array(np.tile(times, series), pa.timestamp("s", "UTC")),
            "target": values.ravel(),
        }
    )


def csv(content: pa.Table) -> bytes:
    """A table as text."""
    sink = io.BytesIO()
    pa_csv.write_csv(content, sink)
    return sink.getvalue()


def arrow(content: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, content.schema) as writer:
        writer.write_table(content)
    return sink.getvalue()


def parquet(content: pa.Table) -> bytes:
    """A table as a Parquet file."""
    sink = io.BytesIO()
    pa_parquet.write_table(content, sink)
    return sink.getvalue()


def read(answer: httpx.Response) -> pa.Table:
    """A table out of an answer."""
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"].startswith(CSV):
        return pa_csv.read_csv(io.BytesIO(answer.content))
    if answer.headers["content-type"] == PARQUET:
        return pa_parquet.read_table(io.BytesIO(answer.content))
    return pa.ipc.open_stream(answer.content).read_all()


def same(found: pa.Table, wanted: pa.Table) -> None:
    """The same columns in the same order, the same rows, numbers to 1e-4."""
    assert found.column_names == wanted.column_names and len(found) == len(wanted)
    for name in found.column_names:
        mine, theirs = found[name].to_pylist(), wanted[name].to_pylist()
        if isinstance(theirs[0], float):
            assert mine == pytest.approx(theirs, rel=1e-4, abs=1e-6, nan_ok=True), name
        else:
            assert mine == theirs, name


@asynccontextmanager
async def served(folder: Path, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The models of a folder, served, with jobs in a folder beside them."""
    chosen = {"jobs_folder": folder / "files", **settings}
    async with serving(settings_of(folder, **chosen)) as (client, _):
        yield client


def run(folder: Path, scene: Scene, **settings: Any) -> None:
    """Play a scene."""

    async def play() -> None:
        async with served(folder, **settings) as client:
            await scene(client)

    asyncio.run(play())


async def submit(client: httpx.AsyncClient, query: str, body: bytes, kind: str = CSV, **headers: str) -> dict[str, Any]:
    """A job that is taken."""
    answer = await client.post(f"/jobs?{query}", content=body, headers={"content-type": kind, **headers})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/jobs/{job['id']}" and job["status"] == "queued"
    return job


async def finished(client: httpx.AsyncClient, job: str, seconds: float = 30.0) -> dict[str, Any]:
    """A job once it has ended, however."""
    async with asyncio.timeout(seconds):
        while True:
            shown: dict[str, Any] = (await client.get(f"/jobs/{job}")).json()
            if shown["status"] not in ("queued", "running"):
                return shown
            await asyncio.sleep(0.02)
