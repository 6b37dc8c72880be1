"""Every objective obeys the loop: resumed is uninterrupted, a divergence keeps the best, what is kept is what was best.

Without this an objective that forgets a generator or a count in its checkpoint gives other weights after an
interruption, and nobody notices.
"""

import math
from dataclasses import replace

import pytest
import torch

from statecast import Family, FamilyConfig, Forecaster, Generator, GeneratorConfig
from statecast.config import ForecasterConfig
from tests.training.text.corpora import RHYME, fit_config
from training.config import TrainingConfig
from training.data.encoding import encode_panel
from training.data.splits import split_by_fractions
from training.evaluation.baselines.naive import Task
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.fitting.weights import copy_weights
from training.pretraining.config import PretrainConfig
from training.pretraining.objective import FamilyPretraining
from training.progress import Silent
from training.text.corpus import cut_text
from training.text.objective import NextSymbol


def forecast(panel):
    shape = ForecasterConfig(
        horizon=5, season=8, patch_length=4, lookback_length=64, resolutions=(1,), width=8, dropout=0.1
    )
    task = Task(panel, split_by_fractions(panel, (0.6, 0.2, 0.2), 5), season=8, horizon=5)
    config = TrainingConfig(steps=9, batch=4, forks=8, warm=2, validation_every=3, averaging=0.5, learning_rate=0.01)
    return PanelForecast(Forecaster(shape), encode_panel(panel, shape), task, replace(config, accumulate=2))


def pretraining(_panel):
    family = Family(FamilyConfig(patches=((12, 8, 16), (512, 32, 16)), width=8))
    config = PretrainConfig(steps=9, values=3000, forks=3, judged=2, validation_every=3, device="cpu")
    return FamilyPretraining(family, config)


def text(_panel):
    config = fit_config({"fractions": (0.1, 0.1, 0.8)}, {"dropout": 0.2}, {"epochs": 4, "averaging": 0.5})
    corpus = cut_text(RHYME, config.text)
    shape = {**config.network, "vocabulary": "char", "symbols": corpus.vocabulary.symbols}
    return NextSymbol(Generator(GeneratorConfig.from_dict(shape)), corpus, config.training)


@pytest.fixture(params=[forecast, pretraining, text], ids=lambda make: make.__name__)
def new_fit(request, wavy):
    def new(folder=None, seed=0):
        torch.manual_seed(seed)
        return Fit(request.param(wavy), folder)

    return new


def same(one, other):
    return all(torch.equal(weight, other[name]) for name, weight in one.items())


def test_resumed_is_uninterrupted(new_fit, tmp_path):
    whole, broken, resumed = new_fit(), new_fit(tmp_path), new_fit(tmp_path, seed=9)
    curves = whole.run()
    between = whole.settings.validation_every * 2 + 1  # work after the last checkpoint is done again
    assert broken.run(stop_after=between).steps == between
    again = resumed.run(resume=True)
    assert (again.loss, again.validation, again.best_step) == (curves.loss, curves.validation, curves.best_step)
    assert same(copy_weights(whole.objective.network), copy_weights(resumed.objective.network))


def test_a_finished_fit_can_be_resumed_and_changes_nothing(new_fit, tmp_path):
    """An interruption of the tests that follow training must not cost the training."""
    done, again = new_fit(tmp_path), new_fit(tmp_path, seed=9)
    curves, weights = done.run(), copy_weights(done.objective.network)
    resumed = again.run(resume=True)
    assert (resumed.steps, resumed.validation) == (curves.steps, curves.validation)
    assert same(weights, copy_weights(again.objective.network))


def test_what_is_kept_is_what_validation_saw(new_fit):
    fit = new_fit()
    curves = fit.run()
    assert fit.objective.validate() == pytest.approx(curves.best) == dict(curves.validation)[curves.best_step]


def test_a_divergence_keeps_the_best_weights(new_fit):
    """Ten good hours and one bad step must not come to nothing."""
    fit, said = new_fit(), []
    fit.run(stop_after=fit.settings.validation_every)
    best = {name: weight.clone() for name, weight in fit.best.items()}
    with torch.no_grad():
        for weight in fit.objective.network.parameters():
            weight.fill_(math.nan)
    watcher = Silent()
    watcher.say = said.append
    curves = fit.run(watcher)
    assert curves.diverged == fit.settings.validation_every + 1 and "lower learning_rate" in said[0]
    assert same(best, copy_weights(fit.objective.network))
