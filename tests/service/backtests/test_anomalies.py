"""``POST /anomalies`` over HTTP: each value beside the forecast made one step before it, in every format.

Without this an outlier would pass, or a flag would say something else than the interval and the surprise beside it.
"""

import json
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pytest

import statecast
from statecast.uncertainty.surprise import surprise
from tests.service.backtests.scenes import START, close, post, values_of
from tests.service.backtests.test_backtest import run
from tests.tables import csv_bytes

BAD = {
    "a level of 100": ({"level": 100}, "level"),
    "a level of 0": ({"level": 0}, "level"),
    "a level that is a text": ({"level": "high"}, "level"),
    "a horizon": ({"horizon": 3}, "horizon"),
    "one value": ({"series": [{"target": [1.0]}]}, "at least 2"),
    "a session": ({"series": [{"target": [1.0, 2.0], "session": "s"}]}, "session"),
    "a policy that looks ahead": ({"missing": "linear"}, "later"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


def test_each_value_is_compared_with_the_forecast_made_for_it(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        values = values_of(150)
        values[120] = 500.0
        series = {"target": values, "start": START, "freq": "1h", "season": 24}
        found = (await post(client, "/anomalies", series=[series], level=90))["results"][0]
        tails = statecast.load(folder / "default-1").network.of(24).calibration.exponents  # type: ignore[union-attr]
        assert found["start"] == START and len(found["expected"]) == len(found["flag"]) == 150
        assert found["expected"][0] is None and found["surprise"][0] is None and found["flag"][0] is None
        for step in (60, 99, 120, 121):
            part = series | {"target": values[:step]}
            one = (await post(client, "/forecast", series=[part], horizon=1))["forecasts"][0]
            close(found["expected"][step], one["mean"][0])
            quantiles = np.array([values[0] for values in one["quantiles"].values()])
            levels = tuple(map(float, one["quantiles"]))
            value = values[step]
            if value is not None:
                close(found["surprise"][step], surprise(quantiles, np.array(value), levels, tails, np.float64(1.0)))
        assert found["flag"][120] and found["surprise"][120] > 0.999
        for value, low, high, share, flag in zip(
            values,
            found["interval"]["lower"],
            found["interval"]["upper"],
            found["surprise"],
            found["flag"],
            strict=True,
        ):
            if flag is None:
                assert share is None
            elif low > 0:  # below 0 the interval is cut, the surprise is not
                assert flag == (not low <= value <= high) == (not 0.05 <= share <= 0.95)
        assert found["flagged"] == sum(map(bool, found["flag"]))

    run(folder, scene)


def test_a_young_series_is_not_judged(folder: Path) -> None:
    """The second value of every series was flagged, because a forecast made from one value has no width."""

    async def scene(client: httpx.AsyncClient) -> None:
        values = [50.0, 900.0, *values_of(60)[2:40]]
        hours = {"freq": "1h", "start": START, "season": 12}
        series = [{"target": values, **hours}, {"target": [5.0] * 30 + [9.0, 5.0], **hours}]
        young, flat = (await post(client, "/anomalies", series=series))["results"]
        for name in ("surprise", "flag"):
            assert [value is None for value in young[name]] == [
                step <= 12 or values[step] is None for step in range(40)
            ]
            assert [value is None for value in flat[name]] == [True] * 31 + [False]
        assert young["expected"][1] is not None and young["interval"]["lower"][1] is not None

    run(folder, scene)


def test_several_variables_and_failures(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        series = [
            {"item_id": "none", "target": [None, None]},
            {"item_id": "two", "target": {"a": values_of(60, 1), "b": values_of(60, 2)}},
        ]
        none, two = (await post(client, "/anomalies", series=series))["results"]
        assert none["error"]["code"] == "all_missing" and none["surprise"] is None
        assert set(two["surprise"]) == set(two["flag"]) == set(two["interval"]["lower"]) == {"a", "b"}

    run(folder, scene)


def test_tables_say_the_same(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        values = values_of(80)
        wanted = (await post(client, "/anomalies", series=[{"target": values}], level=80))["results"][0]
        table = pa.table({"item_id": ["x"] * 80, "timestamp": list(range(80)), "target": values})
        answer = await client.post(
            "/anomalies?level=80", content=csv_bytes(table),
            headers={"content-type": "text/csv", "accept": "application/vnd.apache.arrow.stream"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        read = pa.ipc.open_stream(answer.content).read_all()
        assert read.column_names == ["item_id", "timestamp", "target", "expected", "lower", "upper", "surprise", "flag"]
        close(read["surprise"].to_pylist(), wanted["surprise"])
        assert read["flag"].to_pylist() == wanted["flag"]
        assert read["timestamp"].to_pylist() == list(range(80))

    run(folder, scene)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_what_was_expected(folder: Path, name: str) -> None:
    fields, words = BAD[name]

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/anomalies", content=json.dumps({"series": [{"target": values_of(40)}], **fields}))
        assert answer.status_code == 422 and words in json.dumps(answer.json()), answer.text

    run(folder, scene)


@pytest.mark.parametrize("path", ["/anomalies", "/backtest"])
def test_a_parameter_of_forecasts_alone_is_refused(folder: Path, path: str) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post(f"{path}?anomaly_level=99", json={"series": [{"target": values_of(40)}]})
        assert answer.status_code == 422 and "anomaly_level" in answer.json()["detail"], answer.text

    run(folder, scene)


def test_both_are_described(folder: Path) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        document = (await client.get("/openapi.json")).json()
        for path, name in (("/backtest", "BacktestReply"), ("/anomalies", "AnomaliesReply")):
            operation = document["paths"][path]["post"]
            assert len(operation["requestBody"]["content"]) == 3
            assert set(operation["responses"]) >= {"200", "413", "422", "429", "504"}
            assert name in document["components"]["schemas"]
        assert "cutoffs" in [one["name"] for one in document["paths"]["/backtest"]["post"]["parameters"]]

    run(folder, scene)
