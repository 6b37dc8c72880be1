"""A series is forecast as well at a level of a billion as at zero: what float32 cannot hold is not what counts."""

import numpy as np
import pytest
import torch

import statecast
from statecast.api.forecast import forecast_series
from statecast.inputs.level import deviations, find_level
from tests.builders import tiny_ensemble, tiny_network
from tests.flows.test_horizon_alike import DEFAULT
from training.data.encoding import encode_panel
from training.data.panel import Item, Panel
from training.data.splits import Split
from training.evaluation.backtest import Part, carried_forecasts, score_network
from training.evaluation.baselines.naive import Task
from training.evaluation.beyond_horizon import rolled_forecasts
from training.predict import forecast_panel

STEPS = np.arange(400)
WAVE = np.sin(STEPS * np.pi / 6) + 0.3 * np.sin(STEPS / 3.7)
LEVELS = [1.0, -1e5, 1e9]


@pytest.mark.parametrize("level", LEVELS)
def test_a_forecast_moves_with_the_level(level: float) -> None:
    """1e9 + sin(t) was read as a constant, with intervals of width 0 and `constant_history`."""
    artifact = statecast.load(DEFAULT)
    for horizon in (24, 120):
        here = artifact.forecast(WAVE, horizon)
        there = artifact.forecast(WAVE + level, horizon)
        np.testing.assert_allclose(there.mean - level, here.mean, atol=1e-6)
        for q, values in here.quantiles.items():
            np.testing.assert_allclose(there.quantiles[q] - level, values, atol=1e-6)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["forecaster", "ensemble"])
def test_networks_that_are_fitted_and_judged_read_deviations_too(level: float, kind: str) -> None:
    """A model learned from steps of 64, all that float32 has at a billion, would forecast those."""
    network = tiny_network(freq=None, calendar=()) if kind == "forecaster" else tiny_ensemble(0, *PLAIN)
    found = []
    for above in (0.0, level):
        values = np.concatenate([[np.nan, np.nan], WAVE + above])
        panel = Panel((Item("a", 0, 0, values), Item("b", 5, 0, values[40:] + 7.0)), None)
        tensors, horizon = encode_panel(panel, network.config), network.config.horizon
        task = Task(panel, Split(*(np.array([end, end]) for end in (200, 300, 360))), 4, horizon)
        part = Part(task.split.train, task.split.val)
        windows = [window.quantiles - above for window in carried_forecasts(network, tensors, part, 10)]
        (rolled,) = rolled_forecasts(network, tensors, [np.array([250]), np.array([250, 300])], 30)
        found.append(
            (windows, rolled.quantiles - above, score_network(network, tensors, task, part, 10).table()["mae"])
        )
    for here, there in zip(found[0][0], found[1][0], strict=True):
        np.testing.assert_allclose(there, here, atol=1e-5)
    torch.testing.assert_close(found[1][1], found[0][1], atol=1e-5, rtol=0)
    assert found[1][2] == pytest.approx(found[0][2], abs=1e-5)


PLAIN = (
    {"freq": None, "calendar": (), "half_life": 9.0, "patch_length": 6, "lookback_length": 48},
    {"freq": None, "calendar": (), "cell": "gru", "width": 6, "resolutions": (1, 3), "linear_lookback": False},
)


@pytest.mark.parametrize("members", [({}, {"asinh_unit": 0.5}), ({"asinh_unit": 0.5}, {"asinh_unit": 0.5})])
def test_a_transform_sees_values(members: tuple[dict[str, object], ...]) -> None:
    """A logarithm of deviations would be of another series: under a transform the level stays in, in training too."""
    whole = tiny_ensemble(0, *({**PLAIN[0], **member} for member in members))
    values = np.exp(WAVE + 3.0)
    panel = Panel((Item("a", 0, 0, values),), None)
    assert not whole.takes_deviations
    (rolled,) = rolled_forecasts(whole, encode_panel(panel, whole.config), [np.array([399])], 12)
    alone = forecast_series(whole, values, 12)
    np.testing.assert_allclose(rolled.quantiles[0, :, 0], alone.quantiles[0.1], rtol=1e-5)
    state = whole.fresh(torch.tensor([-1]), torch.zeros(1, 0))
    nothing = torch.zeros(1, 400, 0)
    state = whole.prime(statecast.Observations(torch.tensor(values)[None].float(), nothing, nothing), state)
    plain = whole.decode(state, nothing[:, :12]).quantiles()[0, :, 0].numpy()
    np.testing.assert_allclose(alone.quantiles[0.1], plain, rtol=1e-5)


def test_the_command_writes_what_the_library_forecasts() -> None:
    """One table, one level."""
    artifact = statecast.load(DEFAULT)
    panel = Panel((Item("a", 0, 0, WAVE[:100] + 1e9), Item("b", 0, 0, WAVE[:100] - 5e8)), None)
    written = forecast_panel(artifact, panel, 5).groupby("item_id")["mean"].apply(list)
    for name, item in zip("ab", panel.items, strict=True):
        assert written[name] == pytest.approx(artifact.forecast(item.target, 5).mean.tolist(), abs=1e-5)


def test_the_level_is_known_from_the_first_value_on() -> None:
    """Were it taken from a chunk, two splits of one history would be two series."""
    values = np.array([[np.nan, np.nan, 3e9, 3e9 + 1.0], [5.0, np.nan, 6.0, 7.0], [np.nan] * 4])
    whole = find_level(values)
    for cut in range(5):
        part = find_level(values[:, cut:], find_level(values[:, :cut]))
        np.testing.assert_array_equal(part, whole)
    np.testing.assert_array_equal(whole, [3e9, 5.0, np.nan])
    read = deviations(values, whole)
    assert read.dtype == np.float32 and np.isnan(read[2]).all()
    np.testing.assert_array_equal(read[:2], np.array([[np.nan, np.nan, 0, 1], [0, np.nan, 1, 2]], np.float32))
