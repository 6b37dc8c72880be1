"""Strings of words, put together from recordings of single ones: drawn anew for training, fixed for scoring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.speech.config import Augmentation, SpeechConfig
from training.speech.recordings import Recordings, Spoken

_QUIET = 1e-6  # mean power below which there is no speech to compare noise with


@dataclass(frozen=True, eq=False)
class SpokenString:
    """Words one after the other, as they are to sound."""

    words: tuple[Spoken, ...]
    """The recordings."""
    gaps: tuple[int, ...]
    """Samples of silence before the first word, between words and after the last."""
    speed: float = 1.0
    """How much faster than recorded."""
    noise_db: float | None = None
    """Ratio of speech to noise in decibels; None for none."""
    gain_db: float = 0.0
    """Amplification in decibels."""
    seed: int = 0
    """Seed of the noise."""
    lengths: tuple[int, ...] = field(init=False)
    """Samples of each word at this speed."""

    def __post_init__(self) -> None:
        lengths = tuple(max(round(len(word.samples) / self.speed), 1) for word in self.words)
        object.__setattr__(self, "lengths", lengths)

    def __len__(self) -> int:
        return sum(self.lengths) + sum(self.gaps)

    @property
    def labels(self) -> tuple[str, ...]:
        """What is said."""
        return tuple(word.label for word in self.words)

    def sound(self) -> NDArray[np.float32]:
        """Put the words together.

        Returns
        -------
        ndarray of float32, shape [N]
            From -1 to 1.
        """
        whole = np.zeros(len(self), dtype=np.float32)
        place = self.gaps[0]
        for word, length, gap in zip(self.words, self.lengths, self.gaps[1:], strict=True):
            whole[place : place + length] = at_length(word.samples, length)
            place += length + gap
        if self.noise_db is not None:
            whole += self._noise(float(np.mean(np.square(whole, dtype=np.float64))))
        if self.gain_db:
            whole *= np.float32(10.0 ** (self.gain_db / 20.0))
        return np.clip(whole, -1.0, 1.0)

    def _noise(self, power: float) -> NDArray[np.float32]:
        """White noise, or noise that is stronger below, at its distance from the speech."""
        random = np.random.default_rng(self.seed)
        noise = random.standard_normal(len(self), dtype=np.float32)
        if random.random() < 0.5:
            noise[1:] += 0.9 * noise[:-1]
        assert self.noise_db is not None
        wanted = max(power, _QUIET) * 10.0 ** (-self.noise_db / 10.0)
        return noise * np.float32(np.sqrt(wanted / max(float(np.mean(noise**2)), 1e-12)))


def at_length(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Play a recording faster or slower, until it has a length.

    Parameters
    ----------
    samples : ndarray of float32, shape [N]
        The recording.
    length : int
        How many samples it is to have, from 1.

    Returns
    -------
    ndarray of float32, shape [length]
        Read off the line through the samples; the recording itself if it has that length.
    """
    if length == len(samples):
        return samples
    places = np.linspace(0.0, len(samples) - 1.0, length)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def draw_string(
    random: np.random.Generator,
    by_speaker: Mapping[str, Sequence[Spoken]],
    rate: int,
    config: SpeechConfig,
    augmentation: Augmentation,
) -> SpokenString:
    """Draw a string for training.

    Parameters
    ----------
    random : numpy.random.Generator
        What it is drawn with.
    by_speaker : mapping of str to sequence of Spoken
        Recordings to draw from.
    rate : int
        Samples per second.
    config : SpeechConfig
        How many words, by how many speakers.
    augmentation : Augmentation
        How it may sound.

    Returns
    -------
    SpokenString
        The string.
    """
    count = int(random.integers(config.shortest, config.longest + 1))
    names = sorted(by_speaker)
    one = names[int(random.integers(len(names)))]
    mixed = random.random() < config.mixed
    chosen = [names[int(random.integers(len(names)))] if mixed else one for _ in range(count)]
    words = tuple(by_speaker[name][int(random.integers(len(by_speaker[name])))] for name in chosen)
    gaps = random.uniform(*augmentation.gaps_s, size=count + 1)
    if random.random() < augmentation.tight:
        gaps[1:-1] = 0.0
    clean = random.random() < augmentation.clean
    return SpokenString(
        words,
        tuple(int(gap * rate) for gap in gaps),
        speed=1.0 if clean else float(np.exp(random.uniform(*np.log(augmentation.speed)))),
        noise_db=None if clean else float(random.uniform(*augmentation.noise_db)),
        gain_db=float(random.uniform(*augmentation.gain_db)),
        seed=int(random.integers(2**32)),
    )


def fixed_strings(
    recordings: Recordings, config: SpeechConfig, gaps_s: tuple[float, float], seed: int = 0
) -> list[SpokenString]:
    """Put together strings for scoring: as recorded, each by one speaker, each recording as often as any other.

    Parameters
    ----------
    recordings : Recordings
        What they are put together from.
    config : SpeechConfig
        Words per string, and in how many strings each recording is.
    gaps_s : tuple of float
        Shortest and longest pause in seconds.
    seed : int
        The same seed gives the same strings.

    Returns
    -------
    list of SpokenString
        Speaker by speaker; what is left of a speaker's and too short for a string is dropped.
    """
    random = np.random.default_rng((seed, 0x5EED))
    found: list[SpokenString] = []
    for speaker in recordings.speakers:
        own = recordings.of(speaker).spoken
        left = [own[place] for _ in range(config.rounds) for place in random.permutation(len(own)).tolist()]
        while len(left) >= config.shortest:
            count = int(random.integers(config.shortest, config.longest + 1))
            words, left = tuple(left[:count]), left[count:]
            gaps = random.uniform(*gaps_s, size=len(words) + 1)
            found.append(SpokenString(words, tuple(int(gap * recordings.rate) for gap in gaps)))
    return found
