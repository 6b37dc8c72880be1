"""How surprising each value is that a session reads: the same on every way, and what the forecast before it says."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from statecast.uncertainty.surprise import surprise
from tests.builders import TAIL_EXPONENTS
from tests.service.serving.sessions.moving import OTHER
from tests.service.streaming.scenes import Count, at, lane_of, post, series, serve

LEVELS = (0.1, 0.5, 0.9)


async def ask(client: httpx.AsyncClient, one: dict[str, Any], **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await post(client, one, **fields))["forecasts"][0]
    return found


def expected(forecast: dict[str, Any], values: list[float], first: int = 0) -> list[float]:
    table = np.array([forecast["quantiles"][str(level)] for level in LEVELS]).T
    found: list[float] = surprise(
        table[first : first + len(values)], np.array(values), LEVELS, TAIL_EXPONENTS, np.float64(1.0)
    ).tolist()
    return found


def test_streamed_or_not_a_value_is_as_surprising_as_the_forecast_before_it_says(folder: Path) -> None:
    """The short way and the general one must not disagree on what is an outlier."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        opened = [await ask(client, series(name, 0, 0, 40), quantile_levels=LEVELS) for name in ("a", "b")]
        assert opened[0]["session"]["surprise"] is None and "anomaly" not in opened[0]["session"]
        count, before = Count(lane_of(app)), opened[0]
        for step in range(40, 60):
            streamed = await ask(client, series("a", 0, step, step + 1), quantile_levels=LEVELS)
            general = await ask(
                client, series("b", 0, step, step + 1), quantile_levels=LEVELS, anomaly_level=99, missing="mask"
            )
            (value,) = streamed["session"]["surprise"]
            assert value == pytest.approx(expected(before, series("a", 0, step, step + 1)["target"])[0], abs=1e-9)
            assert general["session"]["surprise"] == pytest.approx([value], abs=1e-5)
            assert general["session"]["anomaly"] == [not 0.005 <= value <= 0.995]
            before = streamed
        assert count.taken >= 18
        for name, fields in (("a", {}), ("b", {"anomaly_level": 99})):
            for target, low in ((-500.0, True), (900.0, False)):
                found = (await ask(client, {"session": name, "target": [target]}, **fields))["session"]
                (value,) = found["surprise"]
                assert 0 < value < 1e-3 if low else 0.999 < value < 1
                assert found.get("anomaly", [True]) == [True]
        assert (await client.get("/sessions/a")).status_code == 200

    serve(folder, scene, **OTHER)


def test_each_value_has_its_place(folder: Path) -> None:
    """A client that matches by place must not take a duplicate's, a gap's or a missing value's for another's."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        before = await ask(client, series("s", 0, 0, 40), horizon=12, quantile_levels=LEVELS)
        target = series("s", 0, 38, 60)["target"]
        target[4] = None
        found = (await ask(client, series("s", 0, 38, 60) | {"target": target}, horizon=12))["session"]["surprise"]
        known = expected(before, series("s", 0, 40, 52)["target"])
        known[2] = None
        assert found == pytest.approx([None, None, *known, *[None] * 8], abs=1e-9)
        before = await ask(client, {"session": "s", "target": []}, horizon=12, quantile_levels=LEVELS)
        assert before["session"]["surprise"] == []
        times = [at(step) for step in (59, 61, 64)]
        values = [series("s", 0, step, step + 1)["target"][0] for step in (59, 61, 64)]
        late = await ask(client, {"session": "s", "timestamps": times, "target": values})
        ahead = [*expected(before, values[1:2], 1), *expected(before, values[2:], 4)]
        assert late["session"]["duplicates"] == 1
        assert late["session"]["surprise"] == pytest.approx([None, *ahead], abs=1e-9)

    serve(folder, scene, **OTHER)


def test_several_variables_each_have_their_own(folder: Path) -> None:
    """In the shape of the target, as forecasts are."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        both = {"a": series("s", 0, 0, 40)["target"], "b": series("s", 1, 0, 40)["target"]}
        await ask(client, {"session": "s", "target": both})
        found = (await ask(client, {"session": "s", "target": {"a": [50.0], "b": [-900.0]}}, anomaly_level=90))[
            "session"
        ]
        assert 0.01 < found["surprise"]["a"][0] < 0.999 and found["surprise"]["b"][0] < 1e-3
        assert found["anomaly"]["b"] == [True]
        plain = await ask(client, {"target": [1.0, 2.0]}, anomaly_level=90)
        assert plain["session"] is None
        for level in (0, 100, -1, "high"):
            answer = await client.post("/forecast", json={"series": [{"target": [1.0]}], "anomaly_level": level})
            assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["anomaly_level"])

    serve(folder, scene, **OTHER)
