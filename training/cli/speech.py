"""What ``fit`` and ``backtest`` do with recordings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import statecast
from statecast.errors import ConfigError
from training.progress import Bar
from training.speech.config import SpeechFitConfig
from training.speech.pipeline import backtest_speech, fit_speech
from training.speech.recordings import read_recordings
from training.speech.report import COLUMNS, score_rows
from training.speech.scores import SpeechScore


def fit_speech_files(
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
    """Train on recordings of words, print the table of errors, and write the artifact.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    config : Path
        TOML file with a ``[speech]`` table.
    data : Path
        Folder or zip file of wav files.
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
        Options that were passed and only tables or texts have.

    Raises
    ------
    ConfigError
        If there is such an option.
    """
    if foreign:
        option = next(iter(foreign)).replace("_", "-")
        raise ConfigError(f"--{option}: not supported for speech, and {config} has a [speech] table; remove the option")
    chosen = SpeechFitConfig.read(config)
    chosen = replace(chosen, training=replace(chosen.training, **training))
    recordings = read_recordings(data)
    with Bar(console) as bar:
        outcome = fit_speech(recordings, chosen, out, name=name, version=version, resume=resume, watcher=bar)
    print_errors(console, outcome.scores)
    console.print(f"wrote {out} ({outcome.digest[:19]}…); figures in {out / 'report.html'}")


def backtest_speech_files(console: Console, artifact: statecast.Artifact, data: Path) -> None:
    """Print the errors of an artifact on recordings.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    artifact : Artifact
        Artifact of speech.
    data : Path
        Folder or zip file of wav files.
    """
    print_errors(console, backtest_speech(artifact, read_recordings(data)))


def print_errors(console: Console, scores: dict[str, SpeechScore]) -> None:
    """Print the errors of each speaker and of all as a table; nothing if nothing was tested.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    scores : dict of str to SpeechScore
        By speaker.
    """
    if not scores:
        return
    table = Table(title="strings of recordings that were not learned from")
    table.add_column("speaker", no_wrap=True)
    for title in COLUMNS:
        table.add_column(title, justify="right", no_wrap=True)
    rows = score_rows(scores)
    for name, cells in rows.items():
        table.add_row(name, *cells, style="bold" if name == list(rows)[-1] else None)
    console.print(table)
