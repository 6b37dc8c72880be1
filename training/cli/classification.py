"""What ``fit`` and ``backtest`` do with labelled tables."""

from pathlib import Path

from rich.console import Console

import statecast
from statecast.layers.sequences.config import ClassifierConfig
from training.classification.config import ClassificationFitConfig
from training.classification.leaderboard import ClassLeaderboard
from training.classification.pipeline import backtest_classifier, fit_classifier
from training.classification.report import scores_table
from training.classification.tables import read_examples
from training.cli.console import print_table, print_written
from training.cli.fit_kind import FitKind
from training.fitted_artifact import read_fitted_config
from training.pipeline import file_digest
from training.progress import Bar


def fit_labelled_file(
    console: Console, config: ClassificationFitConfig, data: Path, out: Path, *, name: str, version: str, resume: bool
) -> None:
    """Train a classifier on a labelled table. See ``FitFile.__call__``."""
    inputs = config.network.get("inputs", ClassifierConfig().inputs)
    examples = read_examples(data, config.classification, inputs)
    with Bar(console) as bar:
        outcome = fit_classifier(
            examples, config, out,
            name=name, version=version, data_digest=file_digest(data), resume=resume, watcher=bar,
        )  # fmt: skip
    _print_scores(console, outcome.leaderboard)
    print_written(console, out, outcome.digest)


def backtest_labelled_file(console: Console, artifact: statecast.Artifact, data: Path) -> None:
    """Print the scores of a classifier on a labelled table.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    artifact : Artifact
        Of a classifier.
    data : Path
        The table.
    """
    config = read_fitted_config(artifact, ClassificationFitConfig)
    examples = read_examples(data, config.classification, artifact.classifier.config.inputs)
    _print_scores(console, backtest_classifier(artifact, examples))


def _print_scores(console: Console, leaderboard: ClassLeaderboard) -> None:
    print_table(console, f"{len(leaderboard.targets):,} test examples", scores_table(leaderboard.scores))


LABELLED = FitKind(
    table="classification",
    artifact="classifier",
    data="a classifier",
    config=ClassificationFitConfig,
    length="epochs",
    fit=fit_labelled_file,
    backtest=backtest_labelled_file,
)
