"""From a table to an artifact, and back to the same figures."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

import statecast
from statecast.ensemble import Ensemble
from statecast.forecaster import Forecaster
from statecast.series import SeriesNetwork
from training.baselines import Task
from training.calibrate import calibrate
from training.checkpoint import Checkpoint
from training.config import FitConfig, TrainingConfig
from training.defaults import choose_forks, choose_network
from training.encoding import PanelTensors, covariate_names, encode_panel, fit_covariates
from training.errors import TrainingError
from training.finetune import begin_with, tell_starts, tune
from training.fit import Fit
from training.inspection import inspect_panel
from training.judge import Judgement, judge
from training.members import apart, run_all, tell_costs, tell_curves, together
from training.panel import Panel
from training.progress import Silent, Watcher
from training.race import forget_race, settle
from training.recipes import choose_recipes
from training.report import write_report
from training.splits import Split, split_by_fractions, split_by_rows
from training.switching import switch_off, tell_ablation


@dataclass(frozen=True)
class Outcome:
    """What a fit or a backtest found."""

    network: SeriesNetwork
    judgement: Judgement
    digest: str


@dataclass(frozen=True)
class Prepared:
    """An untrained network with all that it learns from. ``config`` says what was chosen for it."""

    network: Forecaster
    tensors: PanelTensors
    task: Task
    config: FitConfig


def prepare(panel: Panel, config: FitConfig) -> Prepared:
    """Choose what a config leaves open, cut and encode the panel, draw the first weights of one network.

    Raises
    ------
    StatecastError
        If the data or the config cannot be trained on; the message says how to mend it.
    """
    if config.members:
        raise TrainingError(f"[[members]]: expected none where one network is tried, got {len(config.members)}")
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    config = choose_recipes(panel, config)[0].fill(config)
    shape = choose_network(panel, config.network)
    split = cut(panel, config, shape.horizon)
    inspect_panel(panel, split)
    shape = fit_covariates(panel, split, shape)
    forks, warm = choose_forks(panel, shape, config.training.forks, config.training.warm)
    training = replace(config.training, forks=forks, warm=warm)
    torch.manual_seed(training.seed)
    network = Forecaster(shape)
    task = Task(panel, split, shape.season, shape.horizon)
    used = FitConfig(config.data, _network_table(shape.to_dict()), training)
    return Prepared(network, encode_panel(panel, shape), task, used)


def fit_panel(
    panel: Panel,
    config: FitConfig,
    out: Path,
    *,
    name: str,
    version: str = "1",
    data_digest: str | None = None,
    base: statecast.Artifact | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> Outcome:
    """Train on a panel, judge on its last rows, write the artifact with its report to ``out``.

    A config with members makes an ensemble: they are trained one after the other, then calibrated and judged as one.
    With a pretrained family as ``base`` validation chooses between that as it is, tuned, and training from scratch.
    Where several recipes may suit what a config leaves open, a short race decides between them first.

    Raises
    ------
    StatecastError
        If the data or the config cannot be trained on; the message says how to mend it.
    """
    watcher = watcher or Silent()
    if base and config.members:
        raise TrainingError("--from: expected one network, got [[members]]; fit an ensemble without --from")
    shape = choose_network(panel, config.network)
    begin = begin_with(base, panel, shape.season, shape.horizon) if base else None
    begun = time.process_time()
    settled = settle(panel, config, out, lambda told: _new_fit(prepare(panel, told)), watcher=watcher, resume=resume)
    prepared = [prepare(panel, one) for one in apart(settled.config)]
    network = Ensemble([one.network for one in prepared]) if config.members else prepared[0].network
    tensors, task = prepared[0].tensors, prepared[0].task
    used = together([one.config for one in prepared]) if config.members else prepared[0].config
    training = used.training
    parameters = sum(weight.numel() for weight in network.parameters())
    watcher.say(f"{len(panel.items)} items, {panel.rows} rows, freq {network.config.freq}, {parameters} parameters")
    places = [out / f"member-{number + 1}" for number in range(len(prepared))] if config.members else [out]
    fits = [_new_fit(one, place) for one, place in zip(prepared, places, strict=True)]
    if settled.weights:
        fits[0].start_at(settled.weights, settled.raced[0].validation)
    run_all(fits, watcher, resume)
    starts = tune(begin, fits[0], out / "tuned", watcher, resume) if begin else []
    if starts:
        best = starts[0]
        network, tensors, fits = best.fit.network, best.tensors, [best.fit]
        used = replace(used, network=_network_table(network.config.to_dict()), training=best.fit.config)
        watcher.say(f"kept: {best.name}; validation {tell_starts(starts)}")
    ablation = [switch_off(fit, watcher) for fit in fits]
    calibrate(network, tensors, task, training.validation_stride)
    spent = time.process_time() - begun
    judgement = _judge(network, tensors, task, training, watcher)
    covariates = covariate_names(network.config)
    manifest = {
        "name": name,
        "version": version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "item_count": len(panel.items),
        "rows": panel.rows,
        "seeds": [one.config.training.seed for one in prepared],
        "data_sha256": data_digest,
        "covariates": covariates,
        "optional_covariates": training.covariate_dropout > 0 or not any(covariates.values()),
        "scores": judgement.manifest(),
        "coverage": judgement.coverage,
        "ablation": tell_ablation(training.judge, ablation),
        "training": {
            "config": used.to_dict(),
            "costs": tell_costs(fits) | {"processor_seconds": round(spent, 1), "parameters": parameters},
            "curves": tell_curves(fits),
            **({"starts": {start.name: round(start.validation, 6) for start in starts}} if starts else {}),
            "race": [asdict(one) for one in settled.raced],
        },
    }
    network.cpu()  # the golden forecast is made where artifacts are read
    digest = statecast.save(out, network, json.loads(json.dumps(manifest)))
    (out / "fit.toml").write_text(used.to_toml(), encoding="utf-8")
    write_report(out / "report.html", manifest, judgement, network, tensors, task=task)
    forget_race(out)
    for place in [*places, *([out / "tuned"] if base else [])]:
        Checkpoint.remove(place)
        if place != out and place.exists():
            place.rmdir()
    return Outcome(network, judgement, digest)


def backtest_panel(artifact: statecast.Artifact, panel: Panel, watcher: Watcher | None = None) -> Outcome:
    """Judge an artifact on a panel, cut as it was for training; on the same data the figures are the fit's own."""
    check_freq(artifact, panel)
    config = trained_with(artifact)
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    network = artifact.forecaster
    shape = network.config
    split = cut(panel, config, shape.horizon)
    tensors = encode_panel(panel, shape)
    task = Task(panel, split, shape.season, shape.horizon)
    judgement = _judge(network, tensors, task, config.training, watcher or Silent())
    return Outcome(network, judgement, artifact.digest)


