"""One text being written, a row of a batch, and what the network looks like to those who schedule it."""

from collections.abc import Sequence
from typing import Protocol

from service.stores.interface import Write
from service.text.detokenizer import IncrementalDetokenizer, Spelling
from service.text.request import TextTask, Tokens


class TextSequence:
    """One text being written, a row of the batch.

    carry: the stepper's, state after all that was read.  start: the carry before the prompt.
    unread: tokens to read before the next is drawn, or, once ``finish`` is set, before the session is kept.
    token: the last one, drawn or of the prompt, that is read in the next round; None if all is read.
    """

    __slots__ = ("carry", "finish", "index", "passage", "read", "speller", "start", "token", "unread")

    def __init__(self, passage: TextTask, index: int, speller: IncrementalDetokenizer) -> None:
        self.passage, self.index, self.speller = passage, index, speller
        self.unread: Tokens = passage.ask.tokens[:-1]
        self.token: int | None = int(passage.ask.tokens[-1]) if len(passage.ask.tokens) else None
        self.finish: str | None = None
        self.carry: object = None
        self.start: object = None
        self.read = 0

    def twin(self, index: int, speller: IncrementalDetokenizer) -> "TextSequence":
        """Branch: another text from the same place."""
        other = TextSequence(self.passage, index, speller)
        other.carry, other.start, other.unread, other.token = self.carry, self.start, self.unread, self.token
        return other


class DecodeBatch(Protocol):
    """Strands that step together."""

    def step(self) -> Sequence[int | None]:
        """Read each strand's token and draw the next; None for a row that came out as not a number."""

    def carry(self, row: int) -> object:
        """State of a strand after all that it has read."""


class Stepper(Protocol):
    """One model's network, as far as this must know it."""

    spelling: Spelling

    def begin(self, key: str | None) -> object:
        """Give the carry of a session, or of an empty text."""

    def read(self, carries: Sequence[object], tokens: Sequence[Tokens]) -> list[object]:
        """Read equally many tokens a carry."""

    def crew(self, strands: Sequence[TextSequence]) -> DecodeBatch:
        """Put strands together, each with its carry and the token that it reads next."""

    def state(self, carry: object) -> tuple[str, bytes]:
        """Give digest and bytes of a carry."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Keep sessions, all or none."""
