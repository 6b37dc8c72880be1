"""The commands on real files: the same figures twice, forecasts as a table, refusals in one line."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import statecast
from tests.statecast.metrics.conformance import registered
from tests.training.conftest import LONG_TABLE, long_table
from training.cli.main import app
from training.synthetic.loads import load_table

TINY = (
    LONG_TABLE
    + """width = 8
[training]
steps = 12
batch = 4
forks = 10
warm = 2
validation_every = 6
covariate_dropout = 0.5
"""
)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    long_table((300, 240)).to_csv(folder / "data.csv", index=False)
    (folder / "tiny.toml").write_text(TINY)
    result = run("fit", folder / "tiny.toml", "--data", folder / "data.csv", "--out", folder / "tiny")
    assert result.exit_code == 0, result.output
    return folder, result.output


def scores_in(text):
    return [line.split() for line in re.findall(r"│ (?:statecast|last_value|seasonal|boosting).*", text)]


def test_fit_writes_a_whole_artifact_with_figures(fitted):
    folder, output = fitted
    artifact = statecast.load(folder / "tiny")
    assert artifact.name == "tiny"
    manifest = artifact.manifest
    assert manifest["optional_covariates"] is True
    assert manifest["item_count"] == 2
    scores = manifest["scores"]
    always = {"last_value", "seasonal_naive", "ewma", "naive2", "boosting"}
    assert set(scores["baselines"]) | set(scores["left_out"]) == always | {"auto_ets", "auto_theta"}
    assert always <= set(scores["baselines"])
    assert scores["ours"]["mae"] > 0
    assert scores["ours"]["interval_score"] > 0
    assert [len(errors) for errors in scores["by_step"].values()] == [5, 5]
    assert list(scores["interval_by_series"]) == ["lowest", "10 %", "median", "90 %", "highest"]
    assert manifest["training"]["costs"]["processor_seconds"] > 0
    assert all(sentence in " ".join(output.split()) for sentence in scores["verdict"])
    assert set(manifest["coverage"]) == {str(level) for level in artifact.forecaster.config.quantile_levels}
    told = {part["part"]: part for part in manifest["ablation"]["parts"]}
    assert {"linear lookback", "recurrence in the finest resolution"} < set(told) and manifest["ablation"][
        "judge"
    ] == "pinball"
    assert "step 12" in output
    assert not list((folder / "tiny").glob("checkpoint*"))
    report = (folder / "tiny" / "report.html").read_text()
    for text in (
        "Calibration",
        "Error by horizon step",
        "Attention over naive forecasts",
        "Attention over resolutions",
        "Loss",
        "Coverage",
        "By series",
        "What each part is worth",
        "streaming exact",
        "is better than this model on",
        "item-0",
        "prefers-color-scheme",
        "width=device-width",
    ):
        assert text in report
    assert not re.search(r"<(script|link)[^>]+(src|href)=", report)


def test_backtest_prints_the_figures_of_the_fit(fitted):
    folder, output = fitted
    result = run("backtest", folder / "tiny", "--data", folder / "data.csv")
    assert result.exit_code == 0, result.output
    assert len(scores_in(output)) >= 4
    assert scores_in(result.output) == scores_in(output)


def test_backtest_prints_the_metrics_that_are_named_wherever_they_come_from(fitted):
    """A metric in one file outside the packages is a column by its name alone; the table knows no metric by itself."""
    folder, _ = fitted
    with registered("tests.statecast.metrics.toy_metric"):
        result = run("backtest", folder / "tiny", "--data", folder / "data.csv", "--metrics", "mase,toy_metric")
    assert result.exit_code == 0, result.output
    assert re.search(r"┃ +MASE ┃ +bias ┃", result.output), result.output
    ours = next(line for line in scores_in(result.output) if line[1] == "statecast")
    manifest = json.loads((folder / "tiny" / "manifest.json").read_text())
    assert ours[3] == f"{manifest['scores']['ours']['mase']:.4f}"
    assert np.isfinite(float(ours[5]))
    refused = run("backtest", folder / "tiny", "--data", folder / "data.csv", "--metrics", "rmse")
    assert refused.exit_code != 0
    assert "mase" in refused.output and "'rmse'" in refused.output


def test_the_written_config_fits_the_same_again(fitted, tmp_path):
    folder, _ = fitted
    result = run("fit", folder / "tiny" / "fit.toml", "--data", folder / "data.csv", "--out", tmp_path / "again")
    assert result.exit_code == 0, result.output
    first, second = (json.loads((path / "manifest.json").read_text()) for path in (folder / "tiny", tmp_path / "again"))
    assert first["scores"] == second["scores"]
    assert first["files"] == second["files"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_forecast_writes_a_long_table_that_agrees_with_the_notebook(fitted, tmp_path, suffix):
    folder, _ = fitted
    data, out = tmp_path / "bare.csv", tmp_path / f"forecast{suffix}"
    frame = long_table((300, 240))[["item_id", "timestamp", "target"]]
    frame.to_csv(data, index=False)
    result = run("forecast", folder / "tiny", "--data", data, "--horizon", 3, "--out", out)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out) if suffix == ".csv" else pd.read_parquet(out)
    assert list(table.columns[:4]) == ["item_id", "timestamp", "mean", "0.1"]
    assert len(table) == 6
    history = frame.loc[frame["item_id"] == "item-1", "target"]
    alone = statecast.load(folder / "tiny").forecast(history.to_numpy(), 3, start="2026-01-01T00:00:00")
    np.testing.assert_allclose(table.loc[table["item_id"] == "item-1", "mean"], alone.mean, rtol=1e-5)
    assert pd.to_datetime(table["timestamp"], utc=True).iloc[3] == pd.Timestamp("2026-01-11", tz="UTC")


def test_future_covariates_change_the_forecast(fitted, tmp_path):
    folder, _ = fitted
    frame = long_table((300,))
    frame.loc[frame.index[-5:], "target"] = np.nan
    tables = []
    for holiday in ("yes", "no"):
        frame.loc[frame.index[-5:], "holiday"] = holiday
        frame.to_csv(tmp_path / "data.csv", index=False)
        result = run("forecast", folder / "tiny", "--data", tmp_path / "data.csv", "--out", tmp_path / "f.csv")
        assert result.exit_code == 0, result.output
        tables.append(pd.read_csv(tmp_path / "f.csv"))
    assert len(tables[0]) == 5
    assert not np.allclose(tables[0]["mean"], tables[1]["mean"])


def test_without_a_config_everything_is_chosen(tmp_path):
    long_table((150, 150), freq="1mo", season=12, covariates=False).to_csv(tmp_path / "monthly.csv", index=False)
    out = tmp_path / "monthly"
    result = run("fit", "--data", tmp_path / "monthly.csv", "--out", out, "--steps", 4, "--name", "months")
    assert result.exit_code == 0, result.output
    config = statecast.load(out).forecaster.config
    assert (config.freq, config.season, config.calendar) == ("1mo", 12, ("year",))


@pytest.mark.parametrize("length", [14, 26, 60])
def test_short_series_are_fitted_too(tmp_path, length):
    frame = long_table((length, length), freq="1mo", season=12, covariates=False)
    frame.to_csv(tmp_path / "short.csv", index=False)
    result = run("fit", "--data", tmp_path / "short.csv", "--out", tmp_path / "short", "--steps", 3)
    assert result.exit_code == 0, result.output
    assert np.isfinite(statecast.load(tmp_path / "short").forecast(frame["target"].to_numpy()[:length]).mean).all()


REFUSALS = {
    "no such file": (("fit", "--data", "absent.csv", "--out", "x"), "no such file"),
    "no such config": (("fit", "absent.toml", "--data", "data.csv", "--out", "x"), "absent.toml"),
    "no such column": (("fit", "--data", "data.csv", "--out", "x", "--target-column", "load"), "'load'"),
    "bad freq": (("fit", "--data", "data.csv", "--out", "x", "--freq", "fortnight"), "freq"),
    "horizon too long": (("fit", "--data", "data.csv", "--out", "x", "--horizon", "200"), "horizon"),
    "nothing to resume": (("fit", "--data", "data.csv", "--out", "x", "--resume"), "without --resume"),
    "no artifact": (("backtest", "absent", "--data", "data.csv"), "absent"),
    "beyond the horizon": (("forecast", "tiny", "--data", "data.csv", "--horizon", "6", "--out", "f.csv"), "1 to 5"),
    "unknown suffix": (("forecast", "tiny", "--data", "data.csv", "--out", "f.xlsx"), ".parquet"),
    "another freq": (("backtest", "tiny", "--data", "daily.csv"), "1d"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_done_is_said_in_one_line_with_status_2(fitted, monkeypatch, name):
    folder, _ = fitted
    long_table((60,), freq="D").to_csv(folder / "daily.csv", index=False)
    monkeypatch.chdir(folder)
    arguments, message = REFUSALS[name]
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_example_forecasts_a_bare_target(tmp_path):
    result = run("example", "--out", tmp_path / "load-hourly", "--steps", 2)
    assert result.exit_code == 0, result.output
    artifact = statecast.load(tmp_path / "load-hourly")
    assert artifact.name == "load-hourly"
    assert artifact.manifest["optional_covariates"] is True
    assert np.isfinite(artifact.forecast([12.1, None, 12.9]).mean).all()


def test_the_built_in_panel_is_the_same_for_the_same_seed():
    first, second, other = load_table(4, 60, seed=1), load_table(4, 60, seed=1), load_table(4, 60, seed=2)
    pd.testing.assert_frame_equal(first, second)
    assert not first["target"].equals(other["target"])
    loads = first.loc[first["item_id"] == "site-01", "target"]
    assert 0 < loads.iloc[:-48].isna().sum() < 200
    assert loads.iloc[-48:].isna().all()
    assert first["temperature"].notna().all()
    assert (loads.dropna() > 0).all()
