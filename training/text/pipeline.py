"""From a text to an artifact, and back to the same figures."""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import statecast
from statecast.models.generator import Generator, GeneratorConfig
from training.errors import TrainingError
from training.fitted_artifact import begin_fit, describe_curves, new_manifest, read_fitted_config, write_artifact
from training.fitting.checkpoint import Checkpoint
from training.fitting.loop import Fit
from training.progress import Silent, Watcher
from training.text.config import TextFitConfig
from training.text.corpus import cut_text
from training.text.curves import TextCurves
from training.text.leaderboard import TextLeaderboard, new_text_leaderboard
from training.text.objective import NextSymbol
from training.text.report import write_text_report


@dataclass(frozen=True)
class TextOutcome:
    """What a fit made."""

    network: Generator
    """The trained network, on the CPU."""
    leaderboard: TextLeaderboard
    """Scores on the held-out part."""
    curves: TextCurves
    """The course of the training."""
    digest: str
    """Digest of the artifact."""


def fit_text(
    text: str,
    config: TextFitConfig,
    out: Path,
    *,
    name: str,
    version: str = "1",
    resume: bool = False,
    watcher: Watcher | None = None,
) -> TextOutcome:
    """Train on a text, score on its held-out end, and write the artifact with its report.

    Parameters
    ----------
    text : str
        The text.
    config : TextFitConfig
        How it is cut, and what is trained on it.
    out : Path
        Folder of the artifact and of checkpoints.
    name : str
        Name of the artifact.
    version : str
        Version of the artifact.
    resume : bool
        Whether to continue from the last checkpoint in ``out``.
    watcher : Watcher, optional
        Follows the progress; nobody if left out.

    Returns
    -------
    TextOutcome
        The network, its scores and its curves.

    Raises
    ------
    StatecastError
        If the text or the config cannot be trained on; the message says how to mend it.
    """
    watcher, training = watcher or Silent(), config.training
    begin_fit(name, version, training.threads)
    corpus = cut_text(text, config.text)
    symbols = corpus.vocabulary.symbols
    shape = GeneratorConfig.from_dict({**config.network, "vocabulary": config.text.vocabulary, "symbols": symbols})
    torch.manual_seed(training.seed)
    network = Generator(shape)
    parameters = sum(weight.numel() for weight in network.parameters())
    watcher.say(
        f"{len(corpus.train.tokens):,} symbols to learn from, {len(corpus.held_out.tokens):,} held out, vocabulary of "
        f"{len(corpus.vocabulary):,}, {parameters:,} parameters"
    )
    objective = NextSymbol(network, corpus, training)
    curves = TextCurves.by_epoch(Fit(objective, out).run(watcher, resume), objective.windows)
    network.cpu()  # the golden output is made where artifacts are read
    leaderboard = new_text_leaderboard(network, corpus, ngrams=training.ngrams, watcher=watcher)
    used = config.with_network(shape.to_dict())
    manifest = {
        **new_manifest(name, version),
        "characters": len(text),
        "symbols": len(corpus.train.tokens),
        "seeds": [training.seed],
        "data_sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        "scores": leaderboard.manifest(),
        "training": {
            "config": used.to_dict(),
            "costs": _costs(curves),
            "curves": describe_curves(curves.loss, curves.validation),
        },
    }
    digest = write_artifact(out, network, manifest, used)
    write_text_report(out / "report.html", manifest, leaderboard, network, corpus)
    Checkpoint.remove(out)
    return TextOutcome(network, leaderboard, curves, digest)


def backtest_text(artifact: statecast.Artifact, text: str, watcher: Watcher | None = None) -> TextLeaderboard:
    """Score an artifact on a text, cut as it was for training; on the same text the figures are the fit's own.

    Parameters
    ----------
    artifact : Artifact
        Artifact of a text.
    text : str
        The text that it was trained on, or one whose training part has the same symbols.
    watcher : Watcher, optional
        Follows the progress; nobody if left out.

    Returns
    -------
    TextLeaderboard
        Scores on the text's held-out part.

    Raises
    ------
    TrainingError
        If the artifact was not made by a fit, or the text's training part has other symbols than the artifact's.
    """
    config = read_fitted_config(artifact, TextFitConfig)
    corpus = cut_text(text, config.text)
    if corpus.vocabulary.symbols != artifact.generator.vocabulary.symbols:
        raise TrainingError(f"{artifact.name}: the text has another vocabulary; pass the text that it was trained on")
    return new_text_leaderboard(artifact.generator, corpus, ngrams=config.training.ngrams, watcher=watcher or Silent())


def _costs(curves: TextCurves) -> dict[str, Any]:
    return {
        "epochs": curves.epochs,
        "steps": curves.steps,
        "seconds": round(curves.seconds, 1),
        "symbols_per_second": round(curves.symbols_per_second),
        "best_epoch": curves.best_epoch,
        "training_perplexity": round(math.exp(min(curves.loss[-1][1], 700.0)), 4),
    }