def cut(panel: Panel, config: FitConfig, horizon: int) -> Split:
    """Cut a panel in time as a config says: by rows where it names borders, else by fractions."""
    if config.data.borders:
        return split_by_rows(panel, config.data.borders)
    return split_by_fractions(panel, config.data.fractions, horizon)


def trained_with(artifact: statecast.Artifact) -> FitConfig:
    """The config that an artifact was fitted with."""
    try:
        return FitConfig.from_dict(artifact.manifest["training"]["config"])
    except KeyError as error:
        raise TrainingError(f"{artifact.name}: the manifest has no {error}; it was not made by a fit") from None


def check_freq(artifact: statecast.Artifact, panel: Panel) -> None:
    """Refuse a panel of another freq than the artifact's."""
    freq = str(panel.freq) if panel.freq else None
    if freq != artifact.forecaster.config.freq:
        raise TrainingError(
            f"freq: {artifact.name} expects {artifact.forecaster.config.freq}, the data has {freq}; "
            "give --freq or other data"
        )


def file_digest(*paths: Path) -> str:
    """SHA-256 of a file, the data's fingerprint; of several, of one after the other."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: whole)
    return whole.hexdigest()


def _new_fit(prepared: Prepared, place: Path | None = None) -> Fit:
    return Fit(prepared.network, prepared.tensors, prepared.task, prepared.config.training, place)


def _judge(
    network: SeriesNetwork, tensors: PanelTensors, task: Task, training: TrainingConfig, watcher: Watcher
) -> Judgement:
    return judge(
        network,
        tensors,
        task,
        boosting=training.boosting,
        seed=training.seed,
        watcher=watcher,
        baseline_seconds=training.baseline_seconds,
    )


def _network_table(values: Mapping[str, Any]) -> dict[str, Any]:
    # The covariates follow from the data; a TOML file has no word for "none".
    return {key: value for key, value in values.items() if not key.endswith("_covariates") and value is not None}
