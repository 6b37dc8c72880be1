"""Cross-validation and anomalies in a notebook: the figures of one forecast per cut-off.

Without this a notebook would measure another model than the one that it forecasts with.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import statecast
from statecast.api.backtest import anomalies_of
from statecast.errors import InputError
from statecast.inputs.covariates import Covariate
from tests.builders import tiny_artifact, tiny_family_artifact, tiny_network

VALUES = 50 + 10 * np.sin(np.arange(200) * np.pi / 12) + np.random.default_rng(0).normal(size=200)
VALUES[[30, 31, 90]] = np.nan


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> list[statecast.Artifact]:
    folder: Path = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(folder)
    tiny_artifact(folder)
    return [statecast.load(folder / name) for name in ("default-1", "tiny-1")]


def test_every_cut_off_is_forecast_as_if_the_series_ended_there(artifacts: list[statecast.Artifact]) -> None:
    times = {"start": "2026-01-01", "freq": "1h"}
    for artifact in artifacts:
        found = artifact.cross_validation(VALUES, 12, cutoffs=5, step=9, quantile_levels=[0.2, 0.5], **times)
        for place, read in enumerate(found.read.tolist()):
            alone = artifact.forecast(VALUES[:read], 12, quantile_levels=[0.2, 0.5], **times)
            np.testing.assert_allclose(found.mean[place], alone.mean, rtol=1e-4)
            np.testing.assert_allclose(found.quantiles[0.2][place], alone.quantiles[0.2], rtol=1e-4)
            np.testing.assert_array_equal(found.actual[place], VALUES[read : read + 12])
            assert found.times is not None and alone.times is not None
            np.testing.assert_array_equal(found.times[place], alone.times)
        assert set(found.scores()) == {"mase", "wql", "coverage"}
        assert all(np.isfinite(list(found.scores().values())))
        assert np.isfinite(found.scores(["directional_accuracy"])["directional_accuracy"])


def test_nothing_that_came_later_chooses_the_season(artifacts: list[statecast.Artifact]) -> None:
    """Two days are a season of hours, two days less an hour are none."""
    found = artifacts[0].cross_validation(VALUES[100:148], 1, freq="1h")
    assert found.mean[0, 0] == pytest.approx(artifacts[0].forecast(VALUES[100:147], 1, freq="1h").mean[0], rel=1e-5)


def test_forecasts_are_kept_in_the_bounds_that_were_known(artifacts: list[statecast.Artifact]) -> None:
    """A measure of forecasts below 0 would be of others than those that are given out."""
    values = np.random.default_rng(0).poisson(0.4, 120).astype(float)
    values[100] = -2.0
    for bounds in (None, {}, {"lower": 0.3, "upper": 0.5}):
        for artifact in artifacts:
            options: dict[str, Any] = {"bounds": bounds, **({"season": 4} if artifact.kind == "family" else {})}
            found = artifact.cross_validation(values, 6, cutoffs=6, step=6, **options)
            for place, read in enumerate(found.read.tolist()):
                alone = artifact.forecast(values[:read], 6, **options)
                np.testing.assert_allclose(found.mean[place], alone.mean, rtol=1e-4, atol=1e-5)
                np.testing.assert_allclose(found.quantiles[0.1][place], alone.quantiles[0.1], rtol=1e-4, atol=1e-5)
                np.testing.assert_allclose(found.median[place], alone.quantiles[0.5], rtol=1e-4, atol=1e-5)


def test_an_outlier_is_flagged(artifacts: list[statecast.Artifact]) -> None:
    for artifact in artifacts:
        values = VALUES.copy()
        values[150] = 1e4
        found = artifact.anomalies(values, 90, freq="1h")
        alone = artifact.forecast(
            values[:60], 1, bounds={}, freq="1h", **({"season": 24} if artifact.kind == "family" else {})
        )
        assert found.expected[60] == pytest.approx(alone.mean[0], rel=1e-4)
        assert found.flag[150] and found.surprise[150] > 0.999
        assert np.isnan(found.surprise[[0, 30, 31, 90]]).all() and not found.flag[[0, 30, 31, 90]].any()
        seen = ~np.isnan(found.surprise)
        outside = (values < found.lower) | (values > found.upper)
        np.testing.assert_array_equal(found.flag[seen], outside[seen])


@pytest.mark.parametrize("season", [1, 4, 12])
def test_a_young_series_has_no_anomalies(season: int) -> None:
    """The second value of every series was one, and the first change of one that had never changed."""
    network = tiny_network(season=season, freq=None, calendar=(), lookback_length=8 * season + 8)
    values = np.random.default_rng(1).normal(50.0, 1.0, 80)
    values[1] = 900.0
    found = anomalies_of(network, values, 90)
    assert np.isnan(found.surprise[: season + 1]).all() and not found.flag[: season + 1].any()
    assert np.isfinite(found.surprise[season + 1 :]).all()
    constant = np.concatenate([np.full(60, 50.0), [90.0, 50.0, 50.0]])
    found = anomalies_of(network, constant, 90)
    assert np.isnan(found.surprise[:61]).all() and not found.flag[:61].any()
    assert np.isfinite(found.surprise[61:]).all()


def test_a_frame_comes_back_as_a_frame_of_all_its_series(tmp_path: Path) -> None:
    """As `forecast` does: each item's rows are what the item alone gives, with the covariates of its own rows."""
    tiny_artifact(tmp_path, future_covariates=(Covariate("promo"),), past_covariates=(Covariate("wind", 1.0, 2.0),))
    artifact, draw = statecast.load(tmp_path / "tiny-1"), np.random.default_rng(1)
    hours = [
        pd.date_range(first, periods=count, freq="h") for first, count in (("2026-01-01", 150), ("2026-03-01", 200))
    ]
    frame = pd.DataFrame(
        {
            "unique_id": ["b"] * 150 + ["a"] * 200,
            "ds": [*hours[0], *hours[1]],
            "y": [*VALUES[:150], *VALUES],
            "promo": draw.normal(size=350), "wind": draw.normal(size=350),
        }
    )  # fmt: skip
    crossed = artifact.cross_validation(frame, 6, cutoffs=3, quantile_levels=[0.2, 0.5])
    flagged = artifact.anomalies(frame, 90)
    assert list(crossed) == ["unique_id", "cutoff", "ds", "target", "mean", "0.2", "0.5"]
    assert list(flagged) == ["unique_id", "ds", "target", "expected", "lower", "upper", "surprise", "flag"]
    assert isinstance(crossed, pd.DataFrame) and len(crossed) == 36 and len(flagged) == 350
    for item, rows in frame.groupby("unique_id"):
        given = {
            "start": str(rows["ds"].iloc[0]), "freq": "1h", "future_covariates": {"promo": rows["promo"].tolist()},
            "past_covariates": {"wind": rows["wind"].tolist()},
        }  # fmt: skip
        alone = artifact.cross_validation(rows["y"].tolist(), 6, cutoffs=3, quantile_levels=[0.2, 0.5], **given)
        own = crossed[crossed["unique_id"] == item]
        np.testing.assert_array_equal(own["mean"], alone.mean.ravel())
        np.testing.assert_array_equal(own["0.2"], alone.quantiles[0.2].ravel())
        np.testing.assert_array_equal(own["ds"], alone.times.ravel())
        np.testing.assert_array_equal(own["cutoff"], np.repeat(rows["ds"].to_numpy()[alone.read - 1], 6))
        np.testing.assert_array_equal(own["target"], rows["y"].to_numpy()[-18:])
        found, own = artifact.anomalies(rows["y"].tolist(), 90, **given), flagged[flagged["unique_id"] == item]
        np.testing.assert_array_equal(own["surprise"], found.surprise)
        np.testing.assert_array_equal(own["flag"], found.flag)
    with pytest.raises(InputError, match=r"item 'b'.*at most"):
        artifact.cross_validation(frame, 12, cutoffs=14)


def test_a_file_gives_its_results_by_item(artifacts: list[statecast.Artifact], tmp_path: Path) -> None:
    pd.DataFrame({"item_id": ["a"] * 90 + ["b"] * 90, "target": VALUES[:180]}).to_csv(tmp_path / "two.csv", index=False)
    for artifact in artifacts:
        found = artifact.anomalies(tmp_path / "two.csv").results
        assert list(found) == ["a", "b"]
        np.testing.assert_array_equal(found["b"].surprise, artifact.anomalies(VALUES[90:180]).surprise)


def test_what_does_not_fit_is_refused(artifacts: list[statecast.Artifact]) -> None:
    for artifact in artifacts:
        with pytest.raises(InputError, match="at most"):
            artifact.cross_validation(VALUES, 12, cutoffs=500)
        with pytest.raises(InputError, match="from 1"):
            artifact.cross_validation(VALUES, 12, cutoffs=0)
        with pytest.raises(InputError, match="level"):
            artifact.anomalies(VALUES, 100)
        with pytest.raises(InputError, match="history"):
            artifact.anomalies([float("nan")])
    with pytest.raises(InputError, match="season"):
        artifacts[1].anomalies(VALUES, season=12)
