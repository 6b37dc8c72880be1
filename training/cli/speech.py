"""What ``fit`` and ``backtest`` do with recordings."""

from pathlib import Path

from rich.console import Console

import statecast
from training.cli.console import print_table, print_written
from training.cli.fit_kind import FitKind
from training.progress import Bar
from training.speech.config import SpeechFitConfig
from training.speech.pipeline import backtest_speech, fit_speech
from training.speech.recordings import read_recordings
from training.speech.report import scores_table
from training.speech.scores import SpeechScore


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
