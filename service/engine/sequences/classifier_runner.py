"""A ``Classifier`` as the queue of inputs needs it."""

from typing import Any

import numpy as np
from torch import Tensor

from service.engine.sequences.runner import SequenceRunner
from service.sequences.task import Steps
from service.stores.interface import Store
from statecast.models.classifier import Classifier
from statecast.state.state import State


class ClassifierRunner(SequenceRunner[Tensor]):
    """Says of each input its probabilities ``[K]`` (float32), or the number ``[1]`` that it estimates.

    Parameters
    ----------
    network : Classifier
        Of the model.
    store : Store
        Where sessions are read from.
    """

    def __init__(self, network: Classifier, store: Store) -> None:
        super().__init__(network, store)
        channels = () if network.tokenizer else (len(network.config.channels),)
        self._nothing: Steps = np.zeros((1, 0, *channels), dtype=np.float64 if channels else np.int64)

    def warm_up(self) -> None:
        """Run shapes that requests will bring, so that none pays for the first."""
        for rows, steps in ((1, 1), (1, 64), (8, 64)):
            inputs = [np.ones((steps, *self._nothing.shape[2:]), dtype=self._nothing.dtype)] * rows
            self.run(inputs)
            if self.carries:
                self.advance([self.load_state(None)] * rows, inputs)

    def read_whole(self, inputs: Tensor, lengths: Tensor) -> list[Any]:
        """Give each row's probabilities; see ``SequenceRunner.read_whole``."""
        return _rows(self.network.run(inputs, lengths))

    def read_on(self, inputs: Tensor, lengths: Tensor, state: State) -> tuple[list[Any], State]:
        """Give each row's probabilities so far; see ``SequenceRunner.read_on``."""
        output, after = self.network.advance(inputs, lengths, state)
        return _rows(output), after

    def nothing(self) -> Steps:
        """Give an input without a step; see ``SequenceRunner.nothing``."""
        return self._nothing


def _rows(output: Tensor) -> list[Any]:
    found = output.cpu().numpy()
    return [row if fine else None for row, fine in zip(found, np.isfinite(found).all(1), strict=True)]
