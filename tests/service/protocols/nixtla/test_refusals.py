"""What nixtla's SDK requests and this server does not do is said: refused by name, or answered with a warning.

A column that is silently left out, or a name of a model that silently means another, is a wrong decision later.
"""

from typing import Any

import httpx
import numpy as np
import pytest

from tests.service.protocols.nixtla.scenes import SIZES, Play, ask, flat

ROWS = sum(SIZES)
BODY = {"freq": "D", "h": 3}


def test_columns_that_the_model_does_not_take_are_said_not_to_be_used(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        plain = await ask(client, "/v2/forecast", series=flat(), **BODY)
        columns = flat(X=[[1.0] * ROWS, ["a"] * ROWS], categorical_exog=[1])
        answer = await ask(client, "/v2/forecast", series=columns, feature_contributions=True, **BODY)
        assert answer["mean"] == plain["mean"] and answer["weights_x"] == [0.0, 0.0] and not plain["warnings"]
        (warning,) = answer["warnings"]
        assert warning["code"] == "covariates_not_used" and "X[0], X[1]" in warning["detail"]
        assert answer["feature_contributions"] == [[0.0] * 6, [0.0] * 6, answer["mean"]]

    play(flow)


def test_the_default_model_takes_columns_that_are_known_ahead(play: Play) -> None:
    """As our own way does, in the same order."""

    async def flow(client: httpx.AsyncClient) -> None:
        draw = np.random.default_rng(1)
        price, ahead = draw.normal(size=60), draw.normal(size=3)
        y = (np.array(flat()["y"][:60], float) + 3 * price).tolist()
        series = {"y": y, "sizes": [60], "start_datetime": ["2026-01-01T00:00"]}
        known = series | {"X": [price.tolist()], "X_future": [ahead.tolist()]}
        theirs = await ask(client, "/v2/forecast", series=known, freq="h", h=3)
        own = {
            "start": "2026-01-01T00:00:00Z", "freq": "1h", "target": y,
            "future_covariates": {"price": [*price.tolist(), *ahead.tolist()]},
        }  # fmt: skip
        ours = (await ask(client, "/forecast", series=[own], horizon=3))["forecasts"][0]
        assert np.allclose(theirs["mean"], ours["mean"], rtol=1e-6) and theirs["weights_x"] is None
        history = series | {"X": [price.tolist()]}
        windows = await ask(client, "/v2/cross_validation", series=history, freq="h", h=3)
        own["future_covariates"] = {"price": price.tolist()}
        native = await ask(client, "/backtest", series=[own], horizon=3, **{"return": ["forecasts"]})
        assert np.allclose(windows["mean"], native["results"][0]["forecasts"][0]["mean"], rtol=1e-6)

    play(flow)


def test_columns_are_the_model_s_covariates_in_its_order(play: Play) -> None:
    """The SDK sends no names."""

    async def flow(client: httpx.AsyncClient) -> None:
        draw = np.random.default_rng(1)
        price, wind, ahead = draw.normal(size=60), draw.normal(size=60), draw.normal(size=3)
        kinds, coming = ["a", "b"] * 30, ["b", "a", "a"]
        y = flat()["y"][:60]
        series = {"y": y, "sizes": [60], "start_datetime": ["2026-01-01T00:00"], "categorical_exog": [1]}
        series |= {"X": [price.tolist(), kinds, wind.tolist()], "X_future": [ahead.tolist(), coming]}
        theirs = await ask(client, "/v2/forecast", series=series, model="weather", freq="h", h=3, level=[80])
        own = {
            "start": "2026-01-01T00:00:00Z", "freq": "1h", "target": y, "past_covariates": {"wind": wind.tolist()},
            "future_covariates": {"price": [*price.tolist(), *ahead.tolist()], "kind": kinds + coming},
        }  # fmt: skip
        ours = (await ask(client, "/forecast", series=[own], model="weather", horizon=3))["forecasts"][0]
        assert np.allclose(theirs["mean"], ours["mean"], rtol=1e-6) and theirs["weights_x"] is None
        (warning,) = theirs["warnings"]
        assert warning["code"] == "covariates_by_position" and "X[0] as price" in warning["detail"]
        history = {**series, "X": [price.tolist(), wind.tolist(), kinds], "categorical_exog": [2], "X_future": None}
        windows = await ask(
            client, "/v2/cross_validation", series=history, model="weather", freq="h", h=3, hist_exog=[1]
        )  # fmt: skip
        own["future_covariates"] = {"price": price.tolist(), "kind": kinds}
        native = await ask(
            client, "/backtest", series=[own], model="weather", horizon=3, **{"return": ["forecasts"]}
        )  # fmt: skip
        assert np.allclose(windows["mean"], native["results"][0]["forecasts"][0]["mean"], rtol=1e-6)
        refused = await ask(
            client, "/v2/forecast", 422, model="weather", freq="h", h=3,
            series={**series, "X": [price.tolist()], "X_future": None, "categorical_exog": None},
        )  # fmt: skip
        assert "weather@1 in its order: price (numbers known ahead), got 0" in refused["detail"]

    play(flow)


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        ("forecast", {"finetune_steps": 5}, "no models are fitted on this server (STATECAST_FITS)"),
        ("forecast", {"finetune_steps": -1}, "finetune_steps: expected a whole number from 0"),
        ("forecast/async", {"finetune_steps": 5}, "call finetune() and give its id"),
        ("forecast", {"model_parameters": {"a": 1}}, "model_parameters: not supported"),
        ("forecast", {"level": [80, 100]}, "level[1]: expected a number"),
        ("forecast", {"h": 10**6}, "h: expected at most"),
        ("forecast", {"hist_exog_list": []}, "got 'hist_exog_list'"),
        ("forecast", {"series": {"y": [1.0, 2.0], "sizes": [3]}}, "series.sizes: expected sizes of 2 values in all"),
        ("forecast", {"series": {"y": [1.0], "sizes": [1], "X": [[1.0, 2.0]]}}, "series.X[0]: expected 1 values"),
        ("forecast", {"series": {"y": [1.0], "sizes": [1], "X": [[1.0], ["a", 1]]}}, "series.X: column 1, value 1:"),
        ("forecast", {"series": {"y": [None, 1.0], "sizes": [1, 1]}}, "series[0]"),
        ("cross_validation", {"n_windows": 60}, "request at most"),
        ("cross_validation", {"h": None}, "h: expected a whole number from 1"),
        ("finetune", {"h": 3}, "got 'h'"),
        ("finetune", {"h": None, "finetune_steps": 0}, "finetune_steps: expected a whole number from 1"),
        ("finetune/async", {}, "finetune/async: not supported"),
        ("explain/async", {}, "explain: not supported"),
        ("execute_step/async", {}, "execute_step: not supported"),
    ],
)
def test_what_is_wrong_is_named(play: Play, path: str, change: dict[str, Any], said: str) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        refused = await ask(client, f"/v2/{path}", 422, **{"series": flat(), **BODY, **change})
        assert said in refused["detail"], refused["detail"]

    play(flow)


