"""Sessions in one SQLite file: write-ahead log, synced before a commit returns, one transaction per batch."""

import contextlib
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Self

from service.stores.documents import sqlite_table
from service.stores.documents.document import Document
from service.stores.interface import Append, Moved, Record, StoreError, Swept, Write
from service.stores.journal import unpack
from service.stores.record_columns import COLUMNS, from_row
from service.stores.registry import stores
from service.stores.sqlite_file import PAGE, apply, connect, log_bytes, prepare, transaction
from service.stores.sqlite_fold import Fold
from service.stores.sqlite_owner import FileOwner
from service.stores.states.packed import unpack_state

_COLUMNS = ", ".join(COLUMNS)
_FORGET = "DELETE FROM answers WHERE key IN (SELECT key FROM answers WHERE until <= ? LIMIT ?)"
_DUE = "SELECT key FROM sessions WHERE dropped = ? AND expires_at <= ? LIMIT ?"
_END = "UPDATE sessions SET dropped = 1, tail = x'', issued = NULL, issued_start = NULL, anchor = NULL WHERE key = ?"
_NAMED = (
    f"SELECT {_COLUMNS} FROM sessions WHERE owner = ? AND name > ? AND name >= ? AND name < ? ORDER BY name LIMIT ?"
)
_ALL = f"SELECT {_COLUMNS} FROM sessions WHERE key > ? ORDER BY key LIMIT ?"
_JOURNAL = "SELECT sequence, used, entries FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?"
_FREED = 24
"""Pages per session that ends that the file is shortened by at most: what a session takes, and some more."""
_PROBED_EVERY = 1.0
"""Seconds between two attempts to write while commits fail."""
_PROBED_BYTES = 4 << 20
_READ_AT_ONCE = 256
"""Rows that are read at a time."""


