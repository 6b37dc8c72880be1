"""Sessions in one SQLite file: write-ahead log, synced before a commit returns, one transaction per batch."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any, Self

from service.stores.interface import Append, Put, Record, StoreError, Touch, Trim, Write
from service.stores.journal import pack, unpack
from service.stores.record_columns import COLUMNS, from_row, to_row
from service.stores.registry import stores
from service.stores.sqlite_file import PAGE, connect, hold, prepare, transaction
from service.stores.sqlite_fold import Fold

_COLUMNS = ", ".join(COLUMNS)
_CHANGED = ", ".join(f"{column} = excluded.{column}" for column in COLUMNS[1:])
# Updates in place keep a row's pages; INSERT OR REPLACE would free and allocate a chain of them each time.
_PUT = (
    f"INSERT INTO sessions ({_COLUMNS}) VALUES ({', '.join('?' * len(COLUMNS))}) "
    f"ON CONFLICT (key) DO UPDATE SET {_CHANGED}"
)
_PUT_STATE = "INSERT INTO states (key, state) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state"
_READ_AT_ONCE = 256
"""Entries of the journal that are read at a time."""


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
        with _explained(f"cannot open {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._held = hold(path)
            try:
                self._writer = connect(path)
                prepare(self._writer, path)
                self._reader = connect(path)
                self._fold = Fold(path, self._writing)
            except BaseException:
                self._held.release()
                raise

    def get(self, key: str) -> Record | None:
        """Read a record; see ``Store.get``."""
        with self._reading, _explained("cannot read a session"):
            row = self._reader.execute(f"SELECT {_COLUMNS} FROM sessions WHERE key = ?", (key,)).fetchone()
        return None if row is None else from_row(row)

    def state(self, key: str) -> bytes | None:
        """Read a state; see ``Store.state``."""
        with self._reading, _explained("cannot read a state"):
            row = self._reader.execute("SELECT state FROM states WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def appended(self) -> Iterator[Append]:
        """Read the journal; see ``Store.appended``."""
        after = -(2**63)
        while True:
            with self._reading, _explained("cannot read the journal"):
                rows = self._reader.execute(
                    "SELECT sequence, used, entries FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?",
                    (after, _READ_AT_ONCE),
                ).fetchall()
            if not rows:
                return
            for sequence, used, entries in rows:
                yield unpack(sequence, used, entries)
                after = sequence

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none; when this returns they are on the disk. See ``Store.commit``."""
        statements: list[tuple[str, list[tuple[Any, ...]]]] = []
        for kind, group in groupby(writes, type):
            statements += _statements(kind, list(group))
        with self._writing, _explained("cannot write sessions"):
            with transaction(self._writer) as writer:
                for statement, rows in statements:
                    if len(rows) == 1:
                        writer.execute(statement, rows[0])
                    else:
                        writer.executemany(statement, rows)
            self._fold.written(sum(map(_log_bytes, writes)))

    def expire(self, now: float) -> int:
        """Turn sessions whose life has ended into tombstones; see ``Store.expire``."""
        ended = "expires_at <= ? AND dropped = 0"
        with self._writing, _explained("cannot expire sessions"), transaction(self._writer) as writer:
            writer.execute(f"DELETE FROM states WHERE key IN (SELECT key FROM sessions WHERE {ended})", (now,))
            cursor = writer.execute(
                f"UPDATE sessions SET dropped = 1, tail = x'', issued = NULL, issued_start = NULL WHERE {ended}", (now,)
            )
            return cursor.rowcount

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        self._fold.stop()
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()
            self._held.release()


def _statements(kind: type[Write], writes: list[Any]) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Statements, each with the rows that it is run over, that apply writes of one kind."""
    if kind is Put:
        states = [(put.record.key, put.state) for put in writes]
        return [(_PUT, [to_row(put.record) for put in writes]), (_PUT_STATE, states)]
    if kind is Append:
        entries = [(append.sequence, append.used, pack(append)) for append in writes]
        return [("INSERT INTO journal (sequence, used, entries) VALUES (?, ?, ?)", entries)]
    if kind is Trim:
        return [("DELETE FROM journal WHERE sequence <= ?", [(trim.sequence,) for trim in writes])]
    if kind is Touch:
        values = [(touch.last_used, touch.expires_at, touch.key) for touch in writes]
        return [("UPDATE sessions SET last_used = ?, expires_at = ? WHERE key = ?", values)]
    keys = [(delete.key,) for delete in writes]
    return [("DELETE FROM sessions WHERE key = ?", keys), ("DELETE FROM states WHERE key = ?", keys)]


def _log_bytes(write: Write) -> int:
    """About how many bytes of log a write makes."""
    if isinstance(write, Put):
        return len(write.state) + 2 * PAGE
    return PAGE + (56 * len(write.keys) if isinstance(write, Append) else 0)


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{what}: {error}") from error
