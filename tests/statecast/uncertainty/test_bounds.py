"""Forecasts of what cannot be below 0 are not below 0, and whoever reads them is told what was done."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import statecast
from statecast.errors import InputError
from statecast.uncertainty.bounds import Bounds
from tests.builders import tiny_network
from training.cli.main import app

DEFAULT = Path(__file__).parents[3] / "artifacts" / "default"
COUNTS = np.random.default_rng(0).poisson(0.6, 120).astype(float)


def test_the_default_model_notices_counts_and_says_so() -> None:
    """Negative numbers of sold pieces were forecast."""
    artifact = statecast.load(DEFAULT)
    plain = artifact.forecast(COUNTS, 24, bounds={})
    assert min(values.min() for values in plain.quantiles.values()) < 0
    kept = artifact.forecast(COUNTS, 24)
    assert kept.bounds == Bounds(lower=0.0)
    assert kept.notes == ("the history never goes below 0, so nor does the forecast; bounds={} leaves it as it is",)
    for level, values in kept.quantiles.items():
        np.testing.assert_array_equal(values, np.maximum(plain.quantiles[level], 0.0))
    assert not artifact.forecast(COUNTS - 1.0, 24).bounds
    far = artifact.forecast(COUNTS + 1e6, 24)
    assert far.mean.min() > 9e5 and not far.notes


def test_bounds_keep_everything_inside_and_in_order() -> None:
    """Of a share between 0 and 1 no quantile may lie outside, and none may cross another."""
    forecast = statecast.load(DEFAULT).forecast(COUNTS, 24, bounds={"lower": 0.2, "upper": 0.9})
    every = np.stack([*forecast.quantiles.values()])
    assert every.min() >= 0.2 and every.max() <= 0.9 and (np.diff(every, axis=0) >= 0).all()
    assert forecast.mean.min() >= 0.2 and forecast.mean.max() <= 0.9
    paths = Bounds(0.0, 1.0).keep_paths(torch.tensor([-1.0, 0.5, 2.0, torch.nan]))
    torch.testing.assert_close(paths, torch.tensor([0.0, 0.5, 1.0, torch.nan]), equal_nan=True)


@pytest.mark.parametrize(
    "wrong",
    [{"lower": 2, "upper": 1}, {"lower": "a"}, {"upper": float("nan")}, {"lower": True}, {"least": 0}, [0, 1], 0.0],
)
def test_what_bounds_nothing_is_refused(wrong: Any) -> None:
    """A bound that is misread would cut forecasts off, or leave them as they are, in silence."""
    with pytest.raises(InputError, match="bounds"):
        Bounds.read(wrong)


def test_a_fitted_model_knows_what_its_data_never_was(tmp_path: Path) -> None:
    """What `fit` noticed stands in the manifest, because no later history can show it better."""
    for name, manifest in (("counts", {"bounds": {"lower": 0.0, "upper": None}}), ("old", {})):
        statecast.save(tmp_path / name, tiny_network(), {"name": name, "version": "1", **manifest})
    history = [0.0, 3.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0] * 6
    old = statecast.load(tmp_path / "old").forecast(history, start="2026-01-01")
    kept = statecast.load(tmp_path / "counts").forecast(history, start="2026-01-01")
    assert "what it was fitted on never goes below 0" in kept.notes[0]
    assert old.quantiles[0.1].min() < 0 and not old.bounds
    np.testing.assert_array_equal(kept.quantiles[0.1], np.maximum(old.quantiles[0.1], 0.0))


def test_the_commands_keep_bounds_and_say_so(tmp_path: Path) -> None:
    """`fit` and `forecast` print what they took for granted, and how not to have it."""

    def run(*command: object) -> str:
        result = CliRunner().invoke(app, [str(word) for word in command])
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    stamps = pd.date_range("2024-01-01", periods=len(COUNTS), freq="D")
    data, out = tmp_path / "counts.csv", tmp_path / "out.csv"
    pd.DataFrame({"timestamp": stamps, "target": COUNTS}).to_csv(data, index=False)
    said = run("fit", "--data", data, "--horizon", 4, "--season", 7, "--steps", 3, "--out", tmp_path / "own")
    assert "no value is below 0" in said and "--lower none" in said
    assert statecast.load(tmp_path / "own").bounds == Bounds(lower=0.0)
    for artifact in (DEFAULT, tmp_path / "own"):
        assert "kept from 0 on" in run("forecast", artifact, "--data", data, "--horizon", 4, "--out", out)
        assert pd.read_csv(out).drop(columns=["item_id", "timestamp"]).to_numpy().min() >= 0
        run("forecast", artifact, "--data", data, "--horizon", 4, "--lower", -0.01, "--upper", 0.5, "--out", out)
        values = pd.read_csv(out).drop(columns=["item_id", "timestamp"]).to_numpy()
        assert values.min() >= -0.01 and values.max() <= 0.5
    assert "kept" not in run("forecast", DEFAULT, "--data", data, "--horizon", 4, "--lower", "none", "--out", out)


def test_business_days_have_no_weekend(tmp_path: Path) -> None:
    """Shops that are closed on Saturdays were forecast for Saturdays."""
    stamps = pd.bdate_range("2024-01-01", periods=80)
    values = 20 + 5 * np.sin(np.arange(80) * 2 * np.pi / 5)
    artifact = statecast.load(DEFAULT)
    wanted = [str(day.date()) for day in pd.bdate_range(stamps[-1], periods=13)[1:]]
    for times in ({"timestamps": stamps.astype(str).tolist()}, {"start": "2024-01-01", "freq": "B"}):
        found = artifact.forecast(values, 12, **times)
        assert found.timestamps is not None and [text[:10] for text in found.timestamps] == wanted
    data, out = tmp_path / "days.csv", tmp_path / "out.csv"
    pd.DataFrame({"timestamp": stamps, "target": values}).to_csv(data, index=False)
    command = ["forecast", str(DEFAULT), "--data", str(data), "--horizon", "12", "--out", str(out)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert [text[:10] for text in pd.read_csv(out)["timestamp"]] == wanted