@stores.register("sqlite")
class SqliteStore:
    """A durable ``Store``. One process owns the file; a second one is refused, because its caches would go stale.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made where they do not exist.

    Raises
    ------
    StoreError
        If the file cannot be opened, is no session file of a known schema, or another process holds it.
    """

    name = "sqlite"
    durable = True
    journaled = True

    @classmethod
    def open(cls, url: str) -> Self:
        """Open ``sqlite:///relative.db`` or ``sqlite:////absolute.db``; see ``Store.open``."""
        path = url.removeprefix("sqlite:///")
        if path == url or not path:
            raise StoreError(f"state_url: expected sqlite:///PATH, got {url!r}; set STATECAST_STATE_URL")
        return cls(Path(path))

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reading, self._writing = Lock(), Lock()
        self._failure: StoreError | None = None
        self._failed_bytes, self._probed = 0, 0.0
        with contextlib.ExitStack() as opened, _explained(f"cannot open {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._owner = FileOwner(path)
            opened.callback(self._owner.release)
            self._writer = connect(path)
            opened.callback(self._writer.close)
            prepare(self._writer, path)
            self._owner.claim(self._writer)
            self._reader = connect(path)
            opened.callback(self._reader.close)
            self._fold = Fold(path, self._writing)
            self._opened = opened.pop_all()

    def get(self, key: str) -> Record | None:
        """Read a record; see ``Store.get``."""
        with self._reading, _explained("cannot read a session"):
            self._owner.check_file()
            row = self._reader.execute(f"SELECT {_COLUMNS} FROM sessions WHERE key = ?", (key,)).fetchone()
            return None if row is None else from_row(row)

    def named(self, owner: str, prefix: str, after: str, limit: int) -> list[Record]:
        """Read sessions by their names; see ``Store.named``."""
        with self._reading, _explained("cannot read sessions"):
            rows = self._reader.execute(_NAMED, (owner, after, prefix, f"{prefix}\U0010ffff", limit)).fetchall()
        with _explained("cannot read sessions"):
            return list(map(from_row, rows))

    def sessions(self, after: Record | None) -> Iterator[Record]:
        """Read all sessions in the order of their keys; see ``Store.sessions``."""
        for row in self._rows(_ALL, "" if after is None else after.key):
            with _explained("cannot read a session"):
                record = from_row(row)
            yield record

    def documents(self, prefix: str, after: str, limit: int) -> list[Document]:
        """Read documents; see ``DocumentStore.documents``."""
        with self._reading, _explained("cannot read documents"):
            self._owner.check_file()
            return sqlite_table.read(self._reader, prefix, after, limit)

    def state(self, key: str) -> bytes | None:
        """Read a state; see ``Store.state``."""
        with self._reading, _explained("cannot read a state"):
            self._owner.check_file()
            row = self._reader.execute("SELECT state FROM states WHERE key = ?", (key,)).fetchone()
            return None if row is None else unpack_state(bytes(row[0]))

    def answer(self, key: str, now: float) -> bytes | None:
        """Read a kept answer; see ``Store.answer``."""
        with self._reading, _explained("cannot read an answer"):
            self._owner.check_file()
            row = self._reader.execute("SELECT content FROM answers WHERE key = ? AND until > ?", (key, now)).fetchone()
        return None if row is None else bytes(row[0])

    def last_written(self) -> float | None:
        """Find when the file was last written before it was opened; see ``Store.last_written``."""
        return self._owner.last_written

    def appended(self) -> Iterator[Append]:
        """Read the journal; see ``Store.appended``."""
        for sequence, used, entries in self._rows(_JOURNAL, -(2**63)):
            yield unpack(sequence, used, entries)

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none; when this returns they are on the disk. See ``Store.commit``."""
        with self._transaction("cannot write sessions", sum(map(log_bytes, writes))) as writer:
            apply(writer, writes)

    def check(self) -> None:
        """See whether a commit would be kept now; see ``Store.check``."""
        self._owner.check_file()
        if self._failure is None:
            with self._reading, _explained("cannot read the owner"):
                self._owner.check_row(self._reader)
            return
        if monotonic() - self._probed < _PROBED_EVERY:
            raise self._failure
        self._probed = monotonic()
        self._failed_bytes = size = min(self._failed_bytes, _PROBED_BYTES)
        with self._transaction("cannot write", size) as writer:
            writer.execute("INSERT OR REPLACE INTO owner (place, token) VALUES (2, zeroblob(?))", (size,))
        with self._transaction("cannot write", size) as writer:
            writer.execute("DELETE FROM owner WHERE place = 2")

    def expire(self, now: float, forgotten: float, limit: int) -> Swept:
        """Turn sessions whose life has ended into tombstones, drop old ones, shorten the file; see ``Store.expire``."""
        with self._transaction("cannot expire sessions", _FREED * limit * PAGE) as writer:
            ended = writer.execute(_DUE, (0, now, limit)).fetchall()
            writer.executemany("DELETE FROM states WHERE key = ?", ended)
            writer.executemany(_END, ended)
            old = writer.execute(_DUE, (1, forgotten, limit - len(ended))).fetchall()
            writer.executemany("DELETE FROM sessions WHERE key = ?", old)
            answers = writer.execute(_FORGET, (now, limit - len(ended) - len(old))).rowcount
            answers += sqlite_table.forget(writer, now, limit)
            free = int(writer.execute("PRAGMA freelist_count").fetchone()[0]) if _can_shrink(writer) else 0
            freed = min(free, _FREED * limit)
            for _ in range(freed):
                writer.execute("PRAGMA incremental_vacuum(1)")  # which goes one step, whatever the number
        return Swept(len(ended), len(old), freed, answers)

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it, or, on a full disk, left for the next start."""
        self._fold.stop()
        with self._reading, self._writing, contextlib.suppress(sqlite3.Error, OSError):
            self._opened.close()

    def _rows(self, statement: str, after: object) -> Iterator[Any]:
        """Read rows in the order of their first column, some at a time."""
        while True:
            with self._reading, _explained("cannot read"):
                rows = self._reader.execute(statement, (after, _READ_AT_ONCE)).fetchall()
            if not rows:
                return
            yield from rows
            after = rows[-1][0]

    @contextlib.contextmanager
    def _transaction(self, what: str, size: int) -> Iterator[sqlite3.Connection]:
        """Write as the owner of the file; ``size`` is about what goes to the log.

        After a failure, only as much again that is written says that all is well: a full disk may still have room for
        one observation and none for a state.
        """
        try:
            with self._writing, _explained(what):
                self._owner.check_file()
                with transaction(self._writer) as writer:
                    self._owner.check_row(writer)
                    yield writer
                self._fold.written(size)
            self._owner.check_file()
        except Moved:
            raise
        except StoreError as error:
            self._failure, self._failed_bytes = error, max(size, self._failed_bytes)
            raise
        if size >= self._failed_bytes:
            self._failure, self._failed_bytes = None, 0


def _can_shrink(writer: sqlite3.Connection) -> bool:
    """Whether the file gives pages back: not where an earlier release made it and it was too large to be rewritten."""
    return bool(writer.execute("PRAGMA auto_vacuum").fetchone()[0])


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, KeyError, ValueError, struct.error) as error:  # the last ones: a damaged row
        raise StoreError(f"{what}: {error}") from error
