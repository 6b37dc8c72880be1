"""Texts: the network of a ``Generator`` as ``TextScheduler`` needs it (see ``service.text.sequence.Stepper``)."""

import hashlib
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from service.engine.state_cache import stored_rows
from service.errors import ServiceError
from service.stores.interface import Store, Write
from service.text.detokenizer import Spelling
from service.text.request import Tokens
from service.text.sequence import TextSequence
from statecast.artifacts.artifact import Artifact
from statecast.models.generator import Generator
from statecast.state.state import State
from statecast.uncertainty.sampling import Choice, sample

Carry = tuple[Tensor, int]
"""Rows of a batch, and which of them is meant."""


class TextRunner:
    """Reads prompts and steps texts of one model."""

    def __init__(self, artifact: Artifact, store: Store) -> None:
        self._network, self._store = artifact.generator, store
        self.spelling = Spelling(artifact.generator.vocabulary)
        self._empty = artifact.generator.fresh(1).rows

    def warm_up(self) -> None:
        """Run the shapes that requests will bring, so that none pays for the first."""
        with torch.inference_mode():
            for rows, steps in ((1, 1), (1, 64), (8, 16), (64, 1)):
                tokens = torch.ones((rows, steps), dtype=torch.int64, device=self._empty.device)
                self._network.decode(self._network.prime(tokens, self._network.fresh(rows)))

    def begin(self, key: str | None) -> object:
        """Give the carry of a session, or of an empty text.

        Raises
        ------
        ExpiredSession, Loading
            If the session's state is gone, or the store cannot be read.
        """
        if key is None:
            return self._empty, 0
        rows = stored_rows(self._store, key, 1, self._empty)
        if isinstance(rows, ServiceError):
            raise rows
        return rows, 0

    def read(self, carries: Sequence[object], tokens: Sequence[Tokens]) -> list[object]:
        """Read equally many tokens a carry."""
        with torch.inference_mode():
            state = self._network.prime(self._tensor(np.stack(tokens)), self._together(carries))
        return [(state.rows, row) for row in range(len(carries))]

    def crew(self, strands: Sequence[TextSequence]) -> "TextDecodeBatch":
        """Put strands together."""
        asks = [strand.passage.ask for strand in strands]
        choice = Choice(
            np.array([ask.seed for ask in asks]),
            np.array([strand.index for strand in strands]),
            np.array([ask.temperature for ask in asks], dtype=np.float64),
            np.array([ask.top_k for ask in asks]),
            np.array([ask.top_p for ask in asks], dtype=np.float64),
        )
        tokens = [strand.token for strand in strands]
        state = self._together([strand.carry for strand in strands])
        waiting = [row for row, token in enumerate(tokens) if token is None]
        if waiting:  # a session asked to go on has nothing to read first
            return TextDecodeBatch(
                self._network, state, choice, self._tensor(_whole(tokens)), self._tensor(_fed(tokens))
            )
        return TextDecodeBatch(self._network, state, choice, self._tensor(_whole(tokens)))

    def state(self, carry: object) -> tuple[str, bytes]:
        """Give digest and bytes of a carry."""
        rows, row = cast(Carry, carry)
        state = rows[row].cpu().numpy().tobytes()
        return "sha256:" + hashlib.sha256(state).hexdigest(), state

    def commit(self, writes: Sequence[Write]) -> None:
        """Keep sessions; see ``Store.commit``."""
        self._store.commit(writes)

    def _together(self, carries: Sequence[object]) -> State:
        rows = [whole[row : row + 1] for whole, row in cast(Sequence[Carry], carries)]
        return State(self._network.spec, rows[0] if len(rows) == 1 else torch.cat(rows))

    def _tensor(self, array: Tokens) -> Tensor:
        return torch.from_numpy(array).to(self._empty.device)


class TextDecodeBatch:
    """Rows that step together. The state changes only once a whole step has succeeded.

    tokens: ``[M]`` to be read first.  fed: rows that have one, where not all do.
    """

    def __init__(
        self, network: Generator, state: State, choice: Choice, tokens: Tensor, fed: Tensor | None = None
    ) -> None:
        self._network, self._state, self._choice, self._tokens, self._fed = network, state, choice, tokens, fed

    def step(self) -> Sequence[int | None]:
        """Read each row's token and draw the next; None for a row that came out as not a number."""
        with torch.inference_mode():
            logits, state = self._advance()
            tokens = sample(logits, self._choice, state["count"].cpu().numpy())
            finite = torch.isfinite(logits.amax(1)).tolist()
        self._tokens, self._state, self._fed = tokens, state, None
        drawn: list[int] = tokens.tolist()
        return drawn if all(finite) else [token if fine else None for token, fine in zip(drawn, finite, strict=True)]

    def carry(self, row: int) -> object:
        """State of a row after all that it has read."""
        return self._state.rows, row

    def _advance(self) -> tuple[Tensor, State]:
        if self._fed is None:
            return self._network.step(self._tokens, self._state)
        state = self._state
        if len(self._fed):
            read = self._network.prime(self._tokens[self._fed][:, None], state.take(self._fed))
            state = state.put(self._fed, read)
        return self._network.decode(state), state


def _whole(tokens: Sequence[int | None]) -> Tokens:
    return np.array([token or 0 for token in tokens], dtype=np.int64)


def _fed(tokens: Sequence[int | None]) -> Tokens:
    return np.array([row for row, token in enumerate(tokens) if token is not None], dtype=np.int64)
