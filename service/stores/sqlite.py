"""Sessions in one SQLite file: write-ahead log, synced before a commit returns, one transaction per batch."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Self

from filelock import FileLock, Timeout

from service.stores.interface import Delete, Put, Record, StoreError, Touch, Write
from service.stores.record_columns import COLUMNS, from_row, to_row
from service.stores.registry import stores

SCHEMA = 1
"""Version of the tables below; another one is refused rather than guessed at."""

# States lie in a table of their own: a touch or a look at a record must not rewrite or read 50 KB of state.
_TABLES = """
CREATE TABLE sessions (
    key TEXT PRIMARY KEY, birth TEXT NOT NULL, last_clock INTEGER NOT NULL, count INTEGER NOT NULL, tail BLOB NOT NULL,
    checksum INTEGER NOT NULL, request_begin INTEGER, request_end INTEGER, request_crc INTEGER,
    issued_start INTEGER, issued BLOB, scores BLOB NOT NULL, digest TEXT NOT NULL,
    last_used REAL NOT NULL, expires_at REAL NOT NULL, dropped INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE states (key TEXT PRIMARY KEY, state BLOB NOT NULL);
"""
_COLUMNS = ", ".join(COLUMNS)
_PUT = f"INSERT OR REPLACE INTO sessions ({_COLUMNS}) VALUES ({', '.join('?' * len(COLUMNS))})"
# An update in place keeps the row's pages; INSERT OR REPLACE would free and allocate a chain of them each time.
_PUT_STATE = "INSERT INTO states (key, state) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state"


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
        If the file cannot be opened, is no session file of this schema, or another process holds it.
    """

    name = "sqlite"
    durable = True

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
            self._held = _hold(path)
            try:
                self._writer = _connect(path)
                self._prepare()
                self._reader = _connect(path)
                self._fold = _Fold(path)
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

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none; when this returns they are on the disk. See ``Store.commit``."""
        puts = [write for write in writes if isinstance(write, Put)]
        touches = [write for write in writes if isinstance(write, Touch)]
        deletes = [(write.key,) for write in writes if isinstance(write, Delete)]
        rows = [to_row(put.record) for put in puts]
        with self._transaction("cannot write sessions") as writer:
            if puts:
                writer.executemany(_PUT, rows)
                writer.executemany(_PUT_STATE, [(put.record.key, put.state) for put in puts])
            if touches:
                values = [(touch.last_used, touch.expires_at, touch.key) for touch in touches]
                writer.executemany("UPDATE sessions SET last_used = ?, expires_at = ? WHERE key = ?", values)
            if deletes:
                writer.executemany("DELETE FROM sessions WHERE key = ?", deletes)
                writer.executemany("DELETE FROM states WHERE key = ?", deletes)
        self._fold.written(sum(len(put.state) for put in puts))

    def expire(self, now: float) -> int:
        """Turn sessions whose life has ended into tombstones; see ``Store.expire``."""
        ended = "expires_at <= ? AND dropped = 0"
        with self._transaction("cannot expire sessions") as writer:
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

    @contextlib.contextmanager
    def _transaction(self, what: str) -> Iterator[sqlite3.Connection]:
        with self._writing, _explained(what):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA:
            return
        tables = self._writer.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables:
            raise StoreError(
                f"{self.path}: expected a session file of schema {SCHEMA}, got schema {version} with {tables} tables; "
                "name another file in STATECAST_STATE_URL"
            )
        with self._transaction("cannot make tables") as writer:
            for statement in _TABLES.split(";"):
                writer.execute(statement)
            writer.execute(f"PRAGMA user_version = {SCHEMA}")


class _Fold:
    """Copies the write-ahead log into the file beside the commits, which would otherwise stall for it now and then."""

    EVERY = 32 << 20
    """Bytes of states between two folds."""

    def __init__(self, path: Path) -> None:
        self._connection = _connect(path)
        self._bytes, self._due, self._stopped = 0, Event(), False
        self._thread = Thread(target=self._run, name="sqlite-fold", daemon=True)
        self._thread.start()

    def written(self, size: int) -> None:
        self._bytes += size
        if self._bytes >= self.EVERY:
            self._bytes = 0
            self._due.set()

    def stop(self) -> None:
        self._stopped = True
        self._due.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            if self._stopped:
                return
            # Failing here loses nothing: the log stays, and the writer folds it once it has grown too long.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
    # Large pages hold a state in a few pages instead of a chain of a dozen. The writer itself folds the log only at
    # 256 MiB, should ``_Fold`` not keep up.
    for pragma in ("page_size = 16384", "journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 16384"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _hold(path: Path) -> FileLock:
    """Lock a file beside the database until this process ends, however it ends."""
    lock = FileLock(path.with_name(path.name + ".lock"), timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise StoreError(
            f"{path}: another process holds this store; stop it, or give this one its own STATECAST_STATE_URL"
        ) from None
    return lock


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{what}: {error}") from error
