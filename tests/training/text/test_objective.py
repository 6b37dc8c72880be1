"""A fit on a text learns it, goes on where it was broken off, and writes valid text in any language."""

import math
from itertools import pairwise

import pytest
import torch

import statecast
from benchmarks.time_machine import Written
from statecast.errors import ConfigError
from statecast.models.generator import Generator, GeneratorConfig
from tests.training.text.corpora import RHYME, chinese_text, fit_config
from training.errors import TrainingError
from training.fitting.loop import Fit
from training.fitting.weights import copy_weights
from training.text.corpus import Passage, cut_text
from training.text.curves import TextCurves
from training.text.objective import NextSymbol
from training.text.pipeline import backtest_text, fit_text
from training.text.scores import score_passage


def new_fit(config, folder=None, seed=0, text=RHYME):
    corpus = cut_text(text, config.text)
    torch.manual_seed(seed)
    shape = {**config.network, "vocabulary": config.text.vocabulary, "symbols": corpus.vocabulary.symbols}
    return Fit(NextSymbol(Generator(GeneratorConfig.from_dict(shape)), corpus, config.training), folder)


@pytest.mark.parametrize("windows", ["carried", "random"])
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_tiny_text_is_learned_by_heart(windows, optimizer):
    rate = {"adamw": 0.02, "sgd": 2.0}[optimizer]
    training = {"epochs": 12, "windows": windows, "optimizer": optimizer, "learning_rate": rate, "weight_decay": 0.0}
    fit = new_fit(fit_config(training={**training, "averaging": 0.0, "clip": 1.0}))
    curves = fit.run()
    # A window that starts from nothing must guess where it is.
    assert math.exp(curves.loss[-1][1]) < {"carried": 1.2, "random": 1.4}[windows]
    assert score_passage(fit.objective.network, fit.objective.corpus.held_out).perplexity < 1.2
    told = TextCurves.by_epoch(curves, fit.objective.windows)
    assert told.epochs == 12 and told.symbols == curves.steps * 4 * 16


