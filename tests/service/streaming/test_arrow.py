"""Streams of tables."""

from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa

from service.app import create_app
from tests.service.http.live_server import listening, play
from tests.service.http_client import settings_of
from tests.service.streaming.scenes import START, VALUES, Count, lane_of, post, series
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

    async def inside() -> None:
        app = create_app(settings_of(folder, compiled="off"))
        async with app.router.lifespan_context(app), listening(app, app.state.connections) as live:
            await app.state.warming
            count, client = Count(lane_of(app)), live.http()
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
            await client.aclose()
            assert count.taken == 12

    play(inside, 60)
