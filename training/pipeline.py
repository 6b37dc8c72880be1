"""From a table to an artifact, and back to the same figures."""

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

import statecast
from statecast.models.interface import SeriesNetwork
from statecast.time.frequency import Frequency
from statecast.uncertainty.bounds import Bounds
from training.config import FitConfig, TrainingConfig
from training.data.checks import leave_out_dead
from training.data.encoding import PanelTensors, encode_panel
from training.data.panel import Panel
from training.errors import TrainingError
from training.evaluation.baselines.naive import Task
from training.evaluation.beyond_horizon import calibrate_growth
from training.evaluation.conformal import calibrate
from training.evaluation.leaderboard import Leaderboard, new_leaderboard
from training.evaluation.tails import calibrate_tails
from training.fitted_artifact import begin_fit, new_manifest, read_fitted_config, write_artifact
from training.manifest import describe_data, describe_training
from training.progress import Silent, Watcher
from training.reports.report import write_report
from training.selection.prepare import cut, living
from training.selection.pruning import describe_ablation, switch_off
from training.selection.train import FittedModel, remove_checkpoints, train


@dataclass(frozen=True)
class Outcome:
    """What a fit or a backtest found."""

    network: SeriesNetwork
    """The network that was scored."""
    leaderboard: Leaderboard
    """Its accuracy beside the baselines'."""
    digest: str
    """Digest of the artifact."""


def fit_panel(
    panel: Panel,
    config: FitConfig,
    out: Path,
    *,
    name: str,
    version: str = "1",
    data_digest: str | None = None,
    base: Path | None = None,
    family: Path | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> Outcome:
    """Train on a panel, score on its last rows, write the artifact with its report.

    A config with members makes an ensemble: they are fitted one after the other, then calibrated and scored as one.
    Where several recipes may suit what a config leaves open, a short race decides between them first.

    Parameters
    ----------
    panel : Panel
        The series.
    config : FitConfig
        The config; what it leaves open is chosen from the data and by short trials.
    out : Path
        Folder of the artifact; it keeps checkpoints until the artifact is whole.
    name : str
        Name of the artifact.
    version : str
        Its version.
    data_digest : str, optional
        Fingerprint of the data, see ``file_digest``.
    base : Path, optional
        Artifact of a pretrained family: validation chooses between that as it is, tuned, and training from scratch.
    family : Path, optional
        Artifact of a pretrained family that is tuned in the race where there is no ``base``.
    resume : bool
        Whether to continue from the checkpoints in ``out``.
    watcher : Watcher, optional
        Who follows the progress; left out, nobody.

    Returns
    -------
    Outcome
        The network, the leaderboard and the artifact's digest.

    Raises
    ------
    StatecastError
        If the data or the config cannot be fitted on; the message says how to mend it.
    """
    begin_fit(name, version)
    watcher = watcher or Silent()
    started = time.process_time()
    panel = living(panel, config)
    fitted = train(panel, config, out, base=base, family=family, resume=resume, watcher=watcher)
    ablation = [switch_off(fit, watcher) for fit in fitted.fits]
    calibrate(fitted.network, fitted.tensors, fitted.task, fitted.config.training.validation_stride)
    calibrate_growth(fitted.network, fitted.tensors, fitted.task)
    calibrate_tails(fitted.network, fitted.tensors, fitted.task, fitted.config.training.validation_stride)
    spent = time.process_time() - started
    leaderboard = _score(fitted.network, fitted.tensors, fitted.task, fitted.config.training, watcher)
    manifest = {
        **new_manifest(name, version),
        **describe_data(fitted, data_digest),
        "scores": leaderboard.manifest(),
        "coverage": leaderboard.coverage,
        "bounds": Bounds.notice(item.target for item in panel.items).to_dict(),
        "ablation": describe_ablation(fitted.config.training.judge, ablation),
        "training": describe_training(fitted, spent),
    }
    digest = _write(out, fitted, leaderboard, manifest)
    remove_checkpoints(fitted, out)
    return Outcome(fitted.network, leaderboard, digest)


def backtest_panel(
    artifact: statecast.Artifact,
    panel: Panel,
    watcher: Watcher | None = None,
    *,
    metrics: tuple[str, ...] | None = None,
) -> Outcome:
    """Score an artifact on a panel, cut as it was for training; on the same data the figures are the fit's own.

    Parameters
    ----------
    artifact : Artifact
        One that ``fit_panel`` made.
    panel : Panel
        The series.
    watcher : Watcher, optional
        Who follows the progress; left out, nobody.
    metrics : tuple of str, optional
        Columns of the table; left out, those of the fit.

    Returns
    -------
    Outcome
        The network, its leaderboard and its digest.

    Raises
    ------
    StatecastError
        If the artifact was not made by a fit, or the panel does not go with it.
    """
    check_freq(artifact, panel)
    config = trained_with(artifact)
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    network = artifact.forecaster
    shape = network.config
    panel = leave_out_dead(panel, cut(panel, config, shape.horizon))
    split = cut(panel, config, shape.horizon)
    tensors = encode_panel(panel, shape)
    task = Task(panel, split, shape.season, shape.horizon)
    training = config.training if metrics is None else replace(config.training, metrics=metrics)
    leaderboard = _score(network, tensors, task, training, watcher or Silent())
    return Outcome(network, leaderboard, artifact.digest)


def trained_with(artifact: statecast.Artifact) -> FitConfig:
    """Read the config that an artifact was fitted with.

    Parameters
    ----------
    artifact : Artifact
        One that ``fit_panel`` made.

    Returns
    -------
    FitConfig
        One in which nothing is open.

    Raises
    ------
    TrainingError
        If its manifest has no such config.
    """
    return read_fitted_config(artifact, FitConfig)


def check_freq(artifact: statecast.Artifact, panel: Panel) -> None:
    """Refuse a panel of another freq than the artifact's.

    Parameters
    ----------
    artifact : Artifact
        Of a forecaster.
    panel : Panel
        The series.

    Raises
    ------
    TrainingError
        If one step of the panel is not one step of the artifact.
    """
    own = artifact.forecaster.config.freq
    alike = panel.freq is not None and own is not None and panel.freq.same_step(Frequency.parse(own))
    if not alike and (panel.freq is not None or own is not None):
        raise TrainingError(
            f"freq: {artifact.name} expects {own}, the data has {panel.freq}; pass --freq or other data"
        )


def file_digest(*paths: Path) -> str:
    """Compute the SHA-256 of files, the data's fingerprint.

    Parameters
    ----------
    *paths : Path
        One file, or several that count as one after the other.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: whole)
    return whole.hexdigest()


def _write(out: Path, fitted: FittedModel, leaderboard: Leaderboard, manifest: dict[str, Any]) -> str:
    """Write the artifact with its config and its report; gives the artifact's digest."""
    fitted.network.cpu()  # the golden forecast is made where artifacts are read
    digest = write_artifact(out, fitted.network, manifest, fitted.config)
    write_report(out / "report.html", manifest, leaderboard, fitted.network, fitted.tensors, task=fitted.task)
    return digest


def _score(
    network: SeriesNetwork, tensors: PanelTensors, task: Task, training: TrainingConfig, watcher: Watcher
) -> Leaderboard:
    return new_leaderboard(
        network,
        tensors,
        task,
        boosting=training.boosting,
        seed=training.seed,
        watcher=watcher,
        baseline_seconds=training.baseline_seconds,
        columns=training.metrics,
    )