def test_names_of_models_stand_for_what_the_setting_says(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        hourly = {"series": {"y": [1.0, 2.0] * 20, "sizes": [40]}, "h": 3}
        for name, meant in {"timegpt-1": "weather", "timegpt-2.1": "default", "default@1": "default"}.items():
            answer = await ask(client, "/v2/forecast", model=name, **hourly)
            assert answer["model"]["name"] == meant
            assert (await client.get("/model_params", params={"model": name, "freq": "D"})).status_code == 200
        assert (await ask(client, "/v2/forecast", finetuned_model_id="weather", **hourly))["model"]["name"] == "weather"
        refused = await ask(client, "/v2/forecast", 404, model="gpt", **hourly)
        assert refused["code"] == "unknown_model"
        names = [one["name"] for one in (await client.get("/v2/models")).json()["models"]]
        assert {"default", "weather@1", "timegpt-1", "timegpt-2.1"} <= set(names)

    play(flow)


def test_what_changes_nothing_is_warned_of(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        body = {**BODY, "freq": "cbh", "multivariate": True, "clean_ex_first": False}
        answer = await ask(client, "/v2/forecast", series=flat(), **body)
        assert {one["code"] for one in answer["warnings"]} == {"unknown_freq", "series_apart"}

    play(flow)


def test_there_are_no_fine_tuned_models_and_no_bill(play: Play) -> None:
    async def flow(client: httpx.AsyncClient) -> None:
        assert (await client.get("/v2/finetuned_models")).json() == {"finetuned_models": []}
        assert (await client.get("/v2/finetuned_models/a")).status_code == 404
        assert (await client.delete("/v2/finetuned_models/a")).status_code == 404
        assert set((await client.get("/usage")).json()) == {"minute", "month"}
        assert "detail" in (await client.get("/validate_api_key")).json()

    play(flow)
