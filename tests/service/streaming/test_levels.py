"""A series is forecast over HTTP as well at a level of a billion as at zero, whichever way it comes and goes on."""

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from fastapi import FastAPI

import statecast
from tests.builders import tiny_artifact
from tests.service.streaming.scenes import Count, at, lane_of, post, serve
from tests.tables import arrow_bytes

ARROW = {"content-type": "application/vnd.apache.arrow.stream", "accept": "application/vnd.apache.arrow.stream"}
WAVE = np.sin(np.arange(90) * np.pi / 12) + 0.3 * np.sin(np.arange(90) / 3.7)
LEVELS = [-3e5, 1e9]


def part(level: float, begin: int, end: int, **fields: Any) -> dict[str, Any]:
    return {"start": at(begin), "freq": "1h", "target": (WAVE[begin:end] + level).tolist(), **fields}


def numbers(forecast: dict[str, Any]) -> np.ndarray:
    return np.array([forecast["mean"], *forecast["quantiles"].values()])


def close(forecast: dict[str, Any], level: float, other: dict[str, Any]) -> None:
    np.testing.assert_allclose(numbers(forecast) - level, numbers(other), atol=2e-4)
    assert [one["code"] for one in forecast["warnings"]] == [one["code"] for one in other["warnings"]]


@pytest.mark.parametrize("level", LEVELS)
def test_a_forecast_moves_with_the_level(folder: Path, level: float) -> None:
    """1e9 + sin(t) was read as a constant: steps of 64 are all that float32 holds there."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        for horizon in (4, app.state.container.services.catalogue.default.config.horizon):
            whole = await post(client, part(level, 0, 90), part(0.0, 0, 90), horizon=horizon)
            close(whole["forecasts"][0], level, whole["forecasts"][1])
            assert whole["forecasts"][0]["mean"] != whole["forecasts"][0]["mean"][:1] * horizon

    serve(folder, scene)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("streams", [False, True])
def test_a_session_stepped_one_by_one_says_what_one_request_says(folder: Path, level: float, streams: bool) -> None:
    """The level is that of the first value: taken from a piece, two splits of one history would be two series."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        lane, count = lane_of(app), Count(lane_of(app))
        lane._takes = streams
        await post(client, part(level, 0, 2, session="s"))
        for step in range(2, 90):
            found = await post(client, part(level, step, step + 1, session="s"))
        assert count.taken == 88 * streams
        whole = await post(client, part(0.0, 0, 90))
        np.testing.assert_allclose(numbers(found["forecasts"][0]) - level, numbers(whole["forecasts"][0]), atol=2e-4)
        scores = (await client.get("/sessions/s")).json()["scores"]
        assert scores["observations"] == 88 and 0 < scores["mase"] < 100

    serve(folder, scene)


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_survives_a_crash(folder: Path, tmp_path: Path, level: float) -> None:
    """A start that ran the journal through the network from another level would answer with another forecast."""
    url = f"sqlite:///{tmp_path}/s.db"
    seen: dict[str, Any] = {}

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, part(level, 0, 30, session="s"))
        for step in range(30, 60):
            seen["last"] = await post(client, part(level, step, step + 1, session="s"))
        assert lane_of(app)._residents.dirty

        async def nothing(until: float) -> None:
            del until

        lane_of(app).stop = nothing

    async def go_on(streams: bool, client: httpx.AsyncClient, app: FastAPI) -> None:
        begin = 60 if streams else 75
        lane_of(app)._takes = streams
        again = await post(client, {"target": [], "session": "s"})
        np.testing.assert_allclose(numbers(again["forecasts"][0]), numbers(seen["last"]["forecasts"][0]), atol=1e-5)
        for step in range(begin, begin + 15):
            seen["last"] = await post(client, part(level, step, step + 1, session="s"))
        whole = await post(client, part(0.0, 0, begin + 15))
        close(seen["last"]["forecasts"][0], level, whole["forecasts"][0])

    serve(folder, crash, state_url=url)
    for streams in (True, False):
        serve(folder, partial(go_on, streams), state_url=url)


def table(level: float, begin: int, end: int) -> bytes:
    rows = pa.table(
        {
            "item_id": ["a"] * (end - begin),
            "timestamp": pa.array(
                np.datetime64("2026-01-01T00", "s") + np.arange(begin, end) * np.timedelta64(3600, "s")
            ),
            "target": WAVE[begin:end] + level,
            "session": ["s"] * (end - begin),
        }
    )
    return arrow_bytes(rows)


