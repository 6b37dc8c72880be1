"""Streams of tables."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa

from benchmarks.harness.server import running_server
from tests.service.streaming.scenes import START, VALUES, post, series
from tests.tables import arrow_bytes


def test_both_ways_say_the_same_in_arrow(folder: Path) -> None:
    """Bulk streams come as tables: the same numbers, times and warnings as the general way writes."""
    arrow = "application/vnd.apache.arrow.stream"

    async def table(client: httpx.AsyncClient, way: str, step: int) -> pa.Table:
        columns = {
            "item_id": [f"item{n}" for n in range(8)],
            "session": [f"{way}{n}" for n in range(8)],
            "timestamp": pa.array([START + timedelta(hours=step)] * 8, pa.timestamp("s", "UTC")),
            "target": VALUES[:8, step],
        }
        body = arrow_bytes(pa.table(columns))
        query = {"horizon": "4", "freq": "1h", "quantile_levels": "0.25,0.5"}
        answer = await client.post("/forecast", params=query, content=body, headers={"content-type": arrow})
        assert answer.status_code == 200, answer.text
        return pa.ipc.open_stream(answer.content).read_all()

    async def inside(port: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for way in ("streamed", "general"):
                await post(client, *(series(f"{way}{n}", n, 0, 30) for n in range(8)))
            await table(client, "streamed", 30)
            await table(client, "general", 30)
            for step in range(31, 36):
                streamed = await table(client, "streamed", step)
                first = await post(client, *(series(f"general{n}", n, step, step + 1) for n in range(8)), status=200)
                assert streamed.num_rows == 32
                for n in range(8):
                    rows = streamed.slice(4 * n, 4)
                    forecast = first["forecasts"][n]
                    assert rows["item_id"].to_pylist() == [f"item{n}"] * 4
                    assert rows["timestamp"][0].as_py() == START + timedelta(hours=step + 1)
                    np.testing.assert_allclose(rows["mean"], forecast["mean"], rtol=1e-6)
                    np.testing.assert_allclose(rows["0.5"], forecast["quantiles"]["0.5"], rtol=1e-6)

    with running_server(folder, compiled="off") as server:
        asyncio.run(inside(server.port))
