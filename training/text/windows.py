"""Windows of a text as batches; an epoch's are a function of the seed and the epoch alone.

Shapes: B rows, T symbols.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.errors import TrainingError
from training.fitting.tensor_batch import TensorBatch
from training.text.corpus import Tokens


@dataclass(frozen=True)
class Window(TensorBatch):
    """One batch of pieces of a text."""

    read: Tensor
    """``[B, T]`` ids of the symbols that are read."""
    next: Tensor
    """``[B, T]`` id of the symbol after each."""
    fresh: bool
    """Whether state begins anew with this window."""


class Windows:
    """All windows of a text.

    Carried windows: the text is cut into ``batch`` long rows, and each window goes on where the one before ended. Where
    the first row begins is drawn anew for each epoch, with the text's end joined to its beginning. Random windows do
    not overlap; they begin at a drawn offset and come in drawn order.

    Parameters
    ----------
    tokens : ndarray of int64, shape [N]
        Ids of the text's symbols.
    kind : str
        ``carried`` or ``random``.
    batch : int
        Rows per batch, B.
    length : int
        Symbols per row, T.
    seed : int
        Seed of all randomness.

    Attributes
    ----------
    steps : int
        Batches per epoch.

    Raises
    ------
    TrainingError
        If the text is too short for a single batch.

    Examples
    --------
    >>> windows = Windows(np.arange(9), "carried", batch=2, length=3, seed=0)
    >>> [window.read.shape for window in windows.epoch(0)]
    [torch.Size([2, 3])]
    """

    def __init__(self, tokens: Tokens, kind: str, batch: int, length: int, seed: int) -> None:
        self._tokens, self._carried, self._seed = tokens, kind == "carried", seed
        self._batch, self._length = batch, length
        held = (len(tokens) // batch - 1) // length if self._carried else (len(tokens) - length) // length // batch
        if held < 1:
            raise TrainingError(
                f"text: expected at least {batch * (length + 1)} symbols for a batch of {batch} windows of {length}, "
                f"got {len(tokens)}; lower batch or length, or give more text"
            )
        self.steps = held

    @property
    def symbols(self) -> int:
        """Symbols that a batch predicts."""
        return self._batch * self._length

    def epoch(self, number: int) -> Iterator[Window]:
        """Cut the batches of an epoch.

        Parameters
        ----------
        number : int
            Number of the epoch, from 0.

        Returns
        -------
        iterator of Window
            ``steps`` batches, always the same for the same seed and number.
        """
        random = np.random.default_rng((self._seed, number))
        return self._rows(random) if self._carried else self._scattered(random)

    def _rows(self, random: np.random.Generator) -> Iterator[Window]:
        width = len(self._tokens) // self._batch
        rolled = np.roll(self._tokens, -int(random.integers(len(self._tokens))))
        rows = torch.from_numpy(rolled[: width * self._batch].reshape(self._batch, width))
        for step in range(self.steps):
            start, end = step * self._length, (step + 1) * self._length
            yield Window(rows[:, start:end], rows[:, start + 1 : end + 1], step == 0)

    def _scattered(self, random: np.random.Generator) -> Iterator[Window]:
        offset = int(random.integers(self._length))
        count = (len(self._tokens) - self._length) // self._length
        starts = offset + self._length * random.permutation(count)
        for chosen in starts[: self.steps * self._batch].reshape(self.steps, self._batch):
            cut = torch.from_numpy(self._tokens[chosen[:, None] + np.arange(self._length + 1)])
            yield Window(cut[:, :-1], cut[:, 1:], True)
