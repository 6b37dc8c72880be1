"""A ``Transcriber`` as the queue of inputs needs it, for recordings of one rate."""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from service.engine.sequences.runner import CarriedState, SequenceRunner
from service.errors import Conflict
from service.sequences.task import Steps
from service.stores.interface import Store
from statecast.ctc.greedy import decode_greedily
from statecast.models.transcriber import Transcriber
from statecast.state.state import State

_PIECE_S, _SHORT_S, _AT_ONCE_S = 4, 30, 60


class TranscriberRunner(SequenceRunner[Any]):
    """Says of each recording its ``Transcript``, decoded greedily, as streams are.

    Parameters
    ----------
    network : Transcriber
        Of the model.
    rate : int
        Samples per second.
    store : Store
        Where sessions are read from.
    """

    def __init__(self, network: Transcriber, rate: int, store: Store) -> None:
        super().__init__(network, store)
        self._transcriber, self._rate = network, rate
        self.per_unit = network.sound.step(rate)
        self.at_once, self.short = _AT_ONCE_S * rate, _SHORT_S * rate
        self.whole = self.short if self.carries else None

    def warm_up(self) -> None:
        """Run shapes that requests will bring, so that none pays for the first."""
        for rows in (1, 4):
            inputs = [np.zeros(self._rate // 2, dtype=np.float32)] * rows
            self.run(inputs)
            if self.carries:
                self.advance([self.load_state(None)] * rows, inputs)

    def piece(self, left: int) -> int:
        """Give the samples that are read next; see ``SequenceBackend.piece``."""
        return min(left, _PIECE_S * self._rate)

    def load_state(self, key: str | None) -> object:
        """Give the state of a session, or the empty one; see ``SequenceBackend.load_state``.

        Raises
        ------
        Conflict
            If the session began at another rate.
        """
        carried = cast(CarriedState, super().load_state(key))
        began = int(State(self.network.spec, carried.rows)["rate"][carried.row])
        if began not in (0, self._rate):
            raise Conflict(
                f"session: it began with {began} samples per second, got {self._rate}; resample what follows, or begin "
                "another session"
            )
        return carried

    def read_whole(self, inputs: Tensor, lengths: Tensor) -> list[Any]:
        """Give each row's transcript; see ``SequenceRunner.read_whole``."""
        found = self._transcriber.run(inputs, lengths, self._rate)
        rows = [found.row(row) for row in range(len(inputs))]
        return [self._transcriber.spell(decode_greedily(row)[0]) if np.isfinite(row).all() else None for row in rows]

    def read_on(self, inputs: Tensor, lengths: Tensor, state: State) -> tuple[list[Any], State]:
        """Say of each row that it was read; ``output`` makes its transcript. See ``SequenceRunner.read_on``."""
        found, after = self._transcriber.advance(inputs, lengths, state, self._rate)
        return [True if np.isfinite(found.row(row)).all() else None for row in range(len(inputs))], after

    def output(self, state: object, final: bool) -> Any:
        """Give the transcript so far, or as of the end; see ``SequenceBackend.output``."""
        carried = cast(CarriedState, state)
        row = State(self.network.spec, carried.rows[carried.row : carried.row + 1])
        with torch.inference_mode():
            if final:
                _, row = self._transcriber.finish(row)
            return self._transcriber.transcripts(row)[0]

    def nothing(self) -> Steps:
        """Give an input without a step; see ``SequenceRunner.nothing``."""
        return np.zeros((1, 0), dtype=np.float32)
