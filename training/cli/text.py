"""What ``fit`` and ``backtest`` do with a text, and the command ``example-text``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import statecast
from training.cli.console import print_table, print_written, refusals
from training.cli.fit_kind import FitKind
from training.evaluation.leaderboard import OURS
from training.progress import TextBar
from training.text.config import TextConfig, TextFitConfig, TextTraining
from training.text.corpus import read_text
from training.text.docstrings import read_docstrings
from training.text.leaderboard import TextLeaderboard
from training.text.pipeline import backtest_text, fit_text
from training.text.report import scores_table

_EXAMPLE_CHARACTERS = 400_000


def fit_text_file(
    console: Console, config: TextFitConfig, data: Path, out: Path, *, name: str, version: str, resume: bool
) -> None:
    """Train on a text file. See ``FitFile.__call__``."""
    _fit(console, read_text(data), config, out, name=name, version=version, resume=resume)


def backtest_text_file(console: Console, artifact: statecast.Artifact, data: Path) -> None:
    """Print the scores of a text artifact on a text file.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    artifact : Artifact
        Artifact of a text.
    data : Path
        The text.
    """
    _print_scores(console, backtest_text(artifact, read_text(data)))


def example_text(
    out: Annotated[Path, typer.Option("--out", help="Folder of the artifact.")],
    seed: Annotated[int, typer.Option(help="Seed of training.")] = 7,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the text.")] = 8,
    characters: Annotated[int, typer.Option(min=10_000, help="Length of the text.")] = _EXAMPLE_CHARACTERS,
) -> None:
    """Train a small model, docs-text, on the documentation inside Python's own library in a minute or two."""
    config = TextFitConfig(
        TextConfig(vocabulary="char", fractions=(0.95, 0.0, 0.05)),
        {"embedding": 64, "width": 352, "layers": 1, "dropout": 0.1},
        TextTraining(
            seed=seed,
            epochs=epochs,
            batch=16,
            length=64,
            learning_rate=4e-3,
            warm_up=50,
            clip=1.0,
            embedding_dropout=0.0,
        ),
    )
    with refusals() as console:
        _fit(console, read_docstrings(characters), config, out, name="docs-text", version="1", resume=False)


def _fit(
    console: Console, text: str, config: TextFitConfig, out: Path, *, name: str, version: str, resume: bool
) -> None:
    with TextBar(console, config.training.batch * config.training.length) as bar:
        outcome = fit_text(text, config, out, name=name, version=version, resume=resume, watcher=bar)
    costs = outcome.curves
    console.print(
        f"training loss {costs.loss[-1][1]:.4f} nats per symbol in the last of {costs.epochs} epochs, "
        f"{costs.symbols_per_second:,.0f} symbols per second"
    )
    _print_scores(console, outcome.leaderboard)
    print_written(console, out, outcome.digest)


def _print_scores(console: Console, leaderboard: TextLeaderboard) -> None:
    tokens = leaderboard.scores[OURS].tokens if leaderboard.scores else 0
    title = f"{tokens:,} held-out symbols, state carried from the first"
    print_table(console, title, scores_table(leaderboard))


TEXT = FitKind(
    table="text",
    artifact="generator",
    data="a text",
    config=TextFitConfig,
    length="epochs",
    fit=fit_text_file,
    backtest=backtest_text_file,
)