@pytest.mark.parametrize("fractions", [(0.9, 0.0, 0.1), (0.8, 0.1, 0.1)])
def test_a_resumed_fit_gives_the_weights_of_an_uninterrupted_one(tmp_path, fractions):
    config = fit_config(
        {"fractions": fractions},
        {"dropout": 0.3, "layers": 2},
        {"epochs": 4, "averaging": 0.6, "embedding_dropout": 0.2, "seed": 3},
    )
    whole = new_fit(config, tmp_path / "whole")
    curves = whole.run()
    broken = new_fit(config, tmp_path / "broken")
    broken.run(stop_after=broken.objective.windows.steps * 5 // 2)  # in the third epoch
    resumed = new_fit(config, tmp_path / "broken", seed=99)
    again = resumed.run(resume=True)
    assert (again.loss, again.validation, again.steps) == (curves.loss, curves.validation, curves.steps)
    for name, weight in copy_weights(whole.objective.network).items():
        assert torch.equal(weight, copy_weights(resumed.objective.network)[name]), name


def test_a_validation_part_keeps_the_best_weights():
    config = fit_config({"fractions": (0.6, 0.2, 0.2)}, training={"epochs": 6, "averaging": 0.0, "learning_rate": 0.3})
    fit = new_fit(config)
    curves = fit.run()
    assert curves.best == min(value for _, value in curves.validation)
    assert score_passage(fit.objective.network, fit.objective.corpus.validation).loss == pytest.approx(curves.best)


def test_bfloat16_learns_too_and_the_loss_is_close():
    losses = [new_fit(fit_config(training={"precision": p})).run().loss[-1][1] for p in ("float32", "bfloat16")]
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
    assert losses[0] != losses[1]


def test_a_time_budget_ends_it_and_resuming_nothing_is_refused(tmp_path):
    curves = new_fit(fit_config(training={"epochs": 10_000, "seconds": 0.3})).run()
    assert 0 < curves.steps < 10_000
    with pytest.raises(TrainingError, match="without --resume"):
        new_fit(fit_config(), tmp_path).run(resume=True)
    new_fit(fit_config(), tmp_path).run()
    with pytest.raises(TrainingError, match="another network"):
        new_fit(fit_config(network={"width": 25}), tmp_path).run(resume=True)


def test_a_loss_that_runs_away_is_told():
    with pytest.raises(TrainingError, match="lower learning_rate"):
        new_fit(fit_config(training={"optimizer": "sgd", "learning_rate": 1e30, "clip": 1e30})).run()


def test_the_held_out_loss_is_that_of_reading_symbol_by_symbol():
    fit = new_fit(fit_config())
    fit.run()
    tokens = fit.objective.corpus.held_out.tokens
    nats, state = 0.0, fit.objective.network.fresh(1)
    with torch.inference_mode():
        for token, after in pairwise(tokens):
            state = fit.objective.network.prime(torch.tensor([[int(token)]]), state)
            logits = fit.objective.network.head(state["hidden"][:, -1, 0])
            nats -= float(torch.log_softmax(logits, dim=1)[0, int(after)])
    assert score_passage(fit.objective.network, fit.objective.corpus.held_out).nats == pytest.approx(nats, rel=1e-4)


def test_an_untrained_network_is_as_good_as_a_die():
    network = Generator(GeneratorConfig(vocabulary="byte", embedding=4, width=4, layers=1))
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    tokens, unknown = network.vocabulary.encode("wörter")
    score = score_passage(network, Passage(tokens, unknown, "wörter"))
    assert score.perplexity == pytest.approx(256)
    assert score.bits == pytest.approx(8 * 6 / 5)


@pytest.mark.parametrize("kind", ["char", "byte"])
def test_chinese_trains_and_writes_valid_unicode_at_every_temperature(tmp_path, kind):
    text = chinese_text()
    config = fit_config({"vocabulary": kind}, {"width": 48, "embedding": 24}, {"epochs": 8, "ngrams": 1})
    outcome = fit_text(text, config, tmp_path / "hanzi", name="hanzi")
    ours = outcome.leaderboard.scores["statecast"]
    assert ours.loss < outcome.leaderboard.scores["kneser_ney_1"].loss
    artifact = statecast.load(tmp_path / "hanzi")
    for temperature in (0.0, 0.5, 1.0, 2.0):
        for seed in range(3):
            written = artifact.generate(text[:7], max_tokens=40, temperature=temperature, seed=seed)
            assert "\ufffd" not in written
            assert written.encode("utf-8").decode("utf-8") == written
            assert written
    report = (tmp_path / "hanzi" / "report.html").read_text(encoding="utf-8")
    for expected in (
        "bits per character",
        "kneser_ney_1",
        "temperature 1.2",
        "<pre>",
        "<polyline",
        "prefers-color-scheme",
    ):
        assert expected in report


def test_backtest_gives_the_figures_of_the_fit_and_refuses_another_text(tmp_path):
    outcome = fit_text(RHYME, fit_config({"vocabulary": "word"}), tmp_path / "rhyme", name="rhyme")
    artifact = statecast.load(tmp_path / "rhyme")
    assert artifact.manifest["scores"]["ours"] == outcome.leaderboard.scores["statecast"].table()
    assert set(artifact.manifest["scores"]["baselines"]) == {"kneser_ney_1", "kneser_ney_2"}
    again = backtest_text(artifact, RHYME)
    assert again.manifest() == artifact.manifest["scores"]
    with pytest.raises(TrainingError, match="another vocabulary"):
        backtest_text(artifact, "nothing of this was there " * 40)


def test_the_formulas_by_hand_are_those_of_our_layer():
    """What the benchmark compares with must compute the same, or its figures mean nothing."""
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(symbols=tuple("abcd"), embedding=5, width=6, layers=1, dropout=0.0))
    with torch.no_grad():
        tokens = torch.randint(5, (3, 7))
        expected, _ = network(tokens, network.fresh(3))
        written, _, _ = Written(network)(tokens, torch.zeros(3, 6), torch.zeros(3, 6))
    torch.testing.assert_close(written, expected)


def test_another_table_than_text_is_not_read_as_one():
    with pytest.raises(ConfigError, match=r"\[data\]"):
        fit_config().from_dict({"data": {}, "text": {}})
