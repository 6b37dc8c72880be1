"""From a teacher to the artifact of its student."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

import statecast
from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from training.data.panel import Panel
from training.edge.distillation.config import DistillConfig
from training.edge.distillation.folding import can_fold, fold
from training.edge.distillation.objective import Distillation
from training.edge.distillation.report import write_report
from training.edge.distillation.series import Lessons, OwnSeries
from training.edge.distillation.teacher import student_config, take_calibration
from training.fitted_artifact import begin_fit, new_manifest
from training.fitting.checkpoint import Checkpoint
from training.fitting.loop import Fit
from training.progress import Silent, Watcher
from training.synthetic.batches import Batches

_FOLDED_ON = 4  # batches of series


def distill(
    teacher: SeriesNetwork,
    config: DistillConfig,
    out: Path,
    *,
    name: str,
    version: str = "1",
    taught_by: str,
    panel: Panel | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> str:
    """Distill a small forecaster, and write its artifact with the report.

    Parameters
    ----------
    teacher : SeriesNetwork
        What ``choose_teacher`` gave.
    config : DistillConfig
        How it is distilled.
    out : Path
        Folder of the artifact and of checkpoints.
    name : str
        Name of the artifact.
    version : str
        Version of the artifact.
    taught_by : str
        Digest of the teacher's artifact.
    panel : Panel, optional
        Own series, learned from beside synthetic ones.
    resume : bool
        Whether to continue from the last checkpoint in ``out``.
    watcher : Watcher, optional
        Follows the progress; nobody if left out.

    Returns
    -------
    str
        Digest of the artifact.

    Raises
    ------
    StatecastError
        If own series are too short, the loss becomes infinite or NaN, or there is nothing to resume.
    """
    begin_fit(name, version)
    watcher = watcher or Silent()
    torch.manual_seed(config.seed)
    student = Forecaster(student_config(teacher.config, config.width))
    own = OwnSeries.of(panel, student.config.horizon) if panel is not None else None
    lessons = Lessons(student.config, Batches(config.values, config.forks), own, config.own)
    if not resume:
        begin(student, teacher, lessons, config, watcher)
    fit = Fit(Distillation(student, teacher, lessons, config), out)
    fit.run(watcher, resume)
    digest = _write(out, fit, name, version, taught_by)
    Checkpoint.remove(out)
    return digest


def begin(
    student: Forecaster, teacher: SeriesNetwork, lessons: Lessons, config: DistillConfig, watcher: Watcher
) -> None:
    """Give a student the folded weights of its teacher, where their shapes allow; else it begins at random.

    Parameters
    ----------
    student : Forecaster
        Changed in place.
    teacher : SeriesNetwork
        In evaluation mode.
    lessons : Lessons
        Where series come from.
    config : DistillConfig
        Whose seed draws them.
    watcher : Watcher
        Who follows the progress.
    """
    if can_fold(student, teacher):
        assert isinstance(teacher, Forecaster)
        generator = np.random.default_rng([config.seed, 2])
        fold(student, teacher, [lessons.draw(generator) for _ in range(_FOLDED_ON)])
        watcher.say(f"began from {config.width} of the teacher's {teacher.config.width} units, the others folded in")


def _write(out: Path, fit: Fit[Distillation], name: str, version: str, taught_by: str) -> str:
    objective = fit.objective
    student = take_calibration(objective.student.eval().cpu(), objective.teacher)
    objective.validate()
    own = objective.lessons.own
    manifest = {
        **new_manifest(name, version),
        "seeds": [objective.config.seed],
        "trained_on": "its teacher's quantiles, on synthetic series" + (" and own ones" if own else ""),
        "covariates": {},
        "optional_covariates": True,
        "distillation": {
            "teacher": taught_by,
            "config": asdict(objective.config),
            "curves": vars(fit.curves),
            "loss_over_teacher": {kind: round(value, 4) for kind, value in objective.found.items()},
            "own_series": len(own.values) if own else 0,
        },
        "training": {"config": {}},
        "scores": {},
    }
    digest = statecast.save(out, student, json.loads(json.dumps(manifest)))
    whole = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    write_report(out / "report.html", whole, objective.teacher)
    return digest
