"""The table that a model was fitted on can be sent to it as it is, and dead items do not stop a fit.

Without this True means one thing in training and another over HTTP, and a shop with fifty dead items takes fifty runs.
"""

import json
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

import statecast
from tests.service.requests import play
from training.cli.main import app


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output + result.stderr
    return " ".join((result.output + result.stderr).split())


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A model of loads with a covariate of truth, and what its fit said; of three items that never move."""
    folder = tmp_path_factory.mktemp("tables")
    days = [str(day)[:10] for day in pd.date_range("2024-01-01", periods=120)]
    generator = np.random.default_rng(0)
    lines = ["shop;day;sold;promo;kind;static:side;note"]
    for shop, side in (("007", "west"), ("NA", "east"), ("dead", "west"), ("flat", "west")):
        for step, day in enumerate(days):
            promo, rest = bool(generator.random() < 0.3), step >= 113
            sold = {"dead": 0.0, "flat": 7.5}.get(shop, 10 + step % 7 + 5 * promo + generator.normal(0, 0.1))
            written = "" if rest else f"{sold:.2f}".replace(".", ",")
            lines.append(f"{shop};{day};{written};{promo!s};{'work' if step % 7 < 5 else 'free'};{side};x")
    data = folder / "shops.csv"
    data.write_text("\n".join(lines) + "\n")
    said = run(
        "fit", "--data", data, "--out", folder / "models" / "shops", "--id-column", "shop", "--target-column", "sold",
        "--future", "promo,kind", "--static", "side", "--horizon", 7, "--season", 7, "--steps", 3,
    )  # fmt: skip
    return folder, data, said


def test_dead_items_are_named_at_once_and_the_others_trained(fitted: tuple[Path, Path, str]) -> None:
    folder, _, said = fitted
    assert "2 items ('dead', 'flat'): all training values are equal, so not trained on" in said
    assert "1d from 2024-01-01 to 2024-04-22" in said and "comma before decimals" in said and "'note': not used" in said
    manifest = json.loads((folder / "models" / "shops" / "manifest.json").read_text())
    assert manifest["item_count"] == 2
    assert manifest["columns"] == {"item_id": "shop", "timestamp": "day", "target": "sold", "wide": False}


def test_its_own_table_goes_back_to_the_model_by_every_way(fitted: tuple[Path, Path, str]) -> None:
    folder, data, _ = fitted
    model, out = folder / "models" / "shops", folder / "out.csv"
    run("forecast", model, "--data", data, "--out", out)
    written = pd.read_csv(out, dtype={"item_id": str}, keep_default_na=False)
    by_library = statecast.load(model).forecast(data)

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        kind = {"content-type": "text/csv", "accept": "application/json"}
        answer = await client.post("/forecast", content=data.read_bytes(), headers=kind)
        assert answer.status_code == 200, answer.text
        for one in answer.json()["forecasts"]:
            rows = written[written["item_id"] == one["item_id"]]
            assert one["start"] == "2024-04-23T00:00:00Z" == rows["timestamp"].iloc[0]
            assert one["mean"] == pytest.approx(rows["mean"].tolist(), rel=1e-3, abs=1e-3)
            assert by_library.forecasts[one["item_id"]].mean.tolist() == pytest.approx(one["mean"], rel=1e-3, abs=1e-3)
            assert {warned["code"] for warned in one["warnings"]} >= {"table_read", "ignored_columns"}
            assert "missing_covariate" not in str(one["warnings"])
            promo = [True, None, *[False] * 5]
            spelled = [None if value is None else float(value) for value in promo]
            ahead = [{"target": [1.0, 2.0, 3.0], "future_covariates": {"promo": values}} for values in (promo, spelled)]
            truth = await client.post("/forecast", json={"series": ahead})
            first, second = (found["mean"] for found in truth.json()["forecasts"])
            assert truth.status_code == 200 and first == pytest.approx(second)
        assert [one["item_id"] for one in answer.json()["forecasts"]] == ["007", "NA", "dead", "flat"]

    play(folder / "models", flow)
