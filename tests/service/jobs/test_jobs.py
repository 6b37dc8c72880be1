"""``/jobs`` over HTTP: a file in, the table that the endpoint of its kind answers out, in the background.

Without this a job would say something else than the request it stands for, or lose rows on the way.
"""

import json
from pathlib import Path

import httpx
import pytest

from tests.service.jobs.scenes import ARROW, CSV, PARQUET, arrow, csv, finished, parquet, read, run, same, submit, table

QUERIES = (
    "forecast?model=tiny&horizon=5&quantile_levels=0.9,0.1",
    "backtest?horizon=4&cutoffs=3&step=2&return=forecasts",
    "backtest?horizon=4&cutoffs=3&metrics=mase,wql",
    "anomalies?level=90",
)


def test_a_job_comes_to_what_the_request_answers(folder: Path) -> None:
    """In every form, in parts: the same columns, rows in the same order, the same times."""

    async def scene(client: httpx.AsyncClient) -> None:
        content = table(140, 20)
        for query in QUERIES:
            for kind, body in ((CSV, csv(content)), (ARROW, arrow(content))):
                job = await submit(client, f"kind={query.replace('?', '&')}", body, kind)
                shown = await finished(client, job["id"])
                assert shown["status"] == "succeeded", shown
                assert shown["progress"] == {"done": 140, "total": 140, "failed": 0}
                found = await client.get(shown["result"]["url"])
                assert found.headers["content-type"].startswith(kind)
                assert len(found.content) == shown["result"]["bytes"]
                same(read(found), read(await client.post(f"/{query}", content=body, headers={"content-type": kind})))

    run(folder, scene)


def test_a_job_takes_and_gives_parquet(folder: Path) -> None:
    """The same table as from the text, with its times and in its order; sizes are checked before it is unpacked."""

    async def scene(client: httpx.AsyncClient) -> None:
        content = table(140, 20)
        job = await submit(client, "kind=forecast&model=tiny&horizon=5", parquet(content), PARQUET)
        shown = await finished(client, job["id"])
        assert shown["status"] == "succeeded" and shown["result"]["content_type"] == PARQUET, shown
        whole = await client.post(
            "/forecast?model=tiny&horizon=5", content=arrow(content), headers={"content-type": ARROW}
        )
        found = read(await client.get(shown["result"]["url"]))
        timestamp = found["timestamp"].cast(read(whole)["timestamp"].type)
        same(found.set_column(found.column_names.index("timestamp"), "timestamp", timestamp), read(whole))
        metrics = (await client.get("/metrics")).text
        assert 'statecast_job_rows_total{kind="forecast"} 140.0' in metrics
        assert 'statecast_job_seconds_count{kind="forecast"} 1.0' in metrics
        large = await submit(client, "kind=forecast", parquet(table(200, 60)), PARQUET)
        assert (await finished(client, large["id"]))["error"]["code"] == "too_large"

    run(folder, scene, max_job_values=20_000)


def test_figures_of_a_backtest_are_those_over_all_series(folder: Path) -> None:
    """Averaged over parts instead, they would depend on where the file was cut."""

    async def scene(client: httpx.AsyncClient) -> None:
        values = table(140, 30)["target"].to_pylist()
        series = [{"target": values[30 * place : 30 * place + 30]} for place in range(140)]
        body = {"series": series, "horizon": 4, "cutoffs": 3, "metrics": ["mase", "wql", "coverage"]}
        whole = (await client.post("/backtest", json=body)).json()
        job = await submit(client, "kind=backtest", json.dumps(body).encode(), "application/json")
        shown = await finished(client, job["id"])
        assert shown["metrics"] == pytest.approx(whole["metrics"]) and shown["result"]["content_type"] == CSV

    run(folder, scene)


def test_a_job_under_a_key_is_taken_once(folder: Path) -> None:
    """Sent again because its answer was lost, it would be done twice."""

    async def scene(client: httpx.AsyncClient) -> None:
        first, again = [
            await submit(client, "kind=forecast&model=tiny", csv(table(1)), **{"idempotency-key": "once"})
            for _ in range(2)
        ]
        assert first == again and len((await client.get("/jobs")).json()["jobs"]) == 1
        assert (await finished(client, first["id"]))["status"] == "succeeded"

    run(folder, scene)
