"""Covariates that the default model never learned from, over HTTP: series, sessions, cross-validations, paths.

A covariate that is dropped, shifted by a step or read under another's name forecasts as if nothing were known ahead,
and nothing in the answer shows it.
"""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import statecast
from tests.service.backtests.scenes import START, close, post, served

STEPS, AHEAD = 260, 12


def heat(steps: int) -> list[float]:
    return (np.sin(np.arange(steps) / 9.0) * 8 + 15).tolist()


def sky(steps: int) -> list[str]:
    return ["clear" if step % 5 else "dull" for step in range(steps)]


def load(steps: int) -> list[float]:
    hour, noise = np.arange(steps), np.random.default_rng(0).normal(size=steps)
    values = 50 + 5 * np.sin(hour * np.pi / 12) + 0.8 * np.array(heat(steps)) + noise
    return (values + 3 * np.array([one == "dull" for one in sky(steps)])).tolist()


def series(first: int, last: int, **further: Any) -> dict[str, Any]:
    """Steps of the series with what is known ahead, up to the horizon."""
    known = {"heat": heat(STEPS + AHEAD)[first : last + AHEAD], "sky": sky(STEPS + AHEAD)[first : last + AHEAD]}
    start = np.datetime64("2026-01-01T00:00:00") + np.timedelta64(first, "h")
    return {
        "target": load(STEPS)[first:last], "start": f"{start}Z", "freq": "1h", "future_covariates": known, **further,
    }  # fmt: skip


async def forecast(client: Any, **one: Any) -> dict[str, Any]:
    answer = await post(client, "/forecast", horizon=AHEAD, series=[one])
    found: dict[str, Any] = answer["forecasts"][0]
    return found


@pytest.mark.parametrize("kind", ["even", "counts", "spikes"])
def test_whole_series_are_forecast_as_by_the_library(tmp_path: Path, kind: str) -> None:
    """A server that encodes or places a covariate otherwise than the library forecasts another number."""
    draw = np.random.default_rng(1)
    values = {"even": load(STEPS), "counts": draw.poisson(2.0, STEPS).tolist(), "spikes": [*load(STEPS - 1), 9000.0]}[
        kind
    ]

    async def play() -> None:
        async with served(tmp_path) as client:
            found = await forecast(client, **series(0, STEPS) | {"target": values})
            plain = await forecast(client, **series(0, STEPS) | {"target": values, "future_covariates": {}})
        wanted = statecast.load(tmp_path / "default-1").forecast(
            values, AHEAD, start=START, freq="1h",
            future_covariates={"heat": heat(STEPS + AHEAD), "sky": sky(STEPS + AHEAD)},
        )  # fmt: skip
        close(found["mean"], wanted.mean)
        close(list(found["quantiles"].values()), list(wanted.quantiles.values()))
        assert not np.allclose(found["mean"], plain["mean"], rtol=1e-3)

    asyncio.run(play())


def test_a_session_that_grows_forecasts_as_the_whole_series(tmp_path: Path) -> None:
    """The law of sessions, with covariates: otherwise what a session forecasts depends on how its values came."""

    async def play() -> None:
        async with served(tmp_path, state_url=f"sqlite:///{tmp_path}/states.sqlite3") as client:
            whole = await forecast(client, **series(0, STEPS))
            await forecast(client, **series(0, STEPS - 40, session="a"))
            for first in range(STEPS - 40, STEPS - 10):
                await forecast(client, **series(first, first + 1, session="a"))
            gap = series(STEPS - 10, STEPS, session="a")
            found = await forecast(client, **gap)
            again = await forecast(client, **gap)
        close(found["mean"], whole["mean"])
        close(list(found["quantiles"].values()), list(whole["quantiles"].values()))
        assert again["mean"] == found["mean"] and again["session"]["duplicates"] == 10
        async with served(tmp_path, state_url=f"sqlite:///{tmp_path}/states.sqlite3") as client:
            later = await forecast(client, **gap)
        close(later["mean"], found["mean"])

    asyncio.run(play())


def test_an_hour_without_values_is_not_one_of_zero_degrees(tmp_path: Path) -> None:
    """A hole between two requests whose covariates count as 0 teaches the state an effect that is not there."""

    async def play() -> None:
        async with served(tmp_path) as client:
            holes = series(0, STEPS)
            holes["target"][200:204] = [None] * 4
            for name in ("heat", "sky"):
                holes["future_covariates"][name][200:204] = [None] * 4
            whole = await forecast(client, **holes)
            await forecast(client, **series(0, 200, session="a"))
            found = await forecast(client, **series(204, STEPS, session="a"))
        close(found["mean"], whole["mean"])

    asyncio.run(play())


def test_a_session_keeps_to_the_covariates_that_it_was_opened_with(tmp_path: Path) -> None:
    """One under another name would silently be taken for the first one."""

    async def play() -> None:
        async with served(tmp_path) as client:
            await forecast(client, **series(0, STEPS - 1, session="a"))
            other = series(STEPS - 1, STEPS, session="a")
            other["future_covariates"]["wind"] = other["future_covariates"].pop("heat")
            answer = await client.post("/forecast", json={"horizon": AHEAD, "series": [other]})
            assert answer.status_code == 409 and "'heat', 'sky'" in answer.json()["detail"], answer.text
            await forecast(client, **series(0, STEPS - 1, session="b") | {"future_covariates": {}})
            answer = await client.post(
                "/forecast", json={"horizon": AHEAD, "series": [series(STEPS - 1, STEPS, session="b")]}
            )
            assert answer.status_code == 409 and "opened with none" in answer.json()["detail"], answer.text
            bare = series(STEPS - 1, STEPS, session="a") | {"future_covariates": {}}
            found = await forecast(client, **bare)
        assert [one["code"] for one in found["warnings"]].count("missing_covariate") == 2

    asyncio.run(play())


def test_what_does_nothing_is_named(tmp_path: Path) -> None:
    """Who sends a covariate expects that it counts."""

    async def play() -> None:
        async with served(tmp_path) as client:
            one = series(0, STEPS, past_covariates={"wind": heat(STEPS)}, static_covariates={"site": "north"})
            found = await forecast(client, **one)
            named = [
                warning["detail"].split()[0] for warning in found["warnings"] if warning["code"] == "covariate_not_used"
            ]
            short = series(0, STEPS)
            short["future_covariates"]["heat"] = [1.0]
            answer = await client.post("/forecast", json={"horizon": AHEAD, "series": [short]})
        assert named == ["wind", "site"]
        assert answer.status_code == 422 and "expected 12 values" in answer.json()["detail"], answer.text

    asyncio.run(play())


@pytest.mark.parametrize("path", ["/backtest", "/generate"])
def test_other_endpoints_take_them(tmp_path: Path, path: str) -> None:
    """A cross-validation without what the forecast knows judges another forecast."""

    async def play() -> None:
        one = series(0, STEPS)
        async with served(tmp_path) as client:
            if path == "/backtest":
                cut = {name: values[:STEPS] for name, values in one["future_covariates"].items()}
                body: dict[str, Any] = {"horizon": AHEAD, "cutoffs": 2, "series": [one | {"future_covariates": cut}]}
                answer = await post(client, path, **body)
                assert answer["results"][0]["error"] is None
            else:
                answer = await post(client, path, horizon=AHEAD, num_samples=3, series=[one, {"target": load(STEPS)}])
                assert [one["error"] for one in answer["paths"]] == [None, None]

    asyncio.run(play())
