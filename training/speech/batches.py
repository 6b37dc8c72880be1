"""Batches of strings; which they are follows from the seed and the step alone.

Strings are drawn for several batches at once, sorted by length and cut into batches, so that strings of a batch are
about as long as each other; then the batches are shuffled. The first steps have one or two words as recorded: on long
and augmented strings alone, CTC says nothing but blanks for a long time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from training.fitting.tensor_batch import TensorBatch
from training.speech.config import SpeechFitConfig
from training.speech.recordings import Recordings, Spoken
from training.speech.strings import SpokenString, draw_string


@dataclass(frozen=True)
class SpeechBatch(TensorBatch):
    """Strings as tensors."""

    samples: Tensor
    """``[B, N]`` from -1 to 1, silence behind each row's end."""
    lengths: Tensor
    """``[B]`` int64, samples of each row."""
    targets: Tensor
    """Symbols of all rows, one row after the other."""
    target_lengths: Tensor
    """``[B]`` int64, symbols of each row."""
    seed: tuple[int, int] = (0, 0)
    """What further augmentation is drawn with."""


def collate(strings: Sequence[SpokenString], labels: Sequence[str], seed: tuple[int, int] = (0, 0)) -> SpeechBatch:
    """Put strings side by side.

    Parameters
    ----------
    strings : sequence of SpokenString
        At least one.
    labels : sequence of str
        The symbols, whose ids begin at 1.
    seed : tuple of int
        What further augmentation is drawn with.

    Returns
    -------
    SpeechBatch
        As wide as the longest.
    """
    samples = np.zeros((len(strings), max(len(one) for one in strings)), dtype=np.float32)
    for row, one in zip(samples, strings, strict=True):
        row[: len(one)] = one.sound()
    ids = {label: number for number, label in enumerate(labels, start=1)}
    return SpeechBatch(
        torch.from_numpy(samples),
        torch.tensor([len(one) for one in strings]),
        torch.tensor([ids[label] for one in strings for label in one.labels]),
        torch.tensor([len(one.words) for one in strings]),
        seed,
    )


class SpeechBatches:
    """All batches of a fit.

    Parameters
    ----------
    recordings : Recordings
        What strings are put together from.
    config : SpeechFitConfig
        How, and how many to a batch.
    labels : sequence of str
        The symbols.
    synthetic : Recordings or None
        Recordings of synthetic voices, of which the config's share of the strings is put together.

    Attributes
    ----------
    labels : tuple of str
        The symbols.
    """

    def __init__(
        self,
        recordings: Recordings,
        config: SpeechFitConfig,
        labels: Sequence[str],
        synthetic: Recordings | None = None,
    ) -> None:
        self.labels, self._config, self._rate = tuple(labels), config, recordings.rate
        self._by_speaker = recordings.by_speaker()
        self._synthetic = synthetic.by_speaker() if synthetic else {}
        self._group: tuple[int, list[list[SpokenString]]] = (-1, [])

    def strings(self, step: int) -> list[SpokenString]:
        """Draw the strings of a step.

        Parameters
        ----------
        step : int
            Number of the step, from 0.

        Returns
        -------
        list of SpokenString
            A batch, always the same for the same seed and step.
        """
        group, place = divmod(step, self._config.training.bucket)
        if self._group[0] != group:
            self._group = (group, self._draw(group))
        return self._group[1][place]

    def batch(self, step: int) -> SpeechBatch:
        """Draw the batch of a step.

        Parameters
        ----------
        step : int
            Number of the step, from 0.

        Returns
        -------
        SpeechBatch
            Its strings as tensors.
        """
        return collate(self.strings(step), self.labels, (self._config.training.seed, step))

    def _draw(self, group: int) -> list[list[SpokenString]]:
        config, size = self._config, self._config.training.batch
        random = np.random.default_rng((config.training.seed, group))
        begins = group * config.training.bucket < config.training.easy_until
        speech, augmentation = config.speech, config.augmentation
        if begins:
            speech = replace(speech, shortest=1, longest=min(2, speech.longest))
            augmentation = replace(augmentation, clean=1.0)
        drawn = [
            draw_string(random, self._voices(random), self._rate, speech, augmentation)
            for _ in range(size * config.training.bucket)
        ]
        if config.training.bucket > 1:
            drawn.sort(key=len)
        batches = [drawn[start : start + size] for start in range(0, len(drawn), size)]
        return [batches[place] for place in random.permutation(len(batches)).tolist()]

    def _voices(self, random: np.random.Generator) -> Mapping[str, Sequence[Spoken]]:
        is_synthetic = self._synthetic and random.random() < self._config.speech.synthetic_share
        return self._synthetic if is_synthetic else self._by_speaker
