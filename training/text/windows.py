"""Windows of a text as batches; an epoch's are a function of the seed and the epoch alone.

Shapes: B rows, T symbols.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.errors import TrainingError
from training.text.corpus import Tokens


@dataclass(frozen=True)
class Window:
    """``read`` ``[B, T]`` and what follows each symbol, ``next`` ``[B, T]``; ``fresh`` if state begins here."""

    read: Tensor
    next: Tensor
    fresh: bool

    def to(self, device: torch.device) -> "Window":
        """Move to a device."""
        return Window(self.read.to(device), self.next.to(device), self.fresh)


class Windows:
    """All windows of a text.

    carried: the text is cut into ``batch`` long rows, and each window goes on where the one before ended; where the
    first row begins is drawn anew each epoch, and the text's end is joined to its beginning for that.
    random: windows that do not overlap, from a drawn offset, in drawn order.

    Raises
    ------
    TrainingError
        If the text is too short for a single batch.
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
        """The batches of an epoch, always ``steps`` of them."""
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
