"""What travels between a protocol and the engine to continue a text, and what comes back, chunk by chunk."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.errors import ServiceError
from service.receipts import WrittenText, with_text
from service.stores.interface import Put, Record

Tokens = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DecodeRequest:
    """A prompt to continue, ``n`` times over."""

    model: str
    """Digest of the artifact."""
    tokens: Tokens
    """The prompt ``[T]``; T may be 0 where a session goes on."""
    max_tokens: int
    """Tokens of each of the ``n`` texts at most."""
    seed: int
    """Of the random draws, with the text's index; as ``statecast.uncertainty.sampling.Choice`` uses it."""
    n: int = 1
    """Texts to write; 1 beside a session."""
    temperature: float = 1.0
    """0 always takes the most likely token."""
    top_k: int = 0
    """Draw from the k most likely tokens; 0 means all."""
    top_p: float = 1.0
    """Draw from the most likely tokens that together reach p."""
    stops: tuple[str, ...] = ()
    """Strings that end a text; they are cut off."""
    key: str | None = None
    """Of the session that goes on, if any."""
    fresh: bool = True
    """Whether to begin from the empty state."""
    record: Record | None = None
    """The session as it stands, its life renewed, before anything is read."""
    receipt: str = ""
    """Of a request with an ``Idempotency-Key``, see ``receipt_key``."""

    def session_write(self, tokens_read: int, digest: str, state: bytes, last: "TextChunk", drawn: int) -> Put | None:
        """Give what the store is to write once so many tokens were added to the session's state.

        Parameters
        ----------
        tokens_read : int
            Tokens of the prompt and of the text.
        digest : str
            Of the new state.
        state : bytes
            The new state.
        last : TextChunk
            The whole text, and why it ended.
        drawn : int
            Tokens of it.

        Returns
        -------
        Put or None
            None where the request names no session.
        """
        if self.record is None:
            return None
        count = self.record.count + tokens_read
        whole = replace(self.record, count=count, last_index=count - 1, state_bytes=len(state), digest=digest)
        written = WrittenText(float(whole.created_at), last.text, last.finish_reason or "", drawn, self.seed)
        return with_text(Put(whole, state, self.record.digest), self.receipt, written)


class TextChunk(NamedTuple):
    """More of one text."""

    choice: int
    """Which of the texts, from 0."""
    text: str
    finish_reason: str | None = None
    """``stop`` or ``length`` with the text's last chunk."""


@dataclass(frozen=True)
class TextEnd:
    """Every text is done, and the session, if any, is saved."""

    completion_tokens: int
    """Of all texts together."""
    record: Record | None = None
    """The session as the store holds it now."""


Update = TextChunk | TextEnd | ServiceError


@dataclass(eq=False)
class TextTask:
    """A request at work. Only the engine's thread changes it, but for ``cancelled``."""

    request: DecodeRequest
    receive: Callable[[Update], None]
    """Called on the loop with each update, in order; the last is ``TextEnd`` or an error."""
    cancelled: ServiceError | None = None
    """Why it was given up; the engine reads it before the next step."""
    done: bool = False
    unfinished: int = field(init=False)
    """Texts that are not done yet."""
    completion_tokens: int = 0

    def __post_init__(self) -> None:
        self.unfinished = self.request.n
