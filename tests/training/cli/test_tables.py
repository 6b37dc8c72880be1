"""The table that a model was fitted on can be sent to it as it is, and dead items do not stop a fit.

Without this True means one thing in training and another over HTTP, and a shop with fifty dead items takes fifty runs.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
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


SHARED = Path(__file__).parents[4] / "shared" / "cases"


@pytest.mark.parametrize("unknown", [0, 4])
def test_rows_ahead_are_the_same_by_every_way(fitted: tuple[Path, Path, str], unknown: int) -> None:
    """Rows without a target at an item's end lie ahead, whoever reads them and however many there are."""
    folder, data, _ = fitted
    rows = [line for line in data.read_text().splitlines() if line.startswith(("shop;", "007;"))]
    rows = rows[: len(rows) - unknown]
    body = ("\n".join(rows) + "\n").encode()
    model = folder / "models" / "shops"
    (folder / "one.csv").write_bytes(body)
    own = statecast.load(model).forecast(folder / "one.csv").forecasts["007"]

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        kind = {"content-type": "text/csv", "accept": "application/json"}
        arrow = kind | {"content-type": "application/vnd.apache.arrow.stream"}
        table = pa.csv.read_csv(
            pa.py_buffer(body.replace(b",", b".")), parse_options=pa.csv.ParseOptions(delimiter=";")
        )
        for content, headers in ((body, kind), (stream(table), arrow)):
            answer = await client.post("/forecast", content=content, headers=headers)
            assert answer.status_code == 200, answer.text
            (found,) = answer.json()["forecasts"]
            assert found["start"] == "2024-04-23T00:00:00Z"
            assert found["mean"] == pytest.approx(own.mean.tolist(), rel=1e-3, abs=1e-3)
            said = [one["detail"] for one in found["warnings"] if one["code"] == "missing_covariate"]
            assert said == [
                f"{name} is known for 3 of 7 steps ahead; the rest is taken as missing" for name in ("promo", "kind")
            ] * bool(unknown)

    play(folder / "models", flow)


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared tables are not here")
def test_shared_tables_are_fitted_and_go_back_by_every_way(tmp_path: Path) -> None:
    """Booleans mean the same in training and over HTTP; of items that are all zero a fit names each and goes on."""
    covariates, dead = SHARED / "cov_bool_http.csv", SHARED / "dead_skus.csv"
    said = run(
        "fit", "--data", dead, "--out", tmp_path / "models" / "dead", "--horizon", 7, "--season", 7, "--steps", 3
    )
    assert "3 items ('sku1', 'sku3', 'sku4')" in said and "not trained on" in said
    run(
        "fit", "--data", covariates, "--out", tmp_path / "models" / "promo", "--future", "promo,daytype", "--static",
        "store", "--horizon", 7, "--season", 7, "--steps", 3,
    )  # fmt: skip
    for name, data in (("promo", covariates), ("dead", dead)):
        run("forecast", tmp_path / "models" / name, "--data", data, "--out", tmp_path / "out.csv")
        written = pd.read_csv(tmp_path / "out.csv", dtype={"item_id": str}, keep_default_na=False)
        own = statecast.load(tmp_path / "models" / name).forecast(data).forecasts

        async def flow(
            name: str, body: bytes, own: Any, written: pd.DataFrame, client: httpx.AsyncClient, _: FastAPI
        ) -> None:
            kind = {"content-type": "text/csv", "accept": "application/json"}
            answer = await client.post(f"/forecast?model={name}", content=body, headers=kind)
            assert answer.status_code == 200, answer.text
            assert [one["item_id"] for one in answer.json()["forecasts"]] == list(own)
            for one in answer.json()["forecasts"]:
                rows = written[written["item_id"] == one["item_id"]]
                assert one["start"] == rows["timestamp"].iloc[0]
                assert one["mean"] == pytest.approx(rows["mean"].tolist(), rel=1e-3, abs=1e-3)
                assert own[one["item_id"]].mean.tolist() == pytest.approx(one["mean"], rel=1e-3, abs=1e-3)
                assert "missing_covariate" not in str(one["warnings"])

        play(tmp_path / "models", partial(flow, name, data.read_bytes(), own, written))
