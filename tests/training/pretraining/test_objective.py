"""Series that never were, and the pretraining on them: seeded, finite, resumable."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import statecast
from benchmarks.accuracy import default_model
from benchmarks.accuracy.protocols import Protocol
from statecast import Family, FamilyConfig
from statecast.errors import ConfigError
from tests.training.conftest import long_table
from training.cli.main import app
from training.data.tables import read_panel
from training.errors import TrainingError
from training.fitting.choice import NOISE
from training.fitting.loop import Fit
from training.fitting.weights import copy_weights
from training.pretraining.config import PretrainConfig, read_config
from training.pretraining.objective import FamilyPretraining
from training.selection import finetune, recipes
from training.synthetic.batches import SEASONS, Batches
from training.synthetic.damage import damage, gaps
from training.synthetic.families import held_apart, learned
from training.synthetic.processes import chain
from training.synthetic.shape import Shape

FAMILY = FamilyConfig(patches=((12, 8, 16), (48, 16, 16), (512, 32, 16)), width=8)
SHORT = PretrainConfig(steps=12, values=3000, forks=3, judged=2, validation_every=4, device="cpu")


def pretraining(folder=None, **changed) -> Fit[FamilyPretraining]:
    torch.manual_seed(0)
    return Fit(FamilyPretraining(Family(FAMILY), replace(SHORT, **changed)), folder)


@pytest.mark.parametrize("entry", SEASONS, ids=lambda entry: str(entry.season))
@pytest.mark.parametrize("draw", [learned, held_apart])
def test_every_kind_is_finite_and_about_zero(entry, draw):
    shape = Shape(40, min(entry.longest, 600), entry.season, entry.long)
    values = draw(shape, np.random.default_rng(3))
    assert values.shape == (40, shape.steps)
    assert np.isfinite(values).all()
    assert np.abs(values.mean(1)).max() < 1e-6 and values.std(1).max() < 1.001
    struck = damage(values, np.random.default_rng(4))
    assert np.isfinite(struck).all() and not np.array_equal(struck, values)
    assert 0 < gaps(values, np.random.default_rng(5)).mean() < 0.3


def test_one_seed_draws_the_same_batches():
    batches = Batches(3000, 4)
    one, two = (
        [batches.draw(FAMILY.of, generator) for _ in range(5)] for generator in map(np.random.default_rng, (7, 7))
    )
    for a, b in zip(one, two, strict=True):
        assert a.season == b.season and torch.equal(a.target.nan_to_num(), b.target.nan_to_num())
    assert len({batch.season for batch in one}) > 1


DRAWN = {  # season: rows, steps, target weighted by place, sum of |truth|, sum of units
    1: (93, 16, 20.7079155, 2225.73282, 47.5964093),
    4: (34, 72, 6.877756, 1700.24453, 15.419186),
    7: (8, 912, 34.1168263, 391.493037, 1.74998185),
    12: (31, 80, -45.3403615, 770.164905, 16.7488304),
    24: (8, 1344, 7.49306167, 399.651237, 3.98355614),
    48: (8, 528, 0.64211355, 420.908742, 5.2828009),
    52: (8, 352, -9.81543945, 404.861198, 4.92775579),
    96: (8, 672, 13.4936459, 327.401483, 5.60466582),
    144: (8, 1184, 13.8775685, 255.303944, 4.1153889),
    288: (8, 2240, -4.72595317, 417.918995, 5.52983196),
}


def test_draws_are_those_that_the_default_model_learned_from():
    """A draw more or less anywhere makes all later series others, and nobody can make the shipped weights again.

    The generator of random numbers gives the same on every machine; exponentials and sines may differ in last digits.
    """
    batches, generator, found = Batches(3000, 4), np.random.default_rng(11), {}
    for _ in range(60):
        batch = batches.draw(FAMILY.of, generator)
        known, truth = (part.double().nan_to_num() for part in (batch.target, batch.truth))
        place = torch.arange(known.numel(), dtype=torch.float64).view_as(known).cos()
        told = (*known.shape, float((known * place).sum()), float(truth.abs().sum()), float(batch.unit.sum()))
        found.setdefault(batch.season, told)
    assert set(found) == set(DRAWN)
    for season, told in DRAWN.items():
        assert found[season] == pytest.approx(told, rel=1e-5), season


def test_a_chain_is_what_its_steps_make_of_it():
    generator = np.random.default_rng(0)
    stays, starts, now = (generator.random(size) < 0.5 for size in ((200, 50), (200, 50), (200, 1)))
    found, state = chain(stays, starts, now), now[:, 0]
    for step in range(50):
        state = np.where(state, stays[:, step], starts[:, step])
        assert np.array_equal(found[:, step], state), step


def test_truth_follows_its_fork():
    """A target that the network has read already would make a liar of every score."""
    batch = Batches(3000, 4).draw(FAMILY.of, np.random.default_rng(1))
    length = FAMILY.of(batch.season).patch_length
    for place, fork in enumerate(batch.forks.tolist()):
        ahead = batch.target[:, (fork + 1) * length :][:, : batch.truth.shape[2]]
        assert torch.equal(ahead.nan_to_num(), batch.truth[:, place, : ahead.shape[1]].nan_to_num())


def test_same_seed_same_weights_and_resume_goes_on(tmp_path):
    whole, again = pretraining(), pretraining()
    assert whole.run().loss == again.run().loss
    for name, weight in copy_weights(whole.objective.family).items():
        assert torch.equal(weight, copy_weights(again.objective.family)[name]), name
    broken = pretraining(tmp_path)
    broken.run(stop_after=8)
    resumed = pretraining(tmp_path)
    resumed.run(resume=True)
    for name, weight in copy_weights(whole.objective.family).items():
        assert torch.equal(weight, copy_weights(resumed.objective.family)[name]), name
    assert resumed.curves.validation == whole.curves.validation


def test_it_learns():
    trained = pretraining(steps=40, validation_every=40)
    before = trained.objective.validate()
    trained.run()
    assert trained.objective.validate() < before


def test_refusals(tmp_path):
    with pytest.raises(TrainingError, match="no checkpoint to resume"):
        pretraining(tmp_path).run(resume=True)
    (tmp_path / "p.toml").write_text("[pretrain]\nstep = 3\n")
    with pytest.raises(ConfigError, match="unknown key 'step'"):
        read_config(tmp_path / "p.toml")
    (tmp_path / "p.toml").write_text("[training]\nsteps = 3\n")
    with pytest.raises(ConfigError, match="pretrain"):
        read_config(tmp_path / "p.toml")


PRETRAIN = """
[family]
patches = [[12, 8, 16], [48, 16, 16], [512, 32, 16]]
width = 8
[pretrain]
steps = 6
values = 3000
forks = 3
judged = 2
validation_every = 3
device = "cpu"
"""


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def default(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrain")
    (folder / "small.toml").write_text(PRETRAIN)
    result = run("pretrain", folder / "small.toml", "--out", folder / "default")
    assert result.exit_code == 0, result.output
    long_table((300, 240), covariates=False).to_csv(folder / "data.csv", index=False)
    return folder


def test_pretrain_writes_an_artifact_that_forecasts_what_it_never_saw(default):
    artifact = statecast.load(default / "default")
    assert artifact.kind == "family" and artifact.name == "default"
    assert artifact.manifest["trained_on"] == "synthetic series only"
    assert artifact.manifest["pretraining"]["curves"]["steps"] == 6
    assert np.isfinite(artifact.forecast([3.0, 4.0, 5.0], 20).mean).all()
    for calibration in artifact.network.calibrations.values():
        assert calibration.autocorrelation[0] == pytest.approx(1.0)
        offsets = calibration.conformal_offsets
        assert offsets.abs().max() > 0 and torch.equal(*offsets)  # both sides alike
        assert calibration.cold_start_widening.min() >= 0
    page = (default / "default" / "report.html").read_text()
    assert page.count("<figure>") >= 50 and "no real series" in page
    assert not list((default / "default").glob("checkpoint*"))


def test_tables_are_judged_and_forecast_without_training(default):
    table = ["--data", default / "data.csv"]
    judged = run("backtest", default / "default", *table)
    assert judged.exit_code == 0 and "seasonal_naive" in judged.output, judged.output
    written = run("forecast", default / "default", *table, "--horizon", 7, "--out", default / "out.csv")
    assert written.exit_code == 0, written.output
    assert len(pd.read_csv(default / "out.csv")) == 14
    refused = run("forecast", default / "default", *table, "--horizon", 1025, "--out", default / "out.csv")
    assert refused.exit_code != 0 and "1 to 1024 steps, got 1025" in refused.output


def test_fit_from_a_family_keeps_what_validation_likes_best(default, monkeypatch):
    monkeypatch.setitem(recipes._TUNING_FEW, "steps", 10)
    # Covariates are for training from scratch alone.
    long_table((300, 240)).to_csv(default / "covariates.csv", index=False)
    result = run(
        "fit", "--data", default / "covariates.csv", "--past", "wind", "--future", "holiday",
        "--horizon", 5, "--season", 8, "--steps", 4, "--out", default / "own", "--from", default / "default",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    own = statecast.load(default / "own")
    starts = own.manifest["training"]["starts"]
    assert set(starts) == {finetune.SCRATCH, finetune.AS_IT_IS, finetune.TUNED}
    best = min(starts, key=starts.get)
    if starts[finetune.TUNED] <= (1 + NOISE) * starts[best]:
        best = finetune.TUNED
    assert f"kept: {best}" in result.output
    page = (default / "own" / "report.html").read_text(encoding="utf-8")
    assert "From a pretrained family" in page and f"<tr class=ours><td>{best}</td>" in page
    assert own.kind == "forecaster" and own.forecaster.config.horizon == 5
    assert not (default / "own" / "tuned").exists()
    again = run("backtest", default / "own", "--data", default / "covariates.csv")
    assert again.exit_code == 0, again.output


def test_the_weights_that_are_told_are_those_that_are_kept(default, monkeypatch):
    """A card of one network with the size of another misleads whoever plans by it."""
    monkeypatch.setitem(recipes._TUNING_FEW, "steps", 30)
    chosen = ["--horizon", 5, "--season", 8, "--steps", 1, "--from", default / "default"]
    result = run("fit", "--data", default / "data.csv", "--out", default / "kept", *chosen)
    assert result.exit_code == 0 and f"kept: {finetune.SCRATCH}" not in result.output, result.output
    kept = statecast.load(default / "kept")
    weights = sum(weight.numel() for weight in kept.forecaster.parameters())
    assert kept.manifest["training"]["costs"]["parameters"] == weights


def test_fit_from_refuses_what_it_cannot_start_from(default):
    fit = ["fit", "--data", default / "data.csv", "--steps", 2, "--out", default / "no"]
    result = run(*fit, "--season", 60, "--horizon", 1025, "--from", default / "default")
    assert result.exit_code != 0 and "expected 1 to 1024 steps, got 1025" in result.output
    assert "items" not in result.output and not (default / "no").exists()


def test_the_benchmark_writes_the_card(default, monkeypatch, capsys):
    small = Protocol("data.csv", lambda path: read_panel(path, freq="1h"), (8,))
    monkeypatch.setattr(default_model, "PROTOCOLS", {"small": small})
    monkeypatch.setattr(
        sys,
        "argv",
        ["default_model", "--artifact", str(default / "default"), "--data", str(default), "--sets", "small", "--card"],
    )
    before = statecast.load(default / "default")
    default_model.main()
    printed, after = capsys.readouterr().out, statecast.load(default / "default")
    assert "MASE relative to seasonal_naive" in printed
    assert after.manifest["scores_without_training"]["small"]["statecast"]["mase"] > 0
    for name, weight in copy_weights(before.network).items():
        assert torch.equal(weight, copy_weights(after.network)[name])
    assert "small, not trained on" in (default / "default" / "report.html").read_text()