def test_arrow_tables_too(folder: Path) -> None:
    """A column of float64 is read as such, on both ways."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        for begin, end in [(0, 40), *((step, step + 1) for step in range(40, 60))]:
            found = await client.post("/forecast?horizon=4&freq=1h", content=table(1e9, begin, end), headers=ARROW)
            assert found.status_code == 200, found.text
        read = pa.ipc.open_stream(found.content).read_all()
        (whole,) = (await post(client, part(0.0, 0, 60)))["forecasts"]
        np.testing.assert_allclose(read["mean"].to_numpy() - 1e9, whole["mean"], atol=2e-4)
        for level, values in whole["quantiles"].items():
            np.testing.assert_allclose(read[level].to_numpy() - 1e9, values, atol=2e-4)

    serve(folder, scene)


def test_http_says_what_the_library_says(folder: Path) -> None:
    """One level, wherever the series is forecast."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        model = app.state.container.services.catalogue.default
        fields = {"horizon": 4} | ({"season": 24} if model.longest_season else {})
        for level in (0.0, *LEVELS):
            body = part(level, 0, 90) | ({"season": 24} if model.longest_season else {})
            (found,) = (await post(client, body))["forecasts"]
            own = model.artifact.forecast(WAVE + level, start=at(0), freq="1h", **fields)
            np.testing.assert_allclose(np.array(found["mean"]) - level, own.mean - level, atol=1e-5)
            for one, values in own.quantiles.items():
                np.testing.assert_allclose(np.array(found["quantiles"][str(one)]) - level, values - level, atol=1e-5)

    serve(folder, scene)


def test_paths_move_with_the_level(folder: Path) -> None:
    """Paths in float32 would be steps of 64 at a billion."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        paths = []
        for level in (0.0, 1e9):
            body = {"series": [part(level, 0, 90)], "horizon": 4, "num_samples": 20, "seed": 7}
            answer = await client.post("/generate", json=body)
            assert answer.status_code == 200, answer.text
            (path,) = answer.json()["paths"]
            paths.append(path)
        np.testing.assert_allclose(np.array(paths[1]["samples"]) - 1e9, paths[0]["samples"], atol=5e-4)
        for one, values in paths[0]["quantiles"].items():
            np.testing.assert_allclose(np.array(paths[1]["quantiles"][one]) - 1e9, values, atol=5e-4)

    serve(folder, scene)


def test_each_variable_has_a_level_of_its_own(folder: Path) -> None:
    """One that begins later has none until then, and none of another's."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        late = [None] * 30 + (WAVE[30:] - 5e8).tolist()
        target = {"x": (WAVE + 1e9).tolist(), "y": late}
        other = {"x": WAVE.tolist(), "y": [None] * 30 + WAVE[30:].tolist()}
        pieces = [slice(0, 1), slice(1, 31), slice(31, 32), slice(32, 90)]
        for place in pieces:
            body = {
                "start": at(place.start),
                "freq": "1h",
                "session": "s",
                "target": {n: v[place] for n, v in target.items()},
            }
            answer = await client.post("/forecast", json={"series": [body], "horizon": 4})
        (found,) = answer.json()["forecasts"]
        (whole,) = (await post(client, {"start": at(0), "freq": "1h", "target": other}))["forecasts"]
        for name, level in (("x", 1e9), ("y", -5e8)):
            np.testing.assert_allclose(np.array(found["mean"][name]) - level, whole["mean"][name], atol=1e-3)

    serve(folder, scene)


def test_a_transform_sees_values(tmp_path: Path) -> None:
    """A model with a transform of the target reads shares of the value: over HTTP as in the library."""
    tiny_artifact(tmp_path, calendar=(), asinh_unit=0.5)
    values = np.exp(WAVE + 3.0)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, {"target": values[:60].tolist(), "session": "s"})
        for value in values[60:]:
            found = await post(client, {"target": [float(value)], "session": "s"})
        own = statecast.load(next(tmp_path.iterdir())).forecast(values, 4)
        np.testing.assert_allclose(found["forecasts"][0]["mean"], own.mean, rtol=1e-4)

    serve(tmp_path, scene)
