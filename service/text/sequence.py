"""One text as it is written, a row of a batch, and what its scheduler knows of the network."""

from collections.abc import Sequence
from typing import Protocol

from service.stores.interface import Write
from service.text.detokenizer import IncrementalDetokenizer, SymbolTable
from service.text.request import TextTask, Tokens

READ_CHUNK = 64
"""Tokens of one prompt read at once at most: as long as this takes, every running text waits for its next token."""


class TextSequence:
    """One text as it is written, a row of the batch.

    Parameters
    ----------
    task : TextTask
        What it belongs to.
    index : int
        Which of the task's ``n`` texts it is.
    symbols : SymbolTable
        Of the model.
    """

    __slots__ = (
        "detokenizer", "finish_reason", "index", "initial_state", "pieces", "state", "task", "token", "tokens_read",
        "unread",
    )  # fmt: skip

    def __init__(self, task: TextTask, index: int, symbols: SymbolTable) -> None:
        self.task, self.index = task, index
        self.detokenizer = IncrementalDetokenizer(symbols, task.request.stops)
        tokens = task.request.tokens
        # Read before the next token is drawn or, once there is a finish reason, before the session is saved.
        self.unread: Tokens = tokens[:-1]
        # The last one, of the prompt or drawn, which the next step reads; None if all is read.
        self.token: int | None = int(tokens[-1]) if len(tokens) else None
        self.finish_reason: str | None = None
        self.state: object = None
        self.initial_state: object = None
        self.tokens_read = 0
        # Of a session under a key: what its receipt says.
        self.pieces: list[str] | None = [] if task.request.receipt else None

    @property
    def chunk(self) -> int:
        """Tokens that are read next at once: a power of two, so that many prompts share a chunk without padding."""
        return min(1 << (len(self.unread).bit_length() - 1), READ_CHUNK)

    def fork(self, index: int, symbols: SymbolTable) -> "TextSequence":
        """Give another text that goes on from the same place.

        Parameters
        ----------
        index : int
            Which of the task's texts it is.
        symbols : SymbolTable
            Of the model.

        Returns
        -------
        TextSequence
            It draws for itself from here on.
        """
        other = TextSequence(self.task, index, symbols)
        other.state, other.initial_state = self.state, self.initial_state
        other.unread, other.token = self.unread, self.token
        return other


class DecodeBatch(Protocol):
    """Sequences that step together."""

    def step(self) -> Sequence[int | None]:
        """Read each sequence's token and draw the next.

        Returns
        -------
        sequence of (int or None), ``[B]``
            Tokens; None for a row that came out as not a number.
        """

    def state(self, row: int) -> object:
        """Give the state of a sequence after all that it has read.

        Parameters
        ----------
        row : int
            Place in the batch.

        Returns
        -------
        object
            As ``TextBackend.load_state`` gives it.
        """


class TextBackend(Protocol):
    """One model's network, as far as the scheduler must know it."""

    symbols: SymbolTable

    def load_state(self, key: str | None) -> object:
        """Give the state of a session, or of an empty text.

        Parameters
        ----------
        key : str or None
            Of the session; None for the empty text.

        Returns
        -------
        object
            One row of state, of which only the backend knows more.

        Raises
        ------
        ServiceError
            If the session's state cannot be read.
        """

    def prefill(self, states: Sequence[object], tokens: Sequence[Tokens]) -> list[object]:
        """Read equally many tokens per state.

        Parameters
        ----------
        states : sequence of object, ``[B]``
            Before them.
        tokens : sequence of array, each ``[T]``
            Next tokens of each text.

        Returns
        -------
        list of object, ``[B]``
            States after them.
        """

    def batch(self, sequences: Sequence[TextSequence]) -> DecodeBatch:
        """Put sequences together, each with its state and the token that it reads next.

        Parameters
        ----------
        sequences : sequence of TextSequence, ``[B]``
            Rows of the batch.

        Returns
        -------
        DecodeBatch
            Until one of them joins or leaves.
        """

    def export_state(self, state: object) -> tuple[str, bytes]:
        """Give digest and bytes of a state.

        Parameters
        ----------
        state : object
            Of one text.

        Returns
        -------
        str
            Digest ``sha256:…`` of the bytes.
        bytes
            What the store keeps.
        """

    def commit(self, writes: Sequence[Write]) -> None:
        """Save sessions, all or none.

        Parameters
        ----------
        writes : sequence of Write
            To the store.

        Raises
        ------
        StoreError
            If they could not be saved.
        """
