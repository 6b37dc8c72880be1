"""What ``fit`` and ``backtest`` do with recordings, and the command ``voices``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import statecast
from training.cli.console import print_table, print_written, refusals
from training.cli.fit_kind import FitKind
from training.progress import Bar
from training.speech.config import SpeechFitConfig
from training.speech.pipeline import backtest_speech, fit_speech
from training.speech.recordings import read_recordings
from training.speech.report import scores_table
from training.speech.scores import SpeechScore
from training.speech.voices import speak_words


def fit_speech_files(
    console: Console, config: SpeechFitConfig, data: Path, out: Path, *, name: str, version: str, resume: bool
) -> None:
    """Train on a folder or a zip file of recordings of words. See ``FitFile.__call__``."""
    recordings = read_recordings(data)
    with Bar(console) as bar:
        outcome = fit_speech(recordings, config, out, name=name, version=version, resume=resume, watcher=bar)
    _print_scores(console, outcome.scores)
    print_written(console, out, outcome.digest)


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
    _print_scores(console, backtest_speech(artifact, read_recordings(data)))


def voices(
    data: Annotated[Path, typer.Option("--data", help="Folder or zip file of recordings, whose words are said.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the files; `[speech] synthetic` names it.")],
    takes: Annotated[int, typer.Option(min=1, help="How often each voice says all words, each time another way.")] = 4,
    seed: Annotated[int, typer.Option(help="Seed of accents, pitches and speeds.")] = 0,
) -> None:
    """Let espeak-ng say the words of recordings in about a hundred voices, for a fit to learn from beside them."""
    with refusals() as console:
        recordings = read_recordings(data)
        written = 0
        with console.status("espeak-ng speaks") as status:
            for written in speak_words(recordings.labels, recordings.rate, out, takes, seed):
                status.update(f"espeak-ng speaks: {written:,} files")
        console.print(f"wrote {written:,} recordings of {len(recordings.labels)} words to {out}")


def _print_scores(console: Console, scores: dict[str, SpeechScore]) -> None:
    print_table(console, "strings of recordings that were not learned from", scores_table(scores))


SPEECH = FitKind(
    table="speech",
    artifact="transcriber",
    data="speech",
    config=SpeechFitConfig,
    length="steps",
    fit=fit_speech_files,
    backtest=backtest_speech_files,
)
