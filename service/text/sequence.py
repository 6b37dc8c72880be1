"""One text as it is written, a row of a batch, and what its scheduler knows of the network."""

from collections.abc import Sequence
from typing import Protocol

from service.stores.interface import Write
from service.text.detokenizer import IncrementalDetokenizer, SymbolTable
from service.text.request import TextTask, Tokens


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
        "detokenizer", "finish_reason", "index", "initial_state", "state", "task", "token", "tokens_read", "unread",
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

    def fork(self, index: int, symbols: SymbolTable) -> "TextSequence":
        """Give another text that goes on from the same place."""
        other = TextSequence(self.task, index, symbols)
        other.state, other.initial_state = self.state, self.initial_state
        other.unread, other.token = self.unread, self.token
        return other


class DecodeBatch(Protocol):
    """Sequences that step together."""

    def step(self) -> Sequence[int | None]:
        """Read each sequence's token and draw the next; None for a row that came out as not a number."""

    def state(self, row: int) -> object:
        """State of a sequence after all that it has read."""


class TextBackend(Protocol):
    """One model's network, as far as the scheduler must know it."""

    symbols: SymbolTable

    def load_state(self, key: str | None) -> object:
        """Give the state of a session, or of an empty text."""

    def prefill(self, states: Sequence[object], tokens: Sequence[Tokens]) -> list[object]:
        """Read equally many tokens per state."""

    def batch(self, sequences: Sequence[TextSequence]) -> DecodeBatch:
        """Put sequences together, each with its state and the token that it reads next."""

    def export_state(self, state: object) -> tuple[str, bytes]:
        """Give digest and bytes of a state."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Save sessions, all or none."""
