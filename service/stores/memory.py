"""Sessions in a dictionary: to try things out, and for tests. Whatever it holds is gone with the process."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import Self

import numpy as np

from service.stores.documents.document import Document
from service.stores.interface import Answer, Append, Delete, Moved, Put, Record, StoreError, Swept, Touch, Write
from service.stores.registry import stores


@stores.register("memory")
class MemoryStore:
    """A ``Store`` that keeps nothing beyond the process."""

    name = "memory"
    durable = False
    journaled = True

    @classmethod
    def open(cls, url: str) -> Self:
        """Open an empty one; the URL names nothing beside the scheme. See ``Store.open``."""
        if url != "memory://":
            raise StoreError(f"state_url: expected memory://, got {url!r}; leave out what follows the scheme")
        return cls()

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: dict[str, tuple[Record, bytes | None]] = {}
        self._answers: dict[str, Answer] = {}
        self._documents: dict[str, Document] = {}

    def get(self, key: str) -> Record | None:
        """Read a record; see ``Store.get``."""
        with self._lock:
            return self._sessions.get(key, (None, None))[0]

    def named(self, owner: str, prefix: str, after: str, limit: int) -> list[Record]:
        """Read sessions by their names; see ``Store.named``."""
        with self._lock:
            kept = [record for record, _ in self._sessions.values() if record.owner == owner and record.name > after]
        return sorted((one for one in kept if one.name.startswith(prefix)), key=lambda one: one.name)[:limit]

    def sessions(self, after: Record | None) -> Iterator[Record]:
        """Read all sessions in the order of their keys; see ``Store.sessions``."""
        with self._lock:
            keys = sorted(key for key in self._sessions if after is None or key > after.key)
        return (record for key in keys if (record := self.get(key)) is not None)

    def state(self, key: str) -> bytes | None:
        """Read a state; see ``Store.state``."""
        with self._lock:
            return self._sessions.get(key, (None, None))[1]

    def answer(self, key: str, now: float) -> bytes | None:
        """Read a kept answer; see ``Store.answer``."""
        with self._lock:
            kept = self._answers.get(key)
        return None if kept is None or kept.until <= now else kept.content

    def documents(self, prefix: str, after: str, limit: int) -> list[Document]:
        """Read documents; see ``DocumentStore.documents``."""
        with self._lock:
            found = [one for one in self._documents.values() if one.key.startswith(prefix) and one.key > after]
        return sorted(found, key=lambda one: one.key)[:limit]

    def last_written(self) -> float | None:
        """Never: it begins empty. See ``Store.last_written``."""
        return None

    def appended(self) -> Iterator[Append]:
        """Nothing: what was appended would not outlive the process either. See ``Store.appended``."""
        return iter(())

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none; see ``Store.commit``."""
        with self._lock:
            changed: dict[str, tuple[Record, bytes | None] | None] = {}
            answers: dict[str, Answer] = {}
            documents: dict[str, Document] = {}
            for write in writes:
                if isinstance(write, Put):
                    changed[write.record.key] = write.record, write.state
                elif isinstance(write, Delete):
                    changed[write.key] = None
                elif isinstance(write, Answer):
                    kept_before = self._answers.get(write.key)
                    if kept_before is None or kept_before.until <= write.at:
                        answers.setdefault(write.key, write)
                elif isinstance(write, Document):
                    known = documents.get(write.key, self._documents.get(write.key))
                    if (0 if known is None or known.content is None else known.revision) != write.revision - 1:
                        raise Moved([write.key])
                    documents[write.key] = write
                elif (
                    isinstance(write, Touch)
                    and (kept := changed.get(write.key, self._sessions.get(write.key))) is not None
                ):
                    expires_at = max(kept[0].expires_at, write.expires_at)
                    record = replace(kept[0], last_used=write.last_used, expires_at=expires_at)
                    changed[write.key] = record, kept[1]
            for key, session in changed.items():
                if session is None:
                    self._sessions.pop(key, None)
                else:
                    self._sessions[key] = session
            self._answers |= answers
            self._documents |= documents
            for document in (one for one in documents.values() if one.content is None):
                del self._documents[document.key]

    def check(self) -> None:
        """Nothing can fail. See ``Store.check``."""

    def expire(self, now: float, forgotten: float, limit: int) -> Swept:
        """Turn sessions whose life has ended into tombstones, and drop old ones; see ``Store.expire``."""
        with self._lock:
            kept = [record for record, _ in self._sessions.values()]
            answers = [answer for answer in self._answers.values() if answer.until <= now][:limit]
            for answer in answers:
                del self._answers[answer.key]
            documents = [one for one in self._documents.values() if one.until <= now][:limit]
            for document in documents:
                del self._documents[document.key]
        due = [record for record in kept if record.expires_at <= (forgotten if record.dropped else now)][:limit]
        ended = 0
        with self._lock:
            for record in due:
                if self._sessions.get(record.key, (None,))[0] is not record:
                    continue
                if record.dropped:
                    del self._sessions[record.key]
                    continue
                empty = np.zeros((len(record.variables), 0))
                bare = replace(
                    record, tail=empty, given_tail=record.given_tail[..., :0], issued=None, dropped=True, anchor=None
                )
                self._sessions[record.key] = bare, None
                ended += 1
        return Swept(ended, len(due) - ended, answers=len(answers) + len(documents))

    def close(self) -> None:
        """Forget everything."""
        self._sessions.clear()
        self._documents.clear()
