"""What travels between a route and the engine to have a text written on, and what comes back, piece by piece."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.errors import ServiceError
from service.stores.interface import Put, Record

Tokens = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ask:
    """A text to write on, n times over.

    model: digest of the artifact.  tokens: ``[T]`` of the prompt; T may be 0 where a session goes on.
    most: tokens of each of the ``n`` texts.  stops: texts that end one, and are cut off.
    seed, temperature, top_k, top_p: as ``statecast.uncertainty.sampling.Choice``.
    key: of the session that goes on, if any; then n is 1.  fresh: begin from the empty state.
    record: the session as it stands, renewed, before anything is read.
    """

    model: str
    tokens: Tokens
    most: int
    seed: int
    n: int = 1
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    stops: tuple[str, ...] = ()
    key: str | None = None
    fresh: bool = True
    record: Record | None = None

    def kept(self, read: int, digest: str, state: bytes) -> Put | None:
        """Give what the store is to write once ``read`` tokens were added to the session's state."""
        if self.record is None:
            return None
        count = self.record.count + read
        whole = replace(self.record, count=count, last_clock=count - 1, state_bytes=len(state), digest=digest)
        return Put(whole, state)


class TextChunk(NamedTuple):
    """More of text ``which``. finish: ``stop`` or ``length`` with its last piece, else None."""

    which: int
    text: str
    finish: str | None = None


@dataclass(frozen=True)
class Ended:
    """Every text is done, and the session, if any, is kept. drawn: tokens of all texts."""

    drawn: int
    record: Record | None = None


Update = TextChunk | Ended | ServiceError


@dataclass(eq=False)
class TextTask:
    """An ask on its way. Only the engine's thread changes it, but for ``fate``.

    fate: why it was given up; seen by the engine before the next step.  open: texts that are not done yet.
    receive: called on the loop with each update, in order; the last is ``Ended`` or an error.
    """

    ask: Ask
    receive: Callable[[Update], None]
    fate: ServiceError | None = None
    over: bool = False
    open: int = field(init=False)
    drawn: int = 0

    def __post_init__(self) -> None:
        self.open = self.ask.n
