"""From a labelled table to an artifact."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import statecast
from statecast.models.classifier import Classifier
from training.classification.calibration import calibrate
from training.classification.config import ClassificationFitConfig
from training.classification.examples import LabelledExamples, cut_examples, encode_examples
from training.classification.leaderboard import ClassLeaderboard, new_leaderboard
from training.classification.linear_start import fit_linear
from training.classification.objective import Classify
from training.classification.prepare import Prepared, describe, prepare
from training.classification.report import write_class_report
from training.fitted_artifact import begin_fit, describe_curves, new_manifest, read_fitted_config, write_artifact
from training.fitting.checkpoint import Checkpoint
from training.fitting.curves import Curves
from training.fitting.loop import Fit
from training.progress import Silent, Watcher


@dataclass(frozen=True)
class ClassOutcome:
    """What a fit made."""

    network: Classifier
    """The trained network, on the CPU."""
    leaderboard: ClassLeaderboard
    """Scores on the test part."""
    curves: Curves
    """The course of the training."""
    digest: str
    """Digest of the artifact."""
    seconds: float
    """Processor seconds, from the encoded examples to the calibrated network."""


def fit_classifier(
    examples: LabelledExamples,
    config: ClassificationFitConfig,
    out: Path,
    *,
    name: str,
    version: str = "1",
    data_digest: str | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> ClassOutcome:
    """Train on labelled examples, calibrate, score on the test part, and write the artifact with its report.

    Parameters
    ----------
    examples : LabelledExamples
        All of them.
    config : ClassificationFitConfig
        How they are cut, and what is trained on them.
    out : Path
        Folder of the artifact and of checkpoints.
    name, version : str
        Of the artifact.
    data_digest : str, optional
        Fingerprint of the data.
    resume : bool
        Whether to continue from the last checkpoint in ``out``.
    watcher : Watcher, optional
        Follows the progress; nobody if left out.

    Returns
    -------
    ClassOutcome
        The network, its scores and the artifact's digest.

    Raises
    ------
    StatecastError
        If the examples or the config cannot be fitted on; the message says how to mend it.
    """
    watcher, training = watcher or Silent(), config.training
    begin_fit(name, version, training.threads)
    prepared, started = prepare(examples, config), time.process_time()
    network, encoded = prepared.network, prepared.encoded
    watcher.say(describe(prepared))
    fit_linear(network, encoded["train"], training)
    curves = Fit(Classify(network, encoded["train"], encoded["validation"], training), out).run(watcher, resume)
    network.cpu()  # the golden output is made where artifacts are read
    calibrate(network, encoded["validation"])
    spent = time.process_time() - started
    leaderboard = new_leaderboard(prepared, linear=training.baselines)
    used = config.with_network(network.config.to_dict())
    manifest = {
        **new_manifest(name, version),
        "examples": {part: len(some) for part, some in encoded.items()},
        "seeds": [training.seed],
        "data_sha256": data_digest,
        "scores": leaderboard.manifest(),
        "temperature": round(float(network.temperature), 4),
        "ngram_share": round(float(network.ngram_share), 4),
        "training": {
            "config": used.to_dict(),
            "costs": _costs(curves, spent),
            "curves": describe_curves(curves.loss, curves.validation),
        },
    }
    digest = write_artifact(out, network, manifest, used)
    write_class_report(out / "report.html", manifest, leaderboard, network)
    Checkpoint.remove(out)
    return ClassOutcome(network, leaderboard, curves, digest, spent)


def backtest_classifier(artifact: statecast.Artifact, examples: LabelledExamples) -> ClassLeaderboard:
    """Score an artifact on examples, cut as they were for training; on the same data the figures are the fit's own.

    Parameters
    ----------
    artifact : Artifact
        One that ``fit_classifier`` made.
    examples : LabelledExamples
        All of them.

    Returns
    -------
    ClassLeaderboard
        Scores on the test part.

    Raises
    ------
    TrainingError
        If the artifact was not made by a fit, or a label is none of its classes.
    """
    config, network = read_fitted_config(artifact, ClassificationFitConfig), artifact.classifier
    shape, seed = network.config, config.training.seed
    raw = cut_examples(examples, config.classification.fractions, seed)
    encoded = {
        part: encode_examples(some, shape.labels, network.tokenizer, part, shape.longest) for part, some in raw.items()
    }
    return new_leaderboard(Prepared(network, raw, encoded), linear=config.training.baselines)


def _costs(curves: Curves, seconds: float) -> dict[str, Any]:
    return {
        "steps": curves.steps,
        "seconds": round(curves.seconds, 1),
        "processor_seconds": round(seconds, 1),
        "best_step": curves.best_step,
    }
