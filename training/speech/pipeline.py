"""From recordings of words to an artifact that writes down strings of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import statecast
from statecast.layers.acoustic.config import TranscriberConfig
from statecast.models.transcriber import Transcriber
from training.errors import TrainingError
from training.fitted_artifact import begin_fit, describe_curves, new_manifest, read_fitted_config, write_artifact
from training.fitting.checkpoint import Checkpoint
from training.fitting.curves import Curves
from training.fitting.loop import Fit
from training.progress import Silent, Watcher
from training.speech.batches import SpeechBatches
from training.speech.config import SpeechFitConfig
from training.speech.objective import SpokenWords
from training.speech.parts import SpeechParts, part_recordings
from training.speech.recordings import Recordings
from training.speech.report import write_speech_report
from training.speech.scores import SpeechScore, score_strings, total_score
from training.speech.strings import SpokenString, fixed_strings

PAUSES_S = (0.0, 0.3)
"""Shortest and longest pause of strings that are scored, in seconds."""


@dataclass(frozen=True)
class SpeechOutcome:
    """What a fit made."""

    network: Transcriber
    """The trained network, on the CPU."""
    scores: dict[str, SpeechScore]
    """Scores on the test strings by speaker; empty if nothing is tested."""
    curves: Curves
    """The course of the training."""
    digest: str
    """Digest of the artifact."""


def fit_speech(
    recordings: Recordings,
    config: SpeechFitConfig,
    out: Path,
    *,
    name: str,
    version: str = "1",
    resume: bool = False,
    watcher: Watcher | None = None,
) -> SpeechOutcome:
    """Train on strings of recordings, score strings of others, and write the artifact with its report.

    Parameters
    ----------
    recordings : Recordings
        Recordings of single words.
    config : SpeechFitConfig
        Which are for what, and what is trained on them.
    out : Path
        Folder of the artifact and of checkpoints.
    name : str
        Name of the artifact.
    version : str
        Its version.
    resume : bool
        Whether to continue from the last checkpoint in ``out``.
    watcher : Watcher, optional
        Follows the progress; nobody if left out.

    Returns
    -------
    SpeechOutcome
        The network, its scores and its curves.

    Raises
    ------
    StatecastError
        If the recordings or the config cannot be trained on; the message says how to mend it.
    """
    watcher, training = watcher or Silent(), config.training
    begin_fit(name, version, training.threads)
    parts = part_recordings(recordings, config.speech)
    objective = new_objective(recordings, parts, config)
    network = objective.network
    watcher.say(
        f"{len(parts.train):,} recordings to learn from, {len(parts.validation):,} for validation, "
        f"{len(parts.test):,} for the test, of {len(recordings.labels)} words by {', '.join(recordings.speakers)}; "
        f"{sum(weight.numel() for weight in network.parameters()):,} parameters"
    )
    curves = Fit(objective, out).run(watcher, resume)
    network.cpu()  # the golden output is made where artifacts are read
    watcher.say("testing: strings of recordings that were not learned from")
    strings = fixed_strings(parts.test, config.speech, PAUSES_S)
    scores = score_strings(network, strings)
    used = config.with_network(network.config.to_dict())
    manifest = {
        **new_manifest(name, version),
        "recordings": len(parts.train),
        "seeds": [training.seed],
        "data_sha256": recordings.digest,
        **({"synthetic_sha256": parts.synthetic.digest} if parts.synthetic else {}),
        "scores": {"ours": describe_scores(scores)},
        "training": {
            "config": used.to_dict(),
            "costs": _costs(curves, training.batch),
            "curves": describe_curves(curves.loss, curves.validation),
        },
    }
    digest = write_artifact(out, network, manifest, used)
    write_speech_report(out / "report.html", manifest, scores, network, strings)
    Checkpoint.remove(out)
    return SpeechOutcome(network, scores, curves, digest)


def backtest_speech(artifact: statecast.Artifact, recordings: Recordings) -> dict[str, SpeechScore]:
    """Score an artifact on recordings, parted as for its training; on the same ones the figures are the fit's own.

    Parameters
    ----------
    artifact : Artifact
        Artifact of speech.
    recordings : Recordings
        Recordings of its words.

    Returns
    -------
    dict of str to SpeechScore
        By speaker, on the recordings whose numbers were not learned from.

    Raises
    ------
    TrainingError
        If the artifact was not made by a fit, words are not the artifact's, or nothing is left to score.
    """
    config = read_fitted_config(artifact, SpeechFitConfig)
    network = artifact.network
    if not isinstance(network, Transcriber):
        raise TrainingError(f"{artifact.name}: expected a transcriber, got a {artifact.kind}; use another artifact")
    unknown = sorted(set(recordings.labels) - set(network.config.symbols))
    if unknown or recordings.rate != network.config.sample_rate:
        raise TrainingError(
            f"{artifact.name}: expected recordings of {', '.join(network.config.symbols)} at "
            f"{network.config.sample_rate} samples per second, got {', '.join(unknown) or 'these'} at {recordings.rate}"
        )
    known = config.speech.left_out in recordings.speakers
    tested = recordings.of(config.speech.left_out) if known else recordings.numbered(config.speech.test)
    strings = fixed_strings(tested, config.speech, PAUSES_S)
    if not strings:
        raise TrainingError(
            f"recordings: expected some with numbers {', '.join(map(str, config.speech.test))}, got too few to score"
        )
    return score_strings(network, strings)


def new_objective(recordings: Recordings, parts: SpeechParts, config: SpeechFitConfig) -> SpokenWords:
    """Make an untrained network and what it is to learn.

    Parameters
    ----------
    recordings : Recordings
        All recordings; they name the words.
    parts : SpeechParts
        What they are for.
    config : SpeechFitConfig
        The network and its training.

    Returns
    -------
    SpokenWords
        Features are scaled already.
    """
    shape = {**config.network, "symbols": recordings.labels, "separator": " ", "sample_rate": recordings.rate}
    torch.manual_seed(config.training.seed)
    network = Transcriber(TranscriberConfig.from_dict(shape))
    validation: list[SpokenString] = fixed_strings(parts.validation, config.speech, PAUSES_S)
    batches = SpeechBatches(parts.train, config, recordings.labels, parts.synthetic)
    objective = SpokenWords(network, batches, validation, config)
    objective.scale_features()
    return objective


def describe_scores(scores: dict[str, SpeechScore]) -> dict[str, Any]:
    """Give what the manifest says of scores, as JSON values.

    Parameters
    ----------
    scores : dict of str to SpeechScore
        By speaker.

    Returns
    -------
    dict
        Error rate and number of words of the whole, error rates by speaker; empty without scores.
    """
    if not scores:
        return {}
    whole = total_score(scores)
    return {
        "error_rate": round(whole.rate, 6),
        "words": whole.words,
        "error_rate_by_speaker": {speaker: round(score.rate, 6) for speaker, score in scores.items()},
    }


def _costs(curves: Curves, batch: int) -> dict[str, Any]:
    return {
        "steps": curves.steps,
        "strings": curves.steps * batch,
        "seconds": round(curves.seconds, 1),
        "best_step": curves.best_step,
    }
