"""A student learns from its teacher: it begins near it, comes nearer, goes on where it was stopped, and is refused by
name what it could not learn.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import statecast
from statecast import Family, FamilyConfig, Forecaster
from statecast.errors import StatecastError
from tests.builders import tiny_ensemble, tiny_family_artifact, tiny_network
from tests.training.conftest import long_table
from training.cli.main import app
from training.edge.distillation.config import DistillConfig
from training.edge.distillation.folding import can_fold, fold
from training.edge.distillation.objective import Distillation
from training.edge.distillation.series import Lessons, OwnSeries
from training.edge.distillation.teacher import check_target_alone, choose_teacher, observe, student_config, teach
from training.edge.exportable.coverage import uncovered
from training.errors import TrainingError
from training.fitting.loop import Fit
from training.synthetic.batches import Batches

SHORT = DistillConfig(width=4, steps=12, values=2000, forks=3, validation_rows=4, validation_every=4, device="cpu")


def teacher(width: int = 8) -> Forecaster:
    torch.manual_seed(0)
    shape = ((12, 4, 16), (48, 8, 24), (512, 16, 32))
    family = Family(FamilyConfig(patches=shape, width=width, segment_length=4)).eval().requires_grad_(False)
    for weight in family.parameters():
        weight.add_(torch.randn_like(weight) * 0.05)
    return family.of(24, "1h")


def distillation(folder=None, taught=None, own=None, **changed) -> Fit[Distillation]:
    torch.manual_seed(0)
    network, config = taught or teacher(), replace(SHORT, **changed)
    student = Forecaster(student_config(network.config, config.width))
    lessons = Lessons(student.config, Batches(config.values, config.forks), own, config.own)
    return Fit(Distillation(student, network, lessons, config), folder)


def test_a_student_can_be_exported() -> None:
    """Distillation is what makes a model small enough for a device: its shape must be one that an export covers."""
    assert uncovered(Forecaster(student_config(teacher().config, 4))) == []


def test_folding_all_units_is_the_teacher_itself() -> None:
    """With as many units nothing is lost; else the first weights would not be the teacher's."""
    network = teacher()
    student = Forecaster(student_config(network.config, network.config.width)).eval()
    series = Lessons(student.config, Batches(2000, 3), None, 0.0).draw(np.random.default_rng(0))
    assert can_fold(student, network)
    fold(student, network, [series])
    theirs, ours = (teach(one, series.target, series.forks, 8) for one in (network, student))
    assert torch.allclose(theirs.nan_to_num(), ours.nan_to_num(), atol=1e-4)


def test_folded_weights_are_nearer_than_random_ones() -> None:
    network = teacher(16)
    found = {}
    for name in ("random", "folded"):
        fit = distillation(taught=network, width=8)
        if name == "folded":
            generator = np.random.default_rng(0)
            fold(fit.objective.student, network, [fit.objective.lessons.draw(generator) for _ in range(3)])
        batch = fit.objective.lessons.draw(np.random.default_rng(5))
        found[name] = fit.objective.loss(batch).item()
    assert found["folded"] < found["random"]


def test_the_loss_falls_and_the_teacher_stays() -> None:
    network = teacher()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fit = distillation(taught=network, steps=60, learning_rate=5e-3, truth=0.0, validation_every=60)
    batch = fit.objective.lessons.draw(np.random.default_rng(5))
    at_first = fit.objective.loss(batch).item()
    fit.run()
    assert fit.objective.loss(batch).item() < 0.8 * at_first
    assert all((before[name] == value).all() for name, value in network.state_dict().items())


def test_what_is_resumed_ends_as_what_was_not_interrupted(tmp_path) -> None:
    """Hours of training must survive a restart, without the result depending on it."""
    whole = distillation()
    whole.run()
    distillation(tmp_path).run(stop_after=8)
    resumed = distillation(tmp_path)
    resumed.run(resume=True)
    for one, other in zip(whole.objective.student.parameters(), resumed.objective.student.parameters(), strict=True):
        assert torch.equal(one, other)


def test_own_series_are_learned_from_up_to_their_end(wavy) -> None:
    """What validation sees is never learned from."""
    network = teacher()
    own = OwnSeries.of(wavy, network.config.horizon)
    assert all(end <= 0.8 * values.size + 1 for values, end in zip(own.values, own.learned, strict=True))
    fit = distillation(own=own)
    fit.run()
    assert set(fit.objective.found) == {"synthetic", "own"}


def test_an_ensemble_teaches_its_mean() -> None:
    plain = {"resolutions": (1,), "calendar": ()}
    ensemble = tiny_ensemble(0, plain, {**plain, "cell": "gru"})
    target, forks = torch.randn(2, 16), torch.tensor([1, 3])
    found = teach(ensemble, target, forks, 4)
    each = [teach(member, target, forks, 4) for member in ensemble.members]
    assert torch.allclose(found, (each[0] + each[1]) / 2)


def test_a_teacher_of_other_patches_forecasts_from_the_same_steps() -> None:
    network = tiny_network(resolutions=(1,), calendar=(), adaptation=0.0)
    target = torch.randn(2, 12)
    last = teach(network, target, torch.tensor([1]), 6)
    observations, state = observe(network, target)
    quantiles = network.decode(network.prime(observations, state), torch.zeros(2, 12, 0)).raw_quantiles()
    assert torch.allclose(last, quantiles, atol=1e-4)


def test_what_a_student_could_not_read_is_named() -> None:
    with pytest.raises(TrainingError, match="day, week"):
        check_target_alone("mine", tiny_network().config)


def test_a_family_needs_a_season(tmp_path) -> None:
    tiny_family_artifact(tmp_path)
    artifact = statecast.load(tmp_path / "default-1")
    with pytest.raises(TrainingError, match="--season"):
        choose_teacher(artifact, None, None, None)
    with pytest.raises(StatecastError, match="horizon"):
        choose_teacher(artifact, 24, None, 5000)


def test_the_teacher_is_not_overwritten(tmp_path) -> None:
    tiny_family_artifact(tmp_path)
    place = str(tmp_path / "default-1")
    ran = CliRunner().invoke(app, ["distill", place, "--freq", "1h", "--out", place])
    assert ran.exit_code == 2 and statecast.load(place).kind == "family"


def test_the_command_writes_an_artifact_that_loads_and_forecasts(tmp_path) -> None:
    tiny_family_artifact(tmp_path)
    table = tmp_path / "own.csv"
    long_table(covariates=False).to_csv(table, index=False)
    arguments = [
        "distill", str(tmp_path / "default-1"), "--out", str(tmp_path / "small"), "--width", "4", "--data", str(table),
        "--horizon", "5", "--steps", "3", "--device", "cpu",
    ]  # fmt: skip
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    artifact = statecast.load(tmp_path / "small")
    assert artifact.manifest["distillation"]["own_series"] == 2
    assert np.isfinite(artifact.forecast(np.sin(np.arange(100.0)), 5, freq="1h").mean).all()
    assert "Beside the teacher" in (tmp_path / "small" / "report.html").read_text()
    assert not list((tmp_path / "small").glob("checkpoint*"))
