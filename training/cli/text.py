"""What ``fit`` and ``backtest`` do with a text, and the command ``example-text``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import statecast
from statecast.errors import ConfigError
from training.cli.console import refusals
from training.evaluation.leaderboard import OURS
from training.progress import TextBar
from training.text.config import TextConfig, TextFitConfig, TextTraining
from training.text.corpus import read_text
from training.text.docstrings import read_docstrings
from training.text.leaderboard import TextLeaderboard
from training.text.pipeline import TextOutcome, backtest_text, fit_text
from training.text.report import COLUMNS, format_row

_EXAMPLE_CHARACTERS = 400_000


def fit_text_file(
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
    """Train on a text file, print the table of scores, and write the artifact.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    config : Path
        TOML file with a ``[text]`` table.
    data : Path
        The text.
    out : Path
        Folder of the artifact.
    name : str
        Name of the artifact.
    version : str
        Version of the artifact.
    resume : bool
        Whether to continue from the last checkpoint in ``out``.
    training : dict
        Options that replace keys of ``[training]``.
    foreign : dict
        Options that were passed and only tables have.

    Raises
    ------
    ConfigError
        If there is such an option.
    """
    if foreign:
        option = next(iter(foreign)).replace("_", "-")
        raise ConfigError(f"--{option}: not supported for a text, and {config} has a [text] table; remove the option")
    chosen = TextFitConfig.read(config)
    chosen = replace(chosen, training=replace(chosen.training, **training))
    _fit(console, read_text(data), chosen, out, name=name, version=version, resume=resume)


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
    print_scores(console, backtest_text(artifact, read_text(data)))


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


def print_scores(console: Console, leaderboard: TextLeaderboard) -> None:
    """Print the scores of all models as a table; nothing if no text was held out.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    leaderboard : TextLeaderboard
        The scores.
    """
    if not leaderboard.scores:
        return
    table = Table(title=f"{leaderboard.scores[OURS].tokens:,} held-out symbols, state carried from the first")
    table.add_column("model", no_wrap=True)
    for title in COLUMNS.values():
        table.add_column(title, justify="right", no_wrap=True)
    for name, score in leaderboard.scores.items():
        table.add_row(name, *format_row(score.table()), style="bold" if name == OURS else None)
    console.print(table)


def _fit(
    console: Console, text: str, config: TextFitConfig, out: Path, *, name: str, version: str, resume: bool
) -> TextOutcome:
    with TextBar(console, config.training.batch * config.training.length) as bar:
        outcome = fit_text(text, config, out, name=name, version=version, resume=resume, watcher=bar)
    costs = outcome.curves
    console.print(
        f"training loss {costs.loss[-1][1]:.4f} nats per symbol in the last of {costs.epochs} epochs, "
        f"{costs.symbols_per_second:,.0f} symbols per second"
    )
    print_scores(console, outcome.leaderboard)
    console.print(f"wrote {out} ({outcome.digest[:19]}…); figures in {out / 'report.html'}")
    return outcome
