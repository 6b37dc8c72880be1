"""Sessions in a dictionary: for play and tests. Whatever it holds is gone with the process."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Self

import numpy as np

from service.stores.interface import Delete, Put, Record, StoreError, Write
from service.stores.registry import stores


@stores.register("memory")
class MemoryStore:
    """A ``Store`` that promises nothing, and says so."""

    name = "memory"
    durable = False

    @classmethod
    def open(cls, url: str) -> Self:
        """Open an empty one; the URL names nothing beside the scheme."""
        if url != "memory://":
            raise StoreError(f"state_url: expected memory://, got {url!r}; leave out what follows the scheme")
        return cls()

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: dict[str, Record] = {}
        self._states: dict[str, bytes] = {}

    def get(self, key: str) -> Record | None:
        """Read the record of a session (also an expired one), or None."""
        with self._lock:
            return self._records.get(key)

    def state(self, key: str) -> bytes | None:
        """Read the state that was put with the record, or None."""
        with self._lock:
            return self._states.get(key)

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none."""
        with self._lock:
            for write in writes:
                if isinstance(write, Put):
                    self._records[write.record.key] = write.record
                    self._states[write.record.key] = write.state
                elif isinstance(write, Delete):
                    self._records.pop(write.key, None)
                    self._states.pop(write.key, None)
                elif write.key in self._records:
                    self._records[write.key] = replace(
                        self._records[write.key], last_used=write.last_used, expires_at=write.expires_at
                    )

    def expire(self, now: float) -> int:
        """Turn sessions whose life has ended into tombstones (no state, no tail); how many."""
        with self._lock:
            ended = [record for record in self._records.values() if record.expires_at <= now and not record.dropped]
            for record in ended:
                empty = np.zeros((len(record.variables), 0), dtype=np.float32)
                self._records[record.key] = replace(
                    record, tail=empty, given_tail=record.given_tail[..., :0], issued=None, dropped=True
                )
                self._states.pop(record.key, None)
            return len(ended)

    def close(self) -> None:
        """Forget everything."""
        self._records.clear()
        self._states.clear()
