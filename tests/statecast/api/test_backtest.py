"""Cross-validation and anomalies in a notebook: the figures of one forecast per cut-off.

Without this a notebook would measure another model than the one that it forecasts with.
"""

from pathlib import Path

import numpy as np
import pytest

import statecast
from statecast.errors import InputError
from tests.builders import tiny_artifact, tiny_family_artifact

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
            alone = artifact.forecast(VALUES[:read], 12, quantile_levels=[0.2, 0.5], bounds={}, **times)
            np.testing.assert_allclose(found.mean[place], alone.mean, rtol=1e-4)
            np.testing.assert_allclose(found.quantiles[0.2][place], alone.quantiles[0.2], rtol=1e-4)
            np.testing.assert_array_equal(found.actual[place], VALUES[read : read + 12])
            assert found.times is not None and alone.times is not None
            np.testing.assert_array_equal(found.times[place], alone.times)
        assert set(found.scores()) == {"mase", "wql", "coverage"}
        assert all(np.isfinite(list(found.scores().values())))


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
