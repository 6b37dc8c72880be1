"""Recordings of words by synthetic voices: espeak-ng says them in many voices and accents, low and high, slow and fast.

Real speakers are few; a network that heard hundreds of voices, be they synthetic, understands another real one better.
"""

import io
import re
import shutil
import subprocess
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from training.errors import TrainingError

_PROGRAM = "espeak-ng"
_ACCENTS, _VOICES = ("en", "gmw/"), ("variant", "!v/")  # its tables, and the folders of files that it can do by itself
_PITCHES, _PITCH_SPREAD = (15.0, 85.0), 8.0  # of a voice, and from word to word
_SPEEDS = (110, 230)  # words per minute
_SOFTEST = 0.02  # of the loudest sample: what is softer before and after the word is cut off
_MARGIN_S = 0.01
_PEAK = 0.7
_FULL_SCALE = 32767


def speak_words(labels: Sequence[str], rate: int, out: Path, takes: int = 4, seed: int = 0) -> Iterator[int]:
    """Write each word as each voice says it, as files that ``read_recordings`` reads; underscores are said as spaces.

    Parameters
    ----------
    labels : sequence of str
        The words.
    rate : int
        Samples per second of the files.
    out : Path
        Folder of the files, made if it is not there.
    takes : int
        How often each voice says all words; each time in an accent and at a pitch of its own, as another speaker.
    seed : int
        Seed of accents, pitches and speeds.

    Yields
    ------
    int
        Files written so far, after each speaker.

    Raises
    ------
    TrainingError
        If espeak-ng is not installed.

    References
    ----------
    Rosenberg, A. et al. (2019). Speech recognition with augmented synthesized speech. IEEE ASRU.
    """
    if not shutil.which(_PROGRAM):
        raise TrainingError(f"{_PROGRAM} is not installed; install it, for example by: apt-get install {_PROGRAM}")
    out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    accents, voices, written = _listed(*_ACCENTS), _listed(*_VOICES), 0
    for take in range(takes):
        for voice in voices:
            accent = accents[int(random.integers(len(accents)))]
            pitch = random.uniform(*_PITCHES)
            for label in labels:
                own = round(float(np.clip(random.normal(pitch, _PITCH_SPREAD), 0, 99)))
                sound = _say(label, f"{accent}+{voice}", own, int(random.integers(*_SPEEDS)), rate)
                if sound.size:
                    name = f"{label}_{re.sub('[^a-z0-9]', '', voice.lower())}{take}_{take}.wav"
                    _write(out / name, sound, rate)
                    written += 1
            yield written


def _listed(kind: str, folder: str) -> list[str]:
    """Names of the voices of a table whose files are in a folder."""
    table = subprocess.run([_PROGRAM, f"--voices={kind}"], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(rf"{re.escape(folder)}(.+?)\s*(?:\(|$)", table, re.MULTILINE)))


def _say(label: str, voice: str, pitch: int, speed: int, rate: int) -> NDArray[np.float64]:
    """Samples of a word without the silence around it, none if the voice cannot say it."""
    options = ["-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", "--", label.replace("_", " ")]
    with wave.open(io.BytesIO(subprocess.run([_PROGRAM, *options], capture_output=True, check=True).stdout)) as said:
        samples = np.frombuffer(said.readframes(said.getnframes()), dtype="<i2").astype(np.float64)
        own = said.getframerate()
    if not samples.any():
        return samples[:0]
    divisor = np.gcd(rate, own)
    samples = resample_poly(samples, rate // divisor, own // divisor)
    loudest, margin = np.abs(samples).max(), round(_MARGIN_S * rate)
    loud = np.flatnonzero(np.abs(samples) > _SOFTEST * loudest)
    found: NDArray[np.float64] = samples[max(loud[0] - margin, 0) : loud[-1] + margin] * (_PEAK / loudest)
    return found


def _write(path: Path, samples: NDArray[np.float64], rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * _FULL_SCALE).astype("<i2").tobytes())
