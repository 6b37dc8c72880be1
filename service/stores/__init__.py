"""Where sessions live: the store is the truth, the engine's slab only its cache.

One interface, several stores: ``sqlite:///path`` (the default; durable), ``memory://`` (promises nothing). A commit is
all or nothing, and once it returns, a durable store keeps it through ``kill -9`` and a power cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from service.stores.record import Issued, Record, Request, Scores

__all__ = [
    "Delete",
    "Issued",
    "Put",
    "Record",
    "Request",
    "Scores",
    "Store",
    "StoreError",
    "Touch",
    "Write",
    "open_store",
]


class StoreError(Exception):
    """The store cannot be opened, read or written: disk full, file damaged, held by another process."""


@dataclass(frozen=True, eq=False)
class Put:
    """Keep this record together with its state: V rows of the model's state, one after the other."""

    record: Record
    state: bytes


@dataclass(frozen=True)
class Touch:
    """The session was used; nothing else about it changed."""

    key: str
    last_used: float
    expires_at: float


@dataclass(frozen=True)
class Delete:
    """The session is gone for good, its tombstone too."""

    key: str


Write = Put | Touch | Delete


class Store(Protocol):
    """Records and states by session key. Every method may be called from any thread; errors are ``StoreError``."""

    name: str
    durable: bool

    def get(self, key: str) -> Record | None:
        """Read the record of a session (also an expired one), or None."""

    def state(self, key: str) -> bytes | None:
        """Read the state that was put with the record, or None."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none."""

    def expire(self, now: float) -> int:
        """Turn sessions whose life has ended into tombstones (no state, no tail); how many."""

    def close(self) -> None:
        """Let go of files; the store is not used afterwards."""


def open_store(url: str) -> Store:
    """Open the store that a URL names: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``memory://``.

    Raises
    ------
    StoreError
        If the scheme is not known, or the file cannot be opened or belongs to another process.
    """
    from service.stores.memory import MemoryStore
    from service.stores.sqlite import SqliteStore

    scheme, _, rest = url.partition("://")
    if scheme == "memory":
        return MemoryStore()
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        return SqliteStore(Path(rest[1:]))
    raise StoreError(f"state_url: expected sqlite:///PATH or memory://, got {url!r}; set STATECAST_STATE_URL")
