"""The network of a ``Generator`` as ``TextScheduler`` needs it; it implements ``service.text.sequence.TextBackend``."""

import hashlib
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from service.engine.state_cache import stored_rows
from service.errors import ServiceError
from service.stores.interface import Store, Write
from service.text.detokenizer import SymbolTable
from service.text.request import Tokens
from service.text.sequence import TextSequence
from statecast.artifacts.artifact import Artifact
from statecast.models.generator import Generator
from statecast.state.state import State
from statecast.uncertainty.sampling import Choice, sample

RowState = tuple[Tensor, int]
"""Rows of a batch ``[M, bytes]``, and which of them is meant."""


class TextRunner:
    """Reads prompts and draws tokens with one model.

    Parameters
    ----------
    artifact : Artifact
        Of the model.
    store : Store
        Where sessions are read from and saved.
    """

    def __init__(self, artifact: Artifact, store: Store) -> None:
        self._network, self._store = artifact.generator, store
        self.symbols = SymbolTable(artifact.generator.vocabulary)
        self._empty = artifact.generator.fresh(1).rows

    def warm_up(self) -> None:
        """Run the shapes that requests will bring, so that none pays for the first."""
        with torch.inference_mode():
            for rows, steps in ((1, 1), (1, 64), (8, 16), (64, 1)):
                tokens = torch.ones((rows, steps), dtype=torch.int64, device=self._empty.device)
                self._network.decode(self._network.prime(tokens, self._network.fresh(rows)))

    def load_state(self, key: str | None) -> object:
        """Give the state of a session, or of an empty text; see ``TextBackend.load_state``.

        Raises
        ------
        ExpiredSession, Loading
            If the session's state is gone, or the store cannot be read.
        """
        if key is None:
            return self._empty, 0
        rows = stored_rows(self._store.state, key, 1, self._empty)
        if isinstance(rows, ServiceError):
            raise rows
        return rows, 0

    def prefill(self, states: Sequence[object], tokens: Sequence[Tokens]) -> list[object]:
        """Read equally many tokens per state; see ``TextBackend.prefill``."""
        with torch.inference_mode():
            state = self._network.prime(self._tensor(np.stack(tokens)), self._stacked(states))
        return [(state.rows, row) for row in range(len(states))]

    def batch(self, sequences: Sequence[TextSequence]) -> "TextDecodeBatch":
        """Put sequences together; see ``TextBackend.batch``."""
        requests = [sequence.task.request for sequence in sequences]
        choice = Choice(
            np.array([request.seed for request in requests]),
            np.array([sequence.index for sequence in sequences]),
            np.array([request.temperature for request in requests], dtype=np.float64),
            np.array([request.top_k for request in requests]),
            np.array([request.top_p for request in requests], dtype=np.float64),
        )
        tokens = [sequence.token for sequence in sequences]
        state = self._stacked([sequence.state for sequence in sequences])
        waiting = [row for row, token in enumerate(tokens) if token is None]
        if waiting:  # a session that goes on without a prompt has nothing to read first
            return TextDecodeBatch(
                self._network, state, choice, self._tensor(_whole(tokens)), self._tensor(_fed(tokens))
            )
        return TextDecodeBatch(self._network, state, choice, self._tensor(_whole(tokens)))

    def export_state(self, state: object) -> tuple[str, bytes]:
        """Give digest and bytes of a state; see ``TextBackend.export_state``."""
        rows, row = cast(RowState, state)
        data = rows[row].cpu().numpy().tobytes()
        return "sha256:" + hashlib.sha256(data).hexdigest(), data

    def commit(self, writes: Sequence[Write]) -> None:
        """Save sessions, all or none; see ``TextBackend.commit``."""
        self._store.commit(writes)

    def _stacked(self, states: Sequence[object]) -> State:
        rows = [whole[row : row + 1] for whole, row in cast(Sequence[RowState], states)]
        return State(self._network.spec, rows[0] if len(rows) == 1 else torch.cat(rows))

    def _tensor(self, array: Tokens) -> Tensor:
        return torch.from_numpy(array).to(self._empty.device)


class TextDecodeBatch:
    """Rows that step together. The state changes only once a whole step has succeeded.

    Parameters
    ----------
    network : Generator
        Of all rows.
    state : State
        M rows.
    choice : Choice
        How each row's token is drawn.
    tokens : Tensor of int64, ``[M]``
        Read by the first step.
    fed : Tensor of int64 or None
        Rows that have such a token, where not all do.
    """

    def __init__(
        self, network: Generator, state: State, choice: Choice, tokens: Tensor, fed: Tensor | None = None
    ) -> None:
        self._network, self._state, self._choice, self._tokens, self._fed = network, state, choice, tokens, fed

    def step(self) -> Sequence[int | None]:
        """Read each row's token and draw the next; see ``DecodeBatch.step``."""
        with torch.inference_mode():
            logits, state = self._advance()
            tokens = sample(logits, self._choice, state["count"].cpu().numpy())
            finite = torch.isfinite(logits.amax(1)).tolist()
        self._tokens, self._state, self._fed = tokens, state, None
        drawn: list[int] = tokens.tolist()
        return drawn if all(finite) else [token if fine else None for token, fine in zip(drawn, finite, strict=True)]

    def state(self, row: int) -> object:
        """Give the state of a row after all that it has read; see ``DecodeBatch.state``."""
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
