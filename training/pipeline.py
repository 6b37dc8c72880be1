"""From a table to an artifact, and back to the same figures."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

import statecast
from statecast.models.interface import SeriesNetwork
from statecast.time.frequency import Frequency
from training.config import FitConfig, TrainingConfig
from training.data.encoding import PanelTensors, covariate_names, encode_panel
from training.data.panel import Panel
from training.errors import TrainingError
from training.evaluation.baselines.naive import Task
from training.evaluation.conformal import calibrate
from training.evaluation.leaderboard import Leaderboard, new_leaderboard
from training.progress import Silent, Watcher
from training.reports.report import write_report
from training.selection.members import join_curves, sum_costs
from training.selection.prepare import cut
from training.selection.pruning import describe_ablation, switch_off
from training.selection.train import FittedModel, remove_checkpoints, train


@dataclass(frozen=True)
class Outcome:
    """What a fit or a backtest found."""

    network: SeriesNetwork
    """The network."""
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
    """Train on a panel, judge on its last rows, write the artifact with its report to ``out``.

    A config with members makes an ensemble: they are fitted one after the other, then calibrated and judged as one.
    With a pretrained family as ``base`` validation chooses between that as it is, tuned, and training from scratch.
    Where several recipes may suit what a config leaves open, a short race decides between them first; a pretrained
    ``family`` is tuned in it too.

    Raises
    ------
    StatecastError
        If the data or the config cannot be fitted on; the message says how to mend it.
    """
    watcher = watcher or Silent()
    begun = time.process_time()
    fitted = train(panel, config, out, base=base, family=family, resume=resume, watcher=watcher)
    ablation = [switch_off(fit, watcher) for fit in fitted.fits]
    calibrate(fitted.network, fitted.tensors, fitted.task, fitted.config.training.validation_stride)
    spent = time.process_time() - begun
    leaderboard = _judge(fitted.network, fitted.tensors, fitted.task, fitted.config.training, watcher)
    manifest = {
        "name": name,
        "version": version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **_describe_data(fitted, data_digest),
        "scores": leaderboard.manifest(),
        "coverage": leaderboard.coverage,
        "ablation": describe_ablation(fitted.config.training.judge, ablation),
        "training": _describe_training(fitted, spent),
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
    """Judge an artifact on a panel, cut as it was for training; on the same data the figures are the fit's own.

    metrics: columns of the table; left out, those of the fit.
    """
    check_freq(artifact, panel)
    config = trained_with(artifact)
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    network = artifact.forecaster
    shape = network.config
    split = cut(panel, config, shape.horizon)
    tensors = encode_panel(panel, shape)
    task = Task(panel, split, shape.season, shape.horizon)
    training = config.training if metrics is None else replace(config.training, metrics=metrics)
    leaderboard = _judge(network, tensors, task, training, watcher or Silent())
    return Outcome(network, leaderboard, artifact.digest)


def trained_with(artifact: statecast.Artifact) -> FitConfig:
    """The config that an artifact was fitted with."""
    try:
        return FitConfig.from_dict(artifact.manifest["training"]["config"])
    except KeyError as error:
        raise TrainingError(f"{artifact.name}: the manifest has no {error}; it was not made by a fit") from None


def check_freq(artifact: statecast.Artifact, panel: Panel) -> None:
    """Refuse a panel of another freq than the artifact's."""
    own = artifact.forecaster.config.freq
    alike = panel.freq is not None and own is not None and panel.freq.same_step(Frequency.parse(own))
    if not alike and (panel.freq is not None or own is not None):
        raise TrainingError(
            f"freq: {artifact.name} expects {own}, the data has {panel.freq}; give --freq or other data"
        )


def file_digest(*paths: Path) -> str:
    """SHA-256 of a file, the data's fingerprint; of several, of one after the other."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: whole)
    return whole.hexdigest()


def _describe_data(fitted: FittedModel, digest: str | None) -> dict[str, Any]:
    panel, covariates = fitted.task.panel, covariate_names(fitted.network.config)
    return {
        "item_count": len(panel.items),
        "rows": panel.rows,
        "seeds": [fit.settings.seed for fit in fitted.fits],
        "data_sha256": digest,
        "covariates": covariates,
        "optional_covariates": fitted.config.training.covariate_dropout > 0 or not any(covariates.values()),
    }


def _describe_training(fitted: FittedModel, spent: float) -> dict[str, Any]:
    starts = {start.name: round(start.validation, 6) for start in fitted.starts}
    return {
        "config": fitted.config.to_dict(),
        "costs": sum_costs(fitted.fits) | {"processor_seconds": round(spent, 1), "parameters": fitted.parameters},
        "curves": join_curves(fitted.fits),
        **({"starts": starts} if starts else {}),
        "race": [asdict(one) for one in fitted.trials],
    }


def _write(out: Path, fitted: FittedModel, leaderboard: Leaderboard, manifest: dict[str, Any]) -> str:
    """Write the artifact with its config and its report; gives the artifact's digest."""
    fitted.network.cpu()  # the golden forecast is made where artifacts are read
    digest = statecast.save(out, fitted.network, json.loads(json.dumps(manifest)))
    (out / "fit.toml").write_text(fitted.config.to_toml(), encoding="utf-8")
    write_report(out / "report.html", manifest, leaderboard, fitted.network, fitted.tensors, task=fitted.task)
    return digest


def _judge(
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
