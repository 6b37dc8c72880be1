"""A fit learns, stops, goes on where it was broken off, and says what is wrong with what it is told."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.models.forecaster import Forecaster
from training.config import WEIGHTINGS, FitConfig, TrainingConfig
from training.data.encoding import encode_panel
from training.data.panel import Item, Panel
from training.data.splits import split_by_fractions
from training.errors import TrainingError
from training.evaluation.baselines.naive import Task
from training.fitting.choice import NOISE
from training.fitting.loop import Fit
from training.fitting.loss_weighting import LossWeighting
from training.fitting.losses import forecast_loss, level_weights
from training.fitting.panel_objective import PanelForecast
from training.fitting.weights import copy_weights
from training.progress import Silent

SHAPE = ForecasterConfig(
    horizon=5, season=8, patch_length=4, lookback_length=64, resolutions=(1, 4), width=8, dropout=0.1
)
PLAN = TrainingConfig(steps=12, batch=4, forks=8, warm=2, validation_every=4, averaging=0.5, learning_rate=0.01)


def new_fit(panel, plan=PLAN, folder=None, seed=0, shape=SHAPE):
    torch.manual_seed(seed)
    network = Forecaster(shape)
    task = Task(panel, split_by_fractions(panel, (0.6, 0.2, 0.2), 5), season=8, horizon=5)
    return Fit(PanelForecast(network, encode_panel(panel, shape), task, plan), folder)


def test_a_resumed_fit_gives_the_weights_of_an_uninterrupted_one(wavy, tmp_path):
    whole = new_fit(wavy, folder=tmp_path / "whole")
    curves = whole.run()
    new_fit(wavy, folder=tmp_path / "broken").run(stop_after=8)
    resumed = new_fit(wavy, folder=tmp_path / "broken", seed=99)
    again = resumed.run(resume=True)
    assert again.steps == 12
    assert again.validation == curves.validation
    for name, weight in copy_weights(whole.objective.network).items():
        assert torch.equal(weight, copy_weights(resumed.objective.network)[name]), name


def test_the_same_seed_gives_the_same_weights_and_the_loss_falls(wavy):
    runs = [new_fit(wavy, TrainingConfig(**{**vars(PLAN), "steps": 40})) for _ in range(2)]
    curves = [run.run() for run in runs]
    assert curves[0].loss == curves[1].loss
    assert curves[0].loss[-1][1] < curves[0].loss[0][1]
    first, second = (copy_weights(run.objective.network) for run in runs)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("network", [{}, {"cell": "gru", "layers": 2}])
def test_two_batches_of_eight_are_one_of_sixteen(wavy, network):
    """A step must not depend on how much of it memory holds at once."""
    shape = replace(SHAPE, dropout=0.0, **network)
    once, parts = (
        new_fit(wavy, TrainingConfig(**{**vars(PLAN), "steps": 4, "batch": batch, "accumulate": count}), shape=shape)
        for batch, count in ((16, 1), (8, 2))
    )
    start = copy_weights(once.objective.network)
    curves = [fit.run() for fit in (once, parts)]
    assert curves[0].loss[0][1] == pytest.approx(curves[1].loss[0][1], rel=1e-5)
    for name, weight in copy_weights(once.objective.network).items():
        torch.testing.assert_close(copy_weights(parts.objective.network)[name], weight, rtol=1e-3, atol=2e-5)
    assert any(not torch.equal(weight, start[name]) for name, weight in copy_weights(once.objective.network).items())


def test_it_stops_when_validation_no_longer_improves_and_keeps_the_best(wavy):
    fit = new_fit(wavy, TrainingConfig(**{**vars(PLAN), "steps": 400, "patience": 2, "learning_rate": 0.5}))
    curves = fit.run()
    assert curves.steps < 400
    values = dict(curves.validation)
    assert curves.best == values[curves.best_step] <= (1 + NOISE) * min(values.values())
    assert fit.objective.validate() == pytest.approx(curves.best)


def test_averaged_weights_are_kept_unless_earlier_ones_are_clearly_better(wavy, monkeypatch):
    """Weights that are not annealed yet win by chance: on M4 Hourly a lead of 0.4 % cost 0.015 of OWA."""
    plan = TrainingConfig(**{**vars(PLAN), "steps": 8, "validation_every": 2, "averaging": 0.5})
    for said, kept in (
        ([1.0, 0.99, 1.02, 0.995], 8),
        ([1.0, 1.005, 1.02, 1.008], 8),
        ([1.0, 1.005, 1.02, 1.03], 2),  # the second is no better than the first, and not averaged either
        ([1.0, 0.9, 0.95, 0.92], 4),
    ):
        fit = new_fit(wavy, plan)
        values = iter(said)
        monkeypatch.setattr(fit.objective, "validate", lambda values=values: next(values))
        curves = fit.run()
        assert curves.best_step == kept and curves.best == said[kept // 2 - 1]


def test_a_fit_that_diverges_keeps_the_best_weights_and_says_so(wavy):
    """Ten good hours and one bad step must not come to nothing."""
    fit, told = new_fit(wavy), []
    fit.run(stop_after=8)
    best = {name: weight.clone() for name, weight in fit.best.items()}
    with torch.no_grad():
        next(iter(fit.objective.network.parameters())).fill_(math.inf)
    watcher = Silent()
    watcher.say = told.append
    curves = fit.run(watcher)
    assert curves.diverged == 9 and "kept the weights of step" in told[0]
    assert all(torch.equal(weight, best[name]) for name, weight in copy_weights(fit.objective.network).items())


def test_a_fit_that_diverges_at_once_is_an_error(wavy):
    fit = new_fit(wavy)
    with torch.no_grad():
        next(iter(fit.objective.network.parameters())).fill_(math.inf)
    with pytest.raises(TrainingError, match="lower learning_rate"):
        fit.run()


def test_a_time_budget_ends_it(wavy):
    curves = new_fit(wavy, TrainingConfig(**{**vars(PLAN), "steps": 100_000, "seconds": 0.5})).run()
    assert 0 < curves.steps < 100_000


def test_resuming_nothing_or_another_network_is_refused(wavy, tmp_path):
    with pytest.raises(TrainingError, match="without --resume"):
        new_fit(wavy, folder=tmp_path).run(resume=True)
    new_fit(wavy, folder=tmp_path).run(stop_after=4)
    (tmp_path / "checkpoint.json").write_text("{")
    with pytest.raises(TrainingError, match="cannot be read"):
        new_fit(wavy, folder=tmp_path).run(resume=True)


def test_the_loss_by_hand_ignores_what_is_missing():
    scaled = torch.tensor([[[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]])
    truth = torch.tensor([[3.0, math.nan]])
    weights = level_weights((0.1, 0.5, 0.9), 2.0)
    expected = 2 * (0.25 * 0.1 * 3 + 0.5 * 0.5 * 2 + 0.25 * 0.9 * 1)
    assert forecast_loss(scaled, truth, (0.1, 0.5, 0.9), weights).item() == pytest.approx(expected)
    assert forecast_loss(scaled, truth * math.nan, (0.1, 0.5, 0.9), weights).item() == 0.0


def test_emphasis_turns_units_of_scale_into_those_of_the_metric():
    truth, scale, unit = torch.tensor([[4.0, 0.0]]), torch.full((1, 2), 2.0), torch.tensor([1.0, 8.0])
    weights = [LossWeighting(weighting, unit, 0.25).of(torch.tensor([1]), truth, scale) for weighting in WEIGHTINGS[1:]]
    assert weights[0] is None
    assert weights[1].tolist() == [[0.25, 0.25]]
    assert weights[2].tolist() == [[1.125, 20.0]]


def test_the_half_in_shares_is_in_units_of_what_the_seasonal_naive_misses():
    items = tuple(Item(name, 0, 0, np.tile(np.float32([low, 3.0]), 20)) for name, low in (("a", 1.0), ("b", 3.0)))
    panel = Panel(items, None)
    task = Task(panel, split_by_fractions(panel, (0.6, 0.2, 0.2), 4), season=1, horizon=4)
    assert LossWeighting.measured(task, "owa").naive_share == pytest.approx(
        1.0
    )  # |3 - 1| / 2; the constant one is left out


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"trainig": {}}, r"\[trainig\]"),
        ({"training": {"stepps": 3}}, "'stepps'"),
        ({"data": {"file": "x"}}, "'file'"),
        ({"network": {"depth": 3}}, "'depth'"),
        ({"training": {"steps": "many"}}, "a whole number, got 'many'"),
        ({"training": {"steps": True}}, "a whole number, got True"),
        ({"training": {"steps": -1}}, "above 0"),
        ({"training": {"warm": 90}}, "warm"),
        ({"training": {"weighting": "equal"}}, "one of auto"),
        ({"training": {"judge": "r2"}}, "judge"),
        ({"data": {"borders": 3}}, "a list"),
    ],
)
def test_a_config_with_a_fault_is_refused_by_name(values, message):
    with pytest.raises(ConfigError, match=message):
        FitConfig.from_dict(values)


def test_a_config_survives_toml(tmp_path):
    config = FitConfig.from_dict(
        {
            "data": {"wide": True, "borders": [1, 2, 3], "timestamp": "date"},
            "network": {"resolutions": [1, 24], "half_life": 7.5},
            "training": {"learning_rate": 1, "steps": 5},
        }
    )
    path = tmp_path / "fit.toml"
    path.write_text(config.to_toml())
    assert FitConfig.read(path).to_dict() == config.to_dict()
    path.write_text("steps = ")
    with pytest.raises(ConfigError, match="TOML"):
        FitConfig.read(path)
