"""What ``fit`` and ``backtest`` do with labelled tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import statecast
from statecast.errors import ConfigError
from statecast.layers.sequences.config import ClassifierConfig
from training.classification.config import ClassificationFitConfig
from training.classification.leaderboard import ClassLeaderboard
from training.classification.pipeline import backtest_classifier, fit_classifier, trained_with
from training.classification.report import scores_table
from training.classification.tables import read_examples
from training.evaluation.leaderboard import OURS
from training.pipeline import file_digest
from training.progress import Bar


def fit_labelled_file(
    console: Console,
    config: Path,
    data: Path,
    out: Path,
    *,
    name: str,
    version: str,
    resume: bool,
    training: dict[str, Any],
    foreign: dict[str, Any],
) -> None:
    """Train a classifier on a labelled table, print the table of scores, and write the artifact.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    config : Path
        TOML file with a ``[classification]`` table.
    data : Path
        The labelled table.
    out : Path
        Folder of the artifact.
    name, version : str
        Of the artifact.
    resume : bool
        Whether to continue from the last checkpoint in ``out``.
    training : dict
        Options that replace keys of ``[training]``.
    foreign : dict
        Options that were passed and that a classifier does not have.

    Raises
    ------
    ConfigError
        If there is such an option.
    """
    if foreign:
        option = next(iter(foreign)).replace("_", "-")
        raise ConfigError(f"--{option}: not supported for a classifier; set it in {config}, or remove the option")
    chosen = ClassificationFitConfig.read(config)
    chosen = replace(chosen, training=replace(chosen.training, **training))
    inputs = chosen.network.get("inputs", ClassifierConfig().inputs)
    examples = read_examples(data, chosen.classification, inputs)
    with Bar(console) as bar:
        outcome = fit_classifier(
            examples, chosen, out,
            name=name, version=version, data_digest=file_digest(data), resume=resume, watcher=bar,
        )  # fmt: skip
    print_class_scores(console, outcome.leaderboard)
    console.print(f"wrote {out} ({outcome.digest[:19]}…); figures in {out / 'report.html'}")


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
    config = trained_with(artifact)
    examples = read_examples(data, config.classification, artifact.classifier.config.inputs)
    print_class_scores(console, backtest_classifier(artifact, examples))


def print_class_scores(console: Console, leaderboard: ClassLeaderboard) -> None:
    """Print the scores of all models as a table; nothing without a test part.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    leaderboard : ClassLeaderboard
        The scores.
    """
    found = scores_table(leaderboard.scores)
    if found is None:
        return
    table = Table(title=f"{len(leaderboard.targets):,} test examples")
    table.add_column("model", no_wrap=True)
    for title in found.columns:
        table.add_column(title, justify="right", no_wrap=True)
    for name, cells in found.rows.items():
        table.add_row(escape(name), *cells, style="bold" if name == OURS else None)
    console.print(table)
