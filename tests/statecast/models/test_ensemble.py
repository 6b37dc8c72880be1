"""An ensemble forecasts the mean of its members, and is saved, loaded and drawn from as one network."""

import json

import numpy as np
import pytest
import torch

import statecast
from statecast import Ensemble, Forecaster, ForecasterConfig, Observations
from statecast.api.forecast import forecast_series
from statecast.errors import ArtifactError, ConfigError
from statecast.models.scenarios import sample_paths
from statecast.naive_forecasts import NAIVE_FORECASTS, NINE_NAIVE_FORECASTS
from tests.builders import TINY, tiny_ensemble

HISTORY = [float(x) for x in np.sin(np.arange(90)) * 5 + 20]
PLAIN = {**TINY, "adaptation": 0.0}


def uncalibrated(*members):
    ensemble = tiny_ensemble(2, *members)
    ensemble.calibration.conformal_offsets.zero_()
    return ensemble


@pytest.mark.parametrize("members", [(), ({}, {"asinh_unit": 0.5}, {"resolutions": (1,)})])
def test_each_quantile_is_the_mean_of_the_members(members):
    """Whatever transform each member sees the target through, people get the mean of what they would each say."""
    ensemble = uncalibrated(*members)
    whole = forecast_series(ensemble, HISTORY, start="2026-03-01")
    apart = []
    for member in ensemble.members:
        member.calibration.conformal_offsets.zero_()
        apart.append(forecast_series(member, HISTORY, start="2026-03-01"))
    for level, values in whole.quantiles.items():
        np.testing.assert_allclose(values, np.mean([one.quantiles[level] for one in apart], axis=0), rtol=1e-6)
    np.testing.assert_allclose(whole.mean, np.mean([one.mean for one in apart], axis=0), rtol=1e-6)


def test_one_member_alone_is_itself():
    ensemble = uncalibrated({})
    alone = forecast_series(ensemble.members[0], HISTORY)
    np.testing.assert_allclose(forecast_series(ensemble, HISTORY).mean, alone.mean, rtol=1e-6)


def test_attention_is_over_all_resolutions_and_naive_forecasts_and_sums_to_one():
    others = (*NAIVE_FORECASTS[-1:], *NAIVE_FORECASTS[:3])
    ensemble = tiny_ensemble(0, {"naive_forecasts": NAIVE_FORECASTS[2:5]}, {"naive_forecasts": others})
    assert ensemble.config.naive_forecasts == (*NAIVE_FORECASTS[:5], NAIVE_FORECASTS[-1])
    ensemble = tiny_ensemble(0, {"naive_forecasts": NAIVE_FORECASTS[2:5]}, {"resolutions": (1, 3)})
    assert ensemble.config.resolutions == (1, 3, 6) and ensemble.config.naive_forecasts == NINE_NAIVE_FORECASTS
    state = ensemble.fresh(torch.tensor([4]), torch.zeros(1, 0))
    seen = Observations(torch.tensor([HISTORY]), torch.zeros(1, 90, 0), torch.zeros(1, 90, ensemble.config.known_width))
    prediction, _ = ensemble.step(seen, state, torch.zeros(1, 12, ensemble.config.known_width))
    for weights in (prediction.naive_forecast_weights, prediction.resolution_weights):
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:2]))


def test_calibration_is_of_the_mean():
    """Margins stretch the mean's own quantiles about its median; the mean stays."""
    plain, stretched = uncalibrated(), uncalibrated()
    stretched.calibration.conformal_offsets.fill_(float(np.log(2.0)))
    narrow, wide = forecast_series(plain, HISTORY), forecast_series(stretched, HISTORY)
    np.testing.assert_allclose(wide.quantiles[0.5], narrow.quantiles[0.5], rtol=1e-6)
    width = narrow.quantiles[0.9] - narrow.quantiles[0.1]
    np.testing.assert_allclose(wide.quantiles[0.9] - wide.quantiles[0.1], 2.0 * width, rtol=1e-5)
    np.testing.assert_allclose(wide.mean, narrow.mean, rtol=1e-6)


def test_paths_go_past_the_horizon():
    ensemble = tiny_ensemble()
    state = ensemble.fresh(torch.tensor([4]), torch.zeros(1, 0))
    width = ensemble.config.known_width
    state = ensemble.prime(
        Observations(torch.tensor([HISTORY]), torch.zeros(1, 90, 0), torch.zeros(1, 90, width)), state
    )
    paths = sample_paths(ensemble, state, torch.zeros(1, 30, width), 4, np.array([1]))
    assert paths.shape == (1, 4, 30) and bool(paths.isfinite().all())


def test_saved_and_loaded_it_forecasts_the_same(tmp_path):
    ensemble = tiny_ensemble()
    digest = statecast.save(tmp_path / "both", ensemble, {"name": "both", "version": "1"})
    artifact = statecast.load(tmp_path / "both")
    assert artifact.digest == digest and artifact.kind == "forecaster" and isinstance(artifact.forecaster, Ensemble)
    assert artifact.manifest["members"] == 2 and artifact.manifest["state_bytes"] == ensemble.spec.row_bytes
    assert len(json.loads((tmp_path / "both" / "config.json").read_text())["members"]) == 2
    np.testing.assert_array_equal(artifact.forecast(HISTORY).mean, forecast_series(ensemble, HISTORY).mean)


def test_a_changed_member_is_refused(tmp_path):
    statecast.save(tmp_path, tiny_ensemble(), {"name": "both", "version": "1"})
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace("gru", "rnn"))
    with pytest.raises(ArtifactError, match=r"config\.json was changed"):
        statecast.load(tmp_path)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([], "at least one"),
        ([{}, {"horizon": 6}], "horizon to be the same"),
        ([{}, {"season": 3}], "season to be the same"),
        ([{}, {"adaptation": 0.1}], "adaptation = 0, got 0.1 in member 2"),
    ],
)
def test_members_that_do_not_go_together_are_refused(members, says):
    with pytest.raises(ConfigError, match=says):
        Ensemble([Forecaster(ForecasterConfig(**{**PLAIN, **member})) for member in members])
