"""Parts that do not earn their place on validation are switched off, and those that do stay as they were."""

import pytest
import torch

from statecast import Forecaster, ForecasterConfig
from statecast.layers.cells import registry as cells
from statecast.layers.cells.recurrent import Recurrent
from training.config import TrainingConfig
from training.data.encoding import encode_panel
from training.data.splits import split_by_fractions
from training.evaluation.baselines.naive import Task
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.fitting.weights import copy_weights
from training.progress import Silent
from training.selection.pruning import _Forgetful, describe_ablation, switch_off

SHAPE = ForecasterConfig(
    horizon=5, season=8, patch_length=4, lookback_length=64, resolutions=(1, 4, 8), width=8, memory=2, memory_width=4
)
PLAN = TrainingConfig(steps=60, batch=8, forks=8, warm=2, validation_every=60, learning_rate=0.01)


def trained(panel, fractions=(0.6, 0.2, 0.2)):
    torch.manual_seed(0)
    network = Forecaster(SHAPE)
    task = Task(panel, split_by_fractions(panel, fractions, 5), season=8, horizon=5)
    fit = Fit(PanelForecast(network, encode_panel(panel, SHAPE), task, PLAN))
    fit.run()
    return fit


@pytest.fixture(scope="module")
def fit(wavy):
    return trained(wavy)


def test_what_harms_is_switched_off_and_what_helps_stays(fit):
    """A part that makes forecasts worse must not be served because somebody asked for it."""
    network = fit.objective.network
    with torch.no_grad():
        network.gated_residuals.memory_gate.fill_(30.0)
        network.resolution_attention.values[2].weight.normal_(std=30.0)
    before, told = copy_weights(network), []
    watcher = Silent()
    watcher.say = told.append
    trials = {trial.part: trial for trial in switch_off(fit, watcher)}
    assert trials["attention over time"].off and trials["resolution 8h"].off
    assert trials["attention over time"].without < trials["attention over time"].with_part
    assert not network.gated_residuals.memory_gate.any()
    assert network.resolution_attention.active.tolist() == [True, not trials["resolution 4h"].off, False]
    assert len(told) == sum(trial.off for trial in trials.values())
    last = trials["recurrence in the finest resolution"]
    assert fit.objective.validate() == pytest.approx(last.with_part)
    assert not trials["linear lookback"].off and trials["linear lookback"].without > trials["linear lookback"].with_part
    switched = {"gated_residuals.memory_gate", "resolution_attention.active"}
    after = copy_weights(network)
    assert all(torch.equal(weight, after[name]) for name, weight in before.items() if name not in switched)
    assert all(isinstance(part["off"], bool) for part in describe_ablation("pinball", [list(trials.values())])["parts"])


def test_a_resolution_that_is_off_has_no_share_and_no_say(fit):
    """What is shown as explanation must be what drives the forecast."""
    network = fit.objective.network.eval()
    attention = network.resolution_attention
    states, ages = [torch.randn(4, 8) for _ in range(3)], [torch.rand(4) for _ in range(2)]
    heard = attention.active.clone()
    attention.active[1:] = torch.tensor([True, False])
    mixed, weights = attention(states, ages)
    other, _ = attention([*states[:2], states[2] + 9.0], ages)
    attention.active.copy_(heard)
    assert not weights[..., 2].any() and torch.equal(mixed, other)
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))


def test_without_validation_nothing_is_switched_off(wavy):
    """Nothing can be said against a part that was never judged."""
    fit = trained(wavy, fractions=(0.98, 0.0, 0.02))
    assert switch_off(fit, Silent()) == []


@pytest.mark.parametrize("kind", cells.names())
def test_forgetting_begins_anew_at_every_patch(kind):
    """Run or stepped, from whatever state: each output is that of its patch alone."""
    torch.manual_seed(0)
    layers = Recurrent(kind, 6, 2, 0.0).eval().requires_grad_(False)
    inputs, state = torch.randn(3, 5, 6), torch.randn(3, 2, layers.parts, 6)
    outputs, after = _Forgetful(layers).run(inputs, state)
    alone = [layers.run(inputs[:, step : step + 1], torch.zeros_like(state)) for step in range(5)]
    torch.testing.assert_close(outputs, torch.cat([one for one, _ in alone], dim=1))
    torch.testing.assert_close(after, alone[-1][1])
