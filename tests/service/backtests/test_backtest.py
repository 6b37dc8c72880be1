"""``POST /backtest`` over HTTP: the figures of one forecast per cut-off, in every format, each series failing alone.

Without this a backtest would promise what the service does not deliver.
"""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from statecast import metrics
from tests.service.backtests.scenes import START, close, post, served, values_of
from tests.tables import arrow_bytes, csv_bytes

BAD = {
    "too many cut-offs": ({"cutoffs": 100}, 422, "too_few_values", "at most"),
    "no value before the horizon": ({"horizon": 200}, 422, "too_few_values", "at least 201"),
    "no cut-off": ({"cutoffs": 0}, 422, "invalid_request", "cutoffs"),
    "no step": ({"step": 0}, 422, "invalid_request", "step"),
    "an unknown metric": ({"metrics": ["rmsse"]}, 422, "invalid_request", "rmsse"),
    "no metric": ({"metrics": []}, 422, "invalid_request", "metrics"),
    "nothing to return": ({"return": []}, 422, "invalid_request", "return"),
    "something unknown to return": ({"return": ["figures"]}, 422, "invalid_request", "metrics"),
    "an unknown field": ({"cutoff": 3}, 422, "invalid_request", "cutoffs"),
    "a policy that looks ahead": ({"missing": "linear"}, 422, "invalid_request", "later"),
    "a level beyond the trained ones": ({"quantile_levels": [0.0001]}, 422, "level_out_of_range", "trained"),
    "too long a horizon": ({"horizon": 5000}, 422, "horizon_too_long", "horizon"),
    "an unknown model": ({"model": "none"}, 404, "unknown_model", "none"),
    "too long a timeout": ({"timeout_ms": 10**9}, 422, "invalid_request", "timeout_ms"),
    "include, which is of forecasts": ({"include": ["baseline"]}, 422, "invalid_request", "include"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


def run(folder: Path, scene: Any, **settings: Any) -> None:
    async def play() -> None:
        async with served(folder, **settings) as client:
            await scene(client)

    asyncio.run(play())


def test_forecasts_are_those_of_one_request_per_cut_off(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        for model, horizon in (("default", 40), ("tiny", 12)):
            values, series = values_of(200), {"start": START, "freq": "1h"}
            whole = await post(
                client, "/backtest", model=model, series=[{"target": values, **series}], horizon=horizon, cutoffs=6,
                step=9, quantile_levels=[0.5, 0.1, 0.75], **{"return": ["metrics", "forecasts"]},
            )  # fmt: skip
            found = whole["results"][0]
            assert len(found["cutoffs"]) == len(found["forecasts"]) == 6
            for place, forecast in enumerate(found["forecasts"]):
                read = 200 - horizon - (5 - place) * 9
                one = await post(
                    client, "/forecast", model=model, series=[{"target": values[:read], **series}], horizon=horizon,
                    quantile_levels=[0.5, 0.1, 0.75],
                )  # fmt: skip
                close(forecast["mean"], one["forecasts"][0]["mean"])
                for level, wanted in one["forecasts"][0]["quantiles"].items():
                    close(forecast["quantiles"][level], wanted)
                assert forecast["target"] == values[read : read + horizon]
                assert forecast["cutoff"] == found["cutoffs"][place]
            assert (
                found["cutoffs"][-1]
                == np.datetime_as_string(np.datetime64("2026-01-01T00:00:00") + np.timedelta64(200 - horizon - 1, "h"))
                + "Z"
            )

    run(folder, scene)


def test_figures_are_those_of_the_metrics_on_the_forecasts(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        names = ["wql", "coverage", "mae", "mse"]
        reply = await post(
            client, "/backtest", series=[{"target": values_of(160), "freq": "1h"}], horizon=6, cutoffs=9,
            metrics=[*names, "mase"], **{"return": ["metrics", "forecasts"]},
        )  # fmt: skip
        found = reply["results"][0]
        parts = found["forecasts"]
        levels = list(map(float, parts[0]["quantiles"]))
        quantiles = np.array([list(part["quantiles"].values()) for part in parts]).transpose(0, 2, 1)
        actual = np.array([part["target"] for part in parts], float)
        for name in names:
            wanted = metrics.get(name).score(
                actual, quantiles[..., levels.index(0.5)], mean=[part["mean"] for part in parts], quantiles=quantiles,
                levels=levels,
            )  # fmt: skip
            assert found["metrics"][name] == pytest.approx(wanted)
            assert len(found["by_cutoff"][name]) == 9
        assert reply["metrics"] == found["metrics"]
        assert 0 < found["metrics"]["mase"] < 100
        assert reply["nominal_coverage"] == pytest.approx(levels[-1] - levels[0])

    run(folder, scene)


def test_a_series_fails_alone_and_the_order_stays(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        series = [
            {"item_id": "short", "target": [1.0, 2.0]},
            {"item_id": "two", "target": {"a": values_of(90, 1), "b": values_of(90, 2)}},
            {"item_id": "kept", "target": values_of(90), "session": "s"},
            {"item_id": "unseen", "target": [None] * 90},
            {"item_id": "one", "target": values_of(120, 3)},
        ]
        reply = await post(
            client, "/backtest", series=series, horizon=5, cutoffs=3, **{"return": ["metrics", "forecasts"]}
        )
        assert [one["item_id"] for one in reply["results"]] == ["short", "two", "kept", "unseen", "one"]
        codes = [None if one["error"] is None else one["error"]["code"] for one in reply["results"]]
        assert codes == ["too_few_values", None, "invalid_request", "all_missing", None]
        assert "session" in reply["results"][2]["error"]["detail"]
        assert set(reply["results"][1]["forecasts"][0]["mean"]) == {"a", "b"}
        assert reply["results"][4]["cutoffs"] == [104, 109, 114]
        counted = (await client.get("/metrics")).text
        assert 'statecast_rejected_total{reason="too_few_values"} 1.0' in counted

    run(folder, scene)


def test_every_format_says_the_same(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        columns: dict[str, list[Any]] = {"item_id": [], "timestamp": [], "target": []}
        times = np.datetime_as_string(np.datetime64("2026-01-01T00:00:00") + np.arange(100) * np.timedelta64(1, "h"))
        for name in ("x", "y"):
            columns["item_id"] += [name] * 100
            columns["timestamp"] += times.tolist()
            columns["target"] += values_of(100, len(columns["target"]))
        table, query = pa.table(columns), "?horizon=4&cutoffs=3&step=2&quantile_levels=0.1,0.9"
        series = [
            {
                "item_id": name,
                "timestamps": times.tolist(),
                "target": columns["target"][100 * place : 100 * place + 100],
            }
            for place, name in enumerate(("x", "y"))
        ]
        wanted = await post(
            client, "/backtest", series=series, horizon=4, cutoffs=3, step=2, quantile_levels=[0.1, 0.9],
            **{"return": ["metrics", "forecasts"]},
        )  # fmt: skip
        means = [part["mean"] for one in wanted["results"] for part in one["forecasts"]]
        bodies = {"text/csv": csv_bytes(table), "application/vnd.apache.arrow.stream": arrow_bytes(table)}
        for kind, body in bodies.items():
            answer = await client.post(
                f"/backtest{query}&return=forecasts", content=body, headers={"content-type": kind}
            )
            assert answer.status_code == 200, answer.text
            read = (
                pa_csv.read_csv(io.BytesIO(answer.content))
                if kind == "text/csv"
                else pa.ipc.open_stream(answer.content).read_all()
            )
            assert read.column_names == ["item_id", "cutoff", "timestamp", "target", "mean", "0.1", "0.9"]
            close(read["mean"].to_pylist(), np.ravel(means))
            figures = await client.post(
                f"/backtest{query}",
                content=body,
                headers={"content-type": kind, "accept": "application/json"},
            )
            for one, other in zip(figures.json()["results"], wanted["results"], strict=True):
                close(list(one["metrics"].values()), list(other["metrics"].values()))
        rows = await client.post(f"/backtest{query}", content=bodies["text/csv"], headers={"content-type": "text/csv"})
        read = pa_csv.read_csv(io.BytesIO(rows.content))
        assert read.column_names == ["item_id", "timestamp", "mase", "wql", "coverage"]
        close(read["wql"].to_pylist(), np.ravel([one["by_cutoff"]["wql"] for one in wanted["results"]]))

    run(folder, scene)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_what_was_expected(folder: Path, name: str) -> None:
    fields, status, code, words = BAD[name]

    async def scene(client: httpx.AsyncClient) -> None:
        body = {"series": [{"target": values_of(100)}], "horizon": 4, **fields}
        answer = await client.post("/backtest", content=json.dumps(body))
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), problem
        assert words in json.dumps(problem)

    run(folder, scene)


def test_too_much_is_refused_before_anything_is_computed(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        body = {"series": [{"target": values_of(100)}] * 5, "horizon": 4, "cutoffs": 20}
        answer = await client.post("/backtest", content=json.dumps(body))
        assert answer.status_code == 413 and "STATECAST_MAX_REPLY_VALUES" in answer.json()["detail"]

    run(folder, scene, max_reply_values=1000)


def test_time_that_is_up_drops_the_work(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        series = [{"target": values_of(20_000, seed)} for seed in range(8)]
        body = {"series": series, "horizon": 1, "cutoffs": 10_000, "step": 1, "timeout_ms": 300}
        answer = await client.post("/backtest", content=json.dumps(body | {"quantile_levels": [0.5]}))
        assert (answer.status_code, answer.json()["code"]) == (504, "timeout")
        assert (await client.post("/forecast", content=json.dumps({"series": series[:1]}))).status_code == 200

    run(folder, scene)


def test_no_cut_off_knows_what_came_later(folder: Path) -> None:
    """Values after a cut-off, one below 0 among them, change nothing of the forecasts before."""

    async def scene(client: httpx.AsyncClient) -> None:
        values = values_of(120)
        bent = [*values[:100], *[-1e3 if value is None else -value for value in values[100:]]]
        wanted = {"horizon": 10, "cutoffs": 3, "step": 10, "return": ["forecasts"]}
        first, second = [
            (await post(client, "/backtest", series=[{"target": target}], **wanted))["results"][0]["forecasts"]
            for target in (values, bent)
        ]
        assert first[0]["mean"] == second[0]["mean"] and first[0]["quantiles"] == second[0]["quantiles"]
        assert first[1]["mean"] == second[1]["mean"]
        assert first[2]["mean"] != second[2]["mean"]

    run(folder, scene)


def test_bounds_that_were_requested_hold_at_every_cut_off(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        reply = await post(
            client, "/backtest", series=[{"target": values_of(90)}], horizon=5, cutoffs=4,
            bounds={"lower": 48, "upper": 52}, **{"return": ["forecasts"]},
        )  # fmt: skip
        for part in reply["results"][0]["forecasts"]:
            for values in (part["mean"], *part["quantiles"].values()):
                assert all(48 <= value <= 52 for value in values)

    run(folder, scene)
