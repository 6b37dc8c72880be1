"""A model that forecasts what it never saw: which season it takes, how far it reaches, what its sessions keep."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

import statecast
from service.engine import model_pool as networks
from service.protocols.admin import schemas as admin_schemas
from service.protocols.generate import schemas as generate_schemas
from tests.builders import tiny_artifact, tiny_family_artifact, tiny_generator_artifact
from tests.service.requests import ask, check_table, play, post, wave

START = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(folder)
    tiny_artifact(folder, "another")
    tiny_generator_artifact(folder, "a-writer")
    return folder


@pytest.fixture(scope="module")
def library(artifacts: Path) -> statecast.Artifact:
    return statecast.load(artifacts / "default-1")


@pytest.fixture
def run(artifacts: Path) -> Callable[..., None]:
    return partial(play, artifacts)


def test_it_says_what_the_library_says(run: Callable[..., None], library: statecast.Artifact) -> None:
    """Season by name, by freq, by values; horizons within the model's own and far beyond; several in one request."""
    cases = [
        ({"target": wave(100), "season": 7}, {"season": 7}, 7),
        ({"target": wave(100), "freq": "1h", "start": START}, {"freq": "1h", "start": START.removesuffix("Z")}, 24),
        ({"target": wave(30), "freq": "1h", "start": START}, {"freq": "1h"}, 1),
        ({"target": wave(200, 12)}, {}, 12),
        ({"target": wave(200, 12), "freq": "1h"}, {"freq": "1h"}, 24),
        ({"target": [3.0, 1.0, 2.0]}, {}, 1),
        ({"target": wave(300), "season": 288}, {"season": 288}, 288),
    ]  # fmt: skip

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        for horizon, some in ((3, cases), (32, cases), (33, cases), (1024, cases[1:2])):
            found = await ask(client, *(series for series, _, _ in some), horizon=horizon)
            for one, (series, options, season) in zip(found, some, strict=True):
                assert one["error"] is None, one["error"]
                assert one["season"] == season and len(one["mean"]) == horizon
                wanted = library.forecast(series["target"], horizon, **options)
                for level, values in wanted.quantiles.items():
                    np.testing.assert_allclose(one["quantiles"][str(level)], values, atol=1e-3)
                np.testing.assert_allclose(one["mean"], wanted.mean, atol=1e-3)

    run(flow)


def test_a_freq_without_times_decides_the_season_alone(run: Callable[..., None]) -> None:
    """Without a start nobody can say when, but hourly values still have days: the freq must not be ignored."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        values = wave(200, 12)
        (by_values, by_freq, counted) = await ask(
            client,
            {"target": values},
            {"target": values, "freq": "h"},
            {"target": values, "freq": "1h", "from_index": 5},
        )
        assert (by_values["season"], by_freq["season"], counted["season"]) == (12, 24, 24)
        assert by_freq["freq"] is None and by_freq["start"] is None
        (opened,) = await ask(client, {"session": "timeless", "freq": "1h", "target": wave(5)})
        (next_one,) = await ask(client, {"session": "timeless", "freq": "1h", "target": [50.0]})
        assert (opened["season"], next_one["season"], next_one["freq"]) == (24, 24, None)
        refused = await post(client, {"target": values, "freq": "fortnight"})
        assert refused.status_code == 422 and "freq" in refused.json()["detail"]

    run(flow)


def test_what_goes_with_a_forecast(run: Callable[..., None]) -> None:
    values = wave(96)

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        both = {"a": values, "b": [None, *values[1:]]}
        timed = {"start": START, "freq": "1h", "target": both}
        (one,) = await ask(client, timed, horizon=60, include=["baseline", "attention"], quantile_levels=[0.25, 0.5])
        assert (one["season"], one["freq"], one["start"]) == (24, "1h", "2026-01-05T00:00:00Z")
        assert one["baseline"]["name"] == "seasonal_naive_24"
        np.testing.assert_allclose(one["baseline"]["mean"]["a"], (values[-24:] * 3)[:60], rtol=1e-5)
        assert len(one["attention"]["experts"]["season"]["a"]) == 24 / 4 and "1h" in one["attention"]
        (gaps,) = await ask(client, {"target": [*values, None, None], "season": 24}, missing="ffill", horizon=2)
        check_table(gaps)
        table = "target\n" + "\n".join(map(str, values)) + "\n"
        csv = {"content-type": "text/csv", "accept": "application/json"}
        answer = await client.post("/forecast?season=7&horizon=3", content=table, headers=csv)
        (plain,) = await ask(client, {"target": values, "season": 7}, horizon=3)
        assert answer.json()["forecasts"][0]["season"] == 7
        np.testing.assert_allclose(answer.json()["forecasts"][0]["mean"], plain["mean"], rtol=1e-6)
        arrow = await client.post("/forecast?season=7", content=table, headers={"content-type": "text/csv"})
        assert arrow.status_code == 200 and arrow.text.count("\n") == 1 + 32

    run(flow)


def test_a_session_keeps_its_season(run: Callable[..., None]) -> None:
    """What began by the week must not go on by the day."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        timed = {"start": START, "freq": "1h", "session": "new"}
        (opened,) = await ask(client, {**timed, "target": wave(5)}, horizon=2)
        assert opened["season"] == 24, "a session that has just begun will grow into its season"
        (detected,) = await ask(client, {"session": "seen", "target": wave(100)})
        assert detected["season"] == 24
        for season in (1, 7, 200):
            (named,) = await ask(client, {"session": f"s{season}", "season": season, "target": wave(60)})
            assert named["season"] == season
            (next_one,) = await ask(client, {"session": f"s{season}", "target": [50.0]}, horizon=30)
            (same,) = await ask(client, {"session": f"s{season}", "season": season, "target": []}, horizon=30)
            assert next_one["season"] == same["season"] == season and next_one["mean"] == same["mean"]
            (whole,) = await ask(client, {"season": season, "target": [*wave(60), 50.0]}, horizon=30)
            np.testing.assert_allclose(whole["mean"], same["mean"], atol=1e-3)
        refused = await post(client, {"session": "s7", "season": 24, "target": [1.0]})
        assert (refused.status_code, refused.json()["code"]) == (409, "session_mismatch")
        assert "season: the session was opened with 7 steps, the request has 24" in refused.json()["detail"]
        told = (await client.get("/sessions/s7")).json()
        admin_schemas.SessionDetails.model_validate(told)
        assert (told["kind"], told["season"], told["count"]) == ("family", 7, 61)
        assert told["bytes"] != (await client.get("/sessions/s200")).json()["bytes"]
        assert told["scores"]["observations"] == 1

    run(flow)


