"""Recordings of a small language of tones: low, high and rising, by speakers whose voices differ."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.builders import wav
from training.speech.config import SpeechFitConfig
from training.speech.recordings import Recordings, read_recordings

WORDS = {"high": (1800.0, 1800.0), "low": (400.0, 400.0), "up": (400.0, 1800.0)}
SPEAKERS = {"anna": 1.0, "bert": 0.9}
PER_WORD = 5


def tone(word: str, speaker: str, index: int) -> np.ndarray:
    """A quarter of a second, more or less, with a soft beginning and end."""
    random = np.random.default_rng([index, *word.encode(), *speaker.encode()])
    length = int(random.integers(1600, 2400))
    pitch = np.linspace(*WORDS[word], length) * SPEAKERS[speaker] * random.uniform(0.97, 1.03)
    sound = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / 8000) * np.hanning(length) ** 0.3
    return sound + 0.002 * random.standard_normal(length)


def write_tones(path: Path, **changes: Any) -> Path:
    """All recordings as a zip file, in a folder inside of it."""
    with zipfile.ZipFile(path, "w") as packed:
        for word in WORDS:
            for speaker in SPEAKERS:
                for index in range(PER_WORD):
                    packed.writestr(
                        f"recordings/{word}_{speaker}_{index}.wav", wav(tone(word, speaker, index), **changes)
                    )
        packed.writestr("recordings/README.md", "tones")
    return path


def read_tones(folder: Path) -> Recordings:
    return read_recordings(write_tones(folder / "tones.zip"))


def tones_config(**tables: dict[str, Any]) -> SpeechFitConfig:
    """A config that learns them in some seconds."""
    speech = {"test": [0], "validation": [1], "shortest": 2, "longest": 4, "rounds": 3}
    network = {"bands": 16, "channels": [4, 8], "width": 24, "layers": 1, "dropout": 0.0}
    augmentation = {"time_masks": 0, "band_masks": 0, "noise_db": [20.0, 40.0]}
    training = {
        "steps": 160,
        "easy_until": 100,
        "batch": 8,
        "bucket": 4,
        "learning_rate": 1e-2,
        "warm_up": 5,
        "validate_every": 50,
    }
    plain = {"speech": speech, "network": network, "augmentation": augmentation, "training": training}
    return SpeechFitConfig.from_dict({name: {**table, **tables.get(name, {})} for name, table in plain.items()})
