"""The main ways through the service, over HTTP, against a real network: alike in every format, alone or together."""

import asyncio
import io
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
import zstandard
from fastapi import FastAPI

from service.protocols.admin import schemas as admin_schemas
from service.protocols.forecast import schemas
from statecast.inputs.covariates import Covariate
from tests.builders import tiny_artifact
from tests.service.requests import play
from tests.tables import arrow_bytes, csv_bytes

START = "2026-01-01T00:00:00Z"
VALUES = [round(float(50 + 10 * np.sin(step / 2)) + step * 7 % 5, 3) for step in range(60)]
WITH_GAP = [*VALUES[:40], None, *VALUES[41:]]
ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    temperature = (Covariate("temp", loc=10.0, scale=2.0),)
    tiny_artifact(folder, "weather", seed=3, future_covariates=temperature)
    tiny_artifact(folder, "attentive", seed=3, future_covariates=temperature, feature_attention=True, memory=3)
    return folder


@pytest.fixture
def run(artifacts: Path) -> Callable[..., None]:
    return partial(play, artifacts, default_model="tiny")


async def ask(client: httpx.AsyncClient, *series: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    answer = await client.post("/forecast", content=orjson.dumps({"series": series, **fields}), headers={
        "content-type": "application/json"
    })  # fmt: skip
    assert answer.status_code == 200, answer.text
    schemas.ForecastReply.model_validate(answer.json())
    forecasts: list[dict[str, Any]] = answer.json()["forecasts"]
    return forecasts


def table() -> pa.Table:
    times = np.datetime64("2026-01-01T00:00:00") + np.arange(60) * np.timedelta64(1, "h")
    rows = {"item_id": ["a"] * 60 + ["b"] * 60, "timestamp": np.tile(times.astype("datetime64[s]"), 2)}
    return pa.table({**rows, "target": [*WITH_GAP, *VALUES[::-1]]})


def test_one_forecast_in_every_format(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        first, second = await ask(
            client,
            {"item_id": "a", "target": WITH_GAP, "start": START, "freq": "H"},
            {"item_id": "b", "target": VALUES[::-1], "start": "2026-01-01T02:00:00+02:00"},
            horizon=4, quantile_levels=[0.1, 0.25, 0.5],
        )  # fmt: skip
        assert (first["start"], first["freq"]) == ("2026-01-03T12:00:00Z", "1h")
        wanted = [*zip(*first["quantiles"].values(), strict=True), *zip(*second["quantiles"].values(), strict=True)]
        bodies = {ARROW: arrow_bytes(table()), "text/csv": csv_bytes(table())}
        for kind, body in bodies.items():
            for accept in ("*/*", ARROW, "text/csv"):
                answer = await client.post(
                    "/forecast?horizon=4&quantile_levels=0.1,0.25,0.5",
                    content=zstandard.compress(body),
                    headers={"content-type": kind, "accept": accept, "content-encoding": "zstd"},
                )
                expected = kind if accept == "*/*" else accept
                assert (answer.status_code, answer.headers["content-type"]) == (200, expected), answer.text
                got = pa.ipc.open_stream(answer.content).read_all() if expected == ARROW else pa_csv.read_csv(
                    io.BytesIO(answer.content)
                )  # fmt: skip
                assert got.column_names == ["item_id", "timestamp", "mean", "0.1", "0.25", "0.5"]
                assert got["item_id"].to_pylist() == ["a"] * 4 + ["b"] * 4
                assert got["timestamp"].cast(pa.int64())[0].as_py() == 1767441600
                np.testing.assert_allclose(
                    np.stack([got[level].to_numpy() for level in ("0.1", "0.25", "0.5")], 1), wanted, rtol=1e-5
                )

    run(flow)


def test_variables_have_the_shape_of_the_target(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        (both,) = await ask(client, {"target": {"x": VALUES, "y": VALUES[::-1]}}, include=["baseline", "attention"])
        (alone,) = await ask(client, {"target": VALUES[::-1]}, include=["baseline"])
        np.testing.assert_allclose(both["mean"]["y"], alone["mean"], rtol=1e-5)
        np.testing.assert_allclose(both["quantiles"]["0.9"]["y"], alone["quantiles"]["0.9"], rtol=1e-5)
        assert both["baseline"]["name"] == "seasonal_naive_4"
        np.testing.assert_allclose(alone["baseline"]["mean"][:4], VALUES[::-1][-4:], rtol=1e-5)
        shares = [both["attention"][name]["y"] for name in ("1h", "6h")]
        np.testing.assert_allclose(np.sum(shares, axis=0), np.ones(3), rtol=1e-5)
        assert len(both["attention"]["experts"]["last value"]["x"]) == 3

    run(flow)


def test_attention_over_time_and_features_is_told(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        include: dict[str, Any] = {"include": ["attention"], "model": "attentive"}
        (both,) = await ask(client, {"target": {"x": VALUES, "y": VALUES[::-1]}}, **include)
        shares = both["attention"]
        assert list(shares["time"]) == ["12", "8", "4"]
        assert list(shares["features"]) == ["target", "temp", "calendar"]
        for kind in ("time", "features"):
            np.testing.assert_allclose([sum(w[v] for w in shares[kind].values()) for v in "xy"], 1.0, rtol=1e-5)
        (alone,) = await ask(client, {"target": VALUES[:6]}, **include)
        assert [weight > 0 for weight in alone["attention"]["time"].values()] == [False, False, True]
        (plain,) = await ask(client, {"target": VALUES}, include=["attention"])
        assert not {"time", "features"} & set(plain["attention"])

    run(flow)


def test_covariates_ahead_reach_the_network(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        warm, cold = [14.0] * 12, [6.0] * 12
        history = [10.0 + step % 3 for step in range(60)]
        one, other, whole, split = await ask(
            client,
            {"target": VALUES, "future_covariates": {"temp": warm}},
            {"target": VALUES, "future_covariates": {"temp": cold}},
            {"target": VALUES, "future_covariates": {"temp": history + warm}},
            {"target": VALUES, "past_covariates": {"temp": history}, "future_covariates": {"temp": warm}},
            model="weather",
        )
        assert one["mean"] != other["mean"]
        np.testing.assert_allclose(whole["mean"], split["mean"], rtol=1e-5)
        (left_out,) = await ask(client, {"target": VALUES}, model="weather@1")
        assert "missing_covariate" in {warning["code"] for warning in left_out["warnings"]}
        rows = [f"{value},{temp}" for value, temp in zip(VALUES, history, strict=True)] + [",14.0"] * 12
        body = "\n".join(["target,temp", *rows]).encode()
        answer = await client.post("/forecast?model=weather", content=body, headers={
            "content-type": "text/csv", "accept": "application/json"
        })  # fmt: skip
        np.testing.assert_allclose(answer.json()["forecasts"][0]["mean"], whole["mean"], rtol=1e-5)

    run(flow)


def test_one_failing_series_leaves_the_others(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        good, bad = {"target": VALUES, "item_id": "good"}, {"target": [None], "item_id": "bad"}
        first, second, third = await ask(client, good, bad, good)
        assert first["mean"] == pytest.approx(third["mean"], rel=1e-5)
        assert (second["item_id"], second["mean"], second["error"]["status"]) == ("bad", None, 422)
        for series, status, code in (
            ([bad, bad], 422, "all_missing"),
            ([{"target": [], "session": "none"}] * 2, 404, "unknown_session"),
            ([{"target": [], "session": "none"}, bad], 422, "all_series_failed"),
        ):
            answer = await client.post("/forecast", json={"series": series})
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert [fault["loc"][:2] for fault in answer.json()["errors"]] == [["series", 0], ["series", 1]]

    run(flow)


def test_a_session_over_http(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        (whole,) = await ask(client, {"target": VALUES, "start": START})
        await ask(client, {"target": VALUES[:40], "start": START, "session": "s"})
        (rest,) = await ask(client, {"target": VALUES[40:], "session": "s"})
        np.testing.assert_allclose(rest["mean"], whole["mean"], rtol=1e-4)
        assert rest["start"] == whole["start"]
        (again,) = await ask(client, {"target": VALUES[40:], "start": "2026-01-02T16:00:00Z", "session": "s"})
        assert (again["session"]["applied"], again["session"]["duplicates"]) == (0, 20)
        kept = (await client.get("/sessions/s")).json()
        admin_schemas.SessionDetails.model_validate(kept)
        assert (kept["count"], kept["last_timestamp"]) == (60, "2026-01-03T11:00:00Z")
        assert (await client.delete("/sessions/s")).status_code == 204
        assert (await client.get("/sessions/s")).status_code == 404

    run(flow)


def test_a_client_that_leaves_and_one_that_waits_too_long(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        body = orjson.dumps({"series": [{"target": VALUES * 200, "session": "left"}]})
        messages = iter([{"type": "http.request", "body": body}, {"type": "http.disconnect"}])
        sent: list[Any] = []

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/forecast", "headers": [], "query_string": b""}
        await app(
            {**scope, "raw_path": b"/forecast", "scheme": "http", "server": ("x", 1), "root_path": ""}, receive, send
        )
        assert sent == []
        late = await client.post("/forecast", json={"series": [{"target": VALUES * 500}] * 20, "timeout_ms": 1})
        assert (late.status_code, late.json()["code"]) == (504, "timeout")
        assert (await ask(client, {"target": VALUES}))[0]["error"] is None

    run(flow)


def test_the_loop_turns_while_large_bodies_are_read(run: Callable[..., None]) -> None:
    """A probe that waits for somebody's upload gets the whole service restarted."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        series = [{"target": np.random.default_rng(0).normal(size=2000).tolist()}] * 100
        bodies = [orjson.dumps({"series": series}), orjson.dumps({"series": [{"target": [*VALUES, None] * 3000}]})]
        longest = 0.0
        for body in bodies:
            work = asyncio.create_task(client.post("/forecast", content=body))
            while not work.done():
                # What the loop's own thread computes: a busy machine makes a probe wait, not compute.
                began = time.thread_time()
                assert (await client.get("/live")).status_code == 200
                # A probe rests. Without it this very test would keep the interpreter from the threads it waits for.
                await asyncio.sleep(0.001)
                longest = max(longest, time.thread_time() - began)
            assert work.result().status_code == 200
        assert longest < 0.04, "a probe costs some 13 ms of the thread at most; to read such a body on it costs 60"

    run(flow)
