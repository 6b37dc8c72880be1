"""Levels from 0.01 to 0.99 by every way in: the same numbers, in order, and the trained ones as they were.

A 95 % interval that depended on the format, or on whether a session was asked, would be worth nothing; and each member
of a family has tails of its own, which must not be mixed up where series of several seasons come together.
"""

import io
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from fastapi import FastAPI

import statecast
from statecast.errors import InputError
from statecast.uncertainty.quantile_levels import quantiles_at
from tests.builders import tiny_family_artifact
from tests.service.requests import ask, play, post
from tests.tables import csv_bytes

LEVELS = [0.5, 0.01, 0.9, 0.975, 0.1, 0.99, 0.025]
NAMES = list(map(repr, LEVELS))
STEPS = np.arange(120)
RISING = np.argsort(LEVELS)
SERIES = {"day": ("1h", 24), "week": ("1d", 7)}
ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(found)
    return found


def values(season: int) -> list[float]:
    return (50 + 10 * np.sin(2 * np.pi * STEPS / season) + 3 * np.sin(STEPS * STEPS / 5)).round(2).tolist()


def one(name: str, upto: int = 120, **further: object) -> dict[str, object]:
    freq, season = SERIES[name]
    return {"target": values(season)[:upto], "start": "2026-01-01T00:00:00Z", "freq": freq, **further}


def test_every_way_in_has_the_same_outer_quantiles(folder: Path) -> None:
    artifact = statecast.load(folder / "default-1")
    expected = {}
    for name, (freq, season) in SERIES.items():
        options = {"start": "2026-01-01", "freq": freq}
        found = artifact.forecast(values(season), 20, quantile_levels=LEVELS, **options)
        expected[name] = np.array([found.quantiles[level] for level in LEVELS])
        assert (np.diff(expected[name][RISING], axis=0) > 0).all()
        trained = artifact.forecast(values(season), 20, **options)
        for level in (0.1, 0.5, 0.9):
            np.testing.assert_array_equal(found.quantiles[level], trained.quantiles[level])
        own = artifact.network.of(season).calibration.exponents  # type: ignore[union-attr]
        table = np.stack([trained.quantiles[level] for level in sorted(trained.quantiles)], axis=-1)
        wanted = quantiles_at(table, tuple(sorted(trained.quantiles)), LEVELS, own)
        np.testing.assert_allclose(expected[name].T, wanted, rtol=1e-9)
        session = artifact.session(freq=freq)
        session.update(values(season), start="2026-01-01")
        again = session.forecast(20, level=[95, 98], bounds={})
        for level in (0.01, 0.025, 0.975, 0.99):
            np.testing.assert_allclose(again.quantiles[level], expected[name][LEVELS.index(level)], rtol=2e-4)

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        wanted = {"horizon": 20, "quantile_levels": LEVELS}
        for names in (["day"], ["week", "day"]):  # alone straight on the connection, together the general way
            for name, found in zip(names, await ask(client, *map(one, names), **wanted), strict=True):
                numbers = np.array([found["quantiles"][level] for level in NAMES])
                np.testing.assert_allclose(numbers, expected[name], rtol=2e-4)
        for name in SERIES:
            await ask(client, one(name, 119, session=name), **wanted)
            (found,) = await ask(client, {"session": name, "target": values(SERIES[name][1])[119:]}, **wanted)
            numbers = np.array([found["quantiles"][level] for level in NAMES])
            np.testing.assert_allclose(numbers, expected[name], rtol=2e-4)
        table = pa.table(
            {
                "item_id": ["day"] * 120,
                "timestamp": np.datetime64("2026-01-01T00:00:00", "s") + STEPS * np.timedelta64(1, "h"),
                "target": values(24),
            }
        )
        for kind in (ARROW, "text/csv"):
            answer = await client.post(
                "/forecast",
                params={"horizon": 20, "quantile_levels": ",".join(NAMES)},
                content=csv_bytes(table),
                headers={"content-type": "text/csv", "accept": kind},
            )
            assert answer.status_code == 200, answer.text
            body = io.BytesIO(answer.content)
            read = pa.ipc.open_stream(body).read_all() if kind == ARROW else pa_csv.read_csv(body)
            numbers = np.array([read[level].to_numpy() for level in NAMES])
            np.testing.assert_allclose(numbers, expected["day"], rtol=2e-4)
        answer = await client.post(
            "/backtest",
            json={
                "series": [one("day"), one("week")],
                "horizon": 1,
                "quantile_levels": LEVELS,
                "return": ["forecasts"],
            },
        )
        assert answer.status_code == 200, answer.text
        for name, found in zip(SERIES, answer.json()["results"], strict=True):
            freq, season = SERIES[name]
            options = {"start": "2026-01-01", "freq": freq}
            alone = artifact.forecast(values(season)[:-1], 1, quantile_levels=LEVELS, **options)
            (cut,) = found["forecasts"]
            numbers = np.array([cut["quantiles"][level] for level in NAMES])
            np.testing.assert_allclose(numbers, np.array([alone.quantiles[level] for level in LEVELS]), rtol=2e-4)

    play(folder, flow, default_model="default")


def test_levels_that_nothing_vouches_for_are_refused_by_name(folder: Path) -> None:
    artifact = statecast.load(folder / "default-1")
    for level in (0.005, 0.995):
        with pytest.raises(InputError, match=rf"quantile_levels: expected levels from 0.01 to 0.99 .*got {level}"):
            artifact.forecast(values(24), 4, quantile_levels=[level])

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        answer = await post(client, one("day"), horizon=4, quantile_levels=[0.5, 0.995])
        assert answer.status_code == 422 and answer.json()["code"] == "level_out_of_range"
        assert (
            "quantile_levels[1]: expected levels from 0.01 to 0.99 (trained from 0.1 to 0.9" in answer.json()["detail"]
        )
        for level in (0.0, 1.0, -0.1):
            answer = await post(client, one("day"), horizon=4, quantile_levels=[level])
            assert answer.status_code in (400, 422) and "(0, 1)" in answer.json()["detail"]

    play(folder, flow, default_model="default")
