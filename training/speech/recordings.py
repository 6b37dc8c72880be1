"""Recordings of single words, a wav file each: which word, by whom, which of that person's."""

import hashlib
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.inputs.recording import read_wav
from training.errors import TrainingError

_NAME = re.compile(r"(?P<label>.+)_(?P<speaker>[^_]+)_(?P<index>\d+)")


@dataclass(frozen=True, eq=False)
class Spoken:
    """One recording of one word."""

    label: str
    """The word."""
    speaker: str
    """Who says it."""
    index: int
    """Number among that person's recordings of the word."""
    samples: NDArray[np.float32]
    """``[N]`` from -1 to 1."""


@dataclass(frozen=True, eq=False)
class Recordings:
    """Recordings of one rate."""

    spoken: tuple[Spoken, ...]
    """In the order of their names."""
    rate: int
    """Samples per second."""
    digest: str
    """SHA-256 of names and files."""

    def __len__(self) -> int:
        return len(self.spoken)

    @property
    def labels(self) -> tuple[str, ...]:
        """The words, in the order of their code."""
        return tuple(sorted({one.label for one in self.spoken}))

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, in the order of their names."""
        return tuple(sorted({one.speaker for one in self.spoken}))

    def by_speaker(self) -> dict[str, tuple[Spoken, ...]]:
        """Give the recordings of each speaker.

        Returns
        -------
        dict of str to tuple of Spoken
            In the order of the speakers' names, each one's in the same order as here.
        """
        found: dict[str, list[Spoken]] = {speaker: [] for speaker in self.speakers}
        for one in self.spoken:
            found[one.speaker].append(one)
        return {speaker: tuple(own) for speaker, own in found.items()}

    def of(self, speaker: str) -> "Recordings":
        """Give the recordings of one speaker.

        Parameters
        ----------
        speaker : str
            Who.

        Returns
        -------
        Recordings
            In the same order.
        """
        return replace(self, spoken=tuple(one for one in self.spoken if one.speaker == speaker))

    def without(self, speaker: str) -> "Recordings":
        """Give the recordings of all speakers but one.

        Parameters
        ----------
        speaker : str
            Who not.

        Returns
        -------
        Recordings
            In the same order.
        """
        return replace(self, spoken=tuple(one for one in self.spoken if one.speaker != speaker))

    def numbered(self, indices: Sequence[int]) -> "Recordings":
        """Give the recordings of some numbers.

        Parameters
        ----------
        indices : sequence of int
            Which.

        Returns
        -------
        Recordings
            In the same order.
        """
        return replace(self, spoken=tuple(one for one in self.spoken if one.index in indices))

    def not_numbered(self, indices: Sequence[int]) -> "Recordings":
        """Give the recordings of all numbers but some.

        Parameters
        ----------
        indices : sequence of int
            Which not.

        Returns
        -------
        Recordings
            In the same order.
        """
        return replace(self, spoken=tuple(one for one in self.spoken if one.index not in indices))


def read_recordings(path: str | Path) -> Recordings:
    """Read a folder or a zip file of wav files named ``{label}_{speaker}_{index}.wav``.

    Parameters
    ----------
    path : str or Path
        The folder, read with all folders in it, or the zip file.

    Returns
    -------
    Recordings
        All of them; what is no wav file is skipped.

    Raises
    ------
    TrainingError
        If there is none, a name has another form, a file cannot be read, or rates differ.
    """
    spoken: list[Spoken] = []
    rates: dict[int, str] = {}
    digest = hashlib.sha256()
    for name, data in sorted(_files(Path(path))):
        place = PurePosixPath(name)
        parts = _NAME.fullmatch(place.stem)
        if not parts:
            raise TrainingError(
                f"{path}: {name}: expected a name such as 7_anna_12.wav, label_speaker_index; rename it"
            )
        try:
            recording = read_wav(data)
        except InputError as error:
            raise TrainingError(f"{path}: {name}: {error}") from None
        if not len(recording.samples):
            raise TrainingError(f"{path}: {name}: expected samples, got none; remove the file")
        digest.update(place.name.encode() + hashlib.sha256(data).digest())
        rates.setdefault(recording.rate, name)
        spoken.append(Spoken(parts["label"], parts["speaker"], int(parts["index"]), recording.samples))
    if len(rates) > 1:
        found = ", ".join(f"{rate} in {name}" for rate, name in rates.items())
        raise TrainingError(f"{path}: expected one rate, got {found}; resample the recordings")
    if not spoken:
        raise TrainingError(f"{path}: expected wav files named label_speaker_index.wav, got none; check the path")
    return Recordings(tuple(spoken), next(iter(rates)), digest.hexdigest())


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all wav files, without those that systems hide."""
    try:
        if path.is_dir():
            for file in path.rglob("*"):
                if _is_wav(file.name):
                    yield file.relative_to(path).as_posix(), file.read_bytes()
            return
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                if _is_wav(PurePosixPath(name).name):
                    yield name, packed.read(name)
    except zipfile.BadZipFile:
        raise TrainingError(f"{path}: expected a folder or a zip file of wav files, got neither") from None
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from None


def _is_wav(name: str) -> bool:
    return name.lower().endswith(".wav") and not name.startswith(".")
