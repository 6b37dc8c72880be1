"""Film reviews as good or bad: ours, a linear model on tf-idf in the same run, and the textbook's two-layer LSTM."""

import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks.classification.tutorial import fit_tutorial
from training.classification.config import ClassificationFitConfig
from training.classification.pipeline import ClassOutcome, fit_classifier
from training.classification.prepare import prepare
from training.classification.scores import ClassScore
from training.classification.tables import read_examples
from training.evaluation.leaderboard import OURS
from training.progress import Bar

ACCURACY, CALIBRATION, MINUTES = 0.89, 0.03, 60.0


def measure_imdb(data: Path, *, seed: int, out: Path | None, tutorial: int) -> None:
    """Fit, score and print.

    Parameters
    ----------
    data : Path
        Table with ``text`` and ``label``.
    seed : int
        Of the cut and of training.
    out : Path or None
        Folder of the artifact; it is kept.
    tutorial : int
        Epochs of the textbook's network, 0 to leave it out.
    """
    config = ClassificationFitConfig.read("configs/imdb.toml")
    config = replace(config, training=replace(config.training, seed=seed))
    examples = read_examples(data, config.classification, "word")
    with tempfile.TemporaryDirectory() as folder, Bar(Console(width=120)) as bar:
        outcome = fit_classifier(examples, config, out or Path(folder), name="imdb", watcher=bar)
    print_rows(outcome)
    if tutorial:
        score, seconds = fit_tutorial(prepare(examples, config), tutorial)
        _print("two-layer LSTM of the textbook", score, seconds)


def print_rows(outcome: ClassOutcome) -> None:
    """Print all models and whether what was promised holds.

    Parameters
    ----------
    outcome : ClassOutcome
        Of the fit.
    """
    board = outcome.leaderboard
    print(f"{'model':34} accuracy   log loss   calibration error   CPU minutes")
    for name, score in board.scores.items():
        if isinstance(score, ClassScore):
            _print(name, score, outcome.seconds if name == OURS else board.seconds[name])
    ours, minutes = board.scores[OURS], outcome.seconds / 60.0
    if isinstance(ours, ClassScore):
        kept = ours.accuracy >= ACCURACY and ours.calibration_error <= CALIBRATION and minutes <= MINUTES
        print(
            f"accuracy {ours.accuracy:.4f} (at least {ACCURACY}), calibration error {ours.calibration_error:.4f} (at "
            f"most {CALIBRATION}), {minutes:.1f} CPU minutes (at most {MINUTES:.0f}): {'kept' if kept else 'MISSED'}"
        )


def _print(name: str, score: ClassScore, seconds: float) -> None:
    print(
        f"{name:34} {score.accuracy:8.4f} {score.log_loss:10.4f} {score.calibration_error:19.4f} {seconds / 60.0:13.1f}"
    )