def test_seasons_beyond_what_is_kept_at_hand_lose_nothing(
    run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member that gave way is made again of the same weights, its sessions read from the store."""
    monkeypatch.setattr(networks, "MEMBERS", 3)

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        made = app.state.container.services.forecasts.runtime.engine._networks
        for season in range(1, 9):
            await ask(client, {"session": f"s{season}", "season": season, "target": wave(40)})
            assert len(made) <= 3
        series = [{"session": f"s{season}", "target": [50.0, 51.0]} for season in range(1, 9)]
        whole = [{"season": season, "target": [*wave(40), 50.0, 51.0]} for season in range(1, 9)]
        for went_on, anew in zip(await ask(client, *series), await ask(client, *whole), strict=True):
            np.testing.assert_allclose(went_on["mean"], anew["mean"], atol=1e-3)

    run(flow)


def test_a_state_cache_grows_with_its_sessions(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        names = [f"s{number}" for number in range(40)]
        await ask(client, *({"session": name, "season": 6, "target": wave(20 + len(name))} for name in names))
        store = app.state.container.services.forecasts.runtime.store
        read, store.state = store.state, None  # whoever reads a state from the store now fails
        went_on = await ask(client, *({"session": name, "target": [50.0]} for name in names))
        store.state = read
        assert {one["session"]["count"] for one in went_on} == {23, 24}

    run(flow)


def test_one_season_is_one_batch(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        metrics = app.state.container.metrics.registry
        before = metrics.get_sample_value("statecast_batch_rows_count")
        await ask(client, *({"season": season, "target": wave(64)} for season in [7] * 10 + [24] * 10))
        assert metrics.get_sample_value("statecast_batch_rows_count") - before <= 4

    run(flow)


def test_paths_of_any_season(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        await ask(client, {"session": "kept", "season": 7, "target": wave(60)})
        series = [
            {"season": 24, "target": wave(60)},
            {"session": "kept", "target": []},
            {"season": 7, "target": wave(60)},
        ]
        body = {"series": series, "horizon": 40, "num_samples": 8, "seed": 1}
        answer = await client.post("/generate", json=body)
        assert answer.status_code == 200, answer.text
        generate_schemas.PathsReply.model_validate(answer.json())
        paths = answer.json()["paths"]
        assert [path["season"] for path in paths] == [24, 7, 7]
        assert np.isfinite([path["samples"] for path in paths]).all()
        alone = (await client.post("/generate", json={**body, "series": series[:1]})).json()["paths"][0]
        np.testing.assert_allclose(alone["samples"], paths[0]["samples"], atol=1e-3)

    run(flow)


def test_models_describe_it_and_it_is_the_default(run: Callable[..., None]) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        models = (await client.get("/models")).json()
        admin_schemas.Models.model_validate(models)
        assert models["default"] == "default@1", "and not the first by name"
        (told,) = (model for model in models["models"] if model["kind"] == "family")
        assert (told["longest_season"], told["horizon"], told["reach"], told["streaming"]) == (512, 32, 1024, "exact")
        assert told["limits"]["horizon"] == 1024 and told["season"] is None
        assert told["state_bytes_by_season"]["1"] < told["state_bytes_by_season"]["288"] < told["state_bytes"]
        assert (await post(client, {"target": wave(20)})).json()["model"]["name"] == "default"
        (own,) = (await post(client, {"target": wave(20)}, model="another")).json()["forecasts"]
        assert "season" not in own

    run(flow)
    run(lambda client, app: _is_default(client, "another@1"), default_model="another")


async def _is_default(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get("/models")).json()["default"] == name
