"""The digits that all figures are made of, and fits of them that go on where they were broken off."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

import statecast
from training.progress import Bar
from training.speech.config import SpeechFitConfig
from training.speech.pipeline import fit_speech
from training.speech.recordings import Recordings, read_recordings

DATA = Path("../shared/data/speech/fsdd_recordings.zip")
DIGITS, VOICES, STREAMING, REFERENCE = (
    Path("configs") / f"{name}.toml" for name in ("digits", "digits-voices", "digits-streaming", "speech-reference")
)


def read_digits(path: Path = DATA) -> Recordings:
    """The Free Spoken Digit Dataset as far as it lies beside the project: four speakers."""
    return read_recordings(path)


def changed(config: SpeechFitConfig, **tables: dict[str, Any]) -> SpeechFitConfig:
    """A config with some keys of some tables replaced."""
    plain = config.to_dict()
    return SpeechFitConfig.from_dict({name: {**plain[name], **tables.get(name, {})} for name in plain})


def fitted(name: str, config: SpeechFitConfig, recordings: Recordings, out: Path) -> dict[str, Any]:
    """What the manifest of a fit says; the fit is made, or gone on with, unless its artifact is there."""
    folder = out / name
    if not (folder / "manifest.json").exists():
        resume = (folder / "checkpoint.json").exists()
        with Bar(Console()) as bar:
            fit_speech(recordings, config, folder, name=name, resume=resume, watcher=bar)
    return statecast.load(folder).manifest


def shorter(config: SpeechFitConfig, steps: int) -> SpeechFitConfig:
    """A config with another number of steps; 0 leaves it as it is."""
    return replace(config, training=replace(config.training, steps=steps)) if steps else config
