"""The file of the SQLite store: how it is opened and written, and its tables from release to release."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from service.stores.documents import sqlite_table
from service.stores.documents.document import Document
from service.stores.interface import Answer, Append, Moved, Put, StoreError, Touch, Trim, Write
from service.stores.journal import pack
from service.stores.record_columns import COLUMNS, to_row
from service.stores.states.packed import pack_state

SCHEMA = 6
"""Version of the tables below. Files of earlier ones are brought to it when they are opened, unknown ones refused."""

PAGE = 1024
"""Bytes of a page: of a session half a page is empty at the end of its state and of its record, and whatever is larger
than a quarter of a page takes pages of its own. A journal's entry is synced in one page, too."""

_LOG = 256 << 20
"""Bytes of log at which the writer itself folds it."""

_REWRITTEN = 1 << 30
"""Bytes up to which the file of an earlier release is rewritten, so that it can shrink; a larger one never does."""

_COLUMNS = ", ".join(COLUMNS)
_CHANGED = ", ".join(f"{column} = excluded.{column}" for column in COLUMNS[1:])
# Updates in place keep a row's pages; INSERT OR REPLACE would free and allocate a chain of them each time.
_PUT = (
    f"INSERT INTO sessions ({_COLUMNS}) VALUES ({', '.join('?' * len(COLUMNS))}) "
    f"ON CONFLICT (key) DO UPDATE SET {_CHANGED}"
)
_PUT_STATE = "INSERT INTO states (key, state) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state"
# The first answer stays, unless its time is over.
_ANSWER = (
    "INSERT INTO answers (key, content, until) VALUES (?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET content = excluded.content, until = excluded.until WHERE until <= ?"
)

# States lie in a table of their own: a touch or a look at a record must not rewrite or read 50 KB of state.
_SESSIONS = """
CREATE TABLE sessions (
    key TEXT PRIMARY KEY, birth TEXT NOT NULL, last_clock INTEGER NOT NULL, count INTEGER NOT NULL, tail BLOB NOT NULL,
    checksum INTEGER NOT NULL, request_begin INTEGER, request_end INTEGER, request_crc INTEGER,
    issued_start INTEGER, issued BLOB, scores BLOB NOT NULL, digest TEXT NOT NULL,
    last_used REAL NOT NULL, expires_at REAL NOT NULL, dropped INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE states (key TEXT PRIMARY KEY, state BLOB NOT NULL);
"""
_JOURNAL = """
CREATE TABLE journal (sequence INTEGER PRIMARY KEY, used REAL NOT NULL, entries BLOB NOT NULL);
CREATE TABLE owner (place INTEGER PRIMARY KEY, token TEXT NOT NULL);
CREATE INDEX ends ON sessions (dropped, expires_at);
"""
_ANSWERS = """
CREATE TABLE answers (key TEXT PRIMARY KEY, content BLOB NOT NULL, until REAL NOT NULL);
CREATE INDEX answers_until ON answers (until);
"""
_NAMES = """
ALTER TABLE sessions ADD COLUMN owner TEXT;
ALTER TABLE sessions ADD COLUMN name TEXT;
CREATE INDEX names ON sessions (owner, name);
"""
_ANCHORS = "ALTER TABLE sessions ADD COLUMN anchor BLOB"
_STEPS = (_SESSIONS, _JOURNAL, _ANSWERS, _NAMES, sqlite_table.TABLE, _ANCHORS)
"""What each version of the schema added to the one before."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, synced at every commit.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    sqlite3.Connection
        For one thread at a time, whichever. The writer itself folds the log at 256 MiB, should ``Fold`` not keep up.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
    for pragma in (f"page_size = {PAGE}", "auto_vacuum = INCREMENTAL", "journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    page = connection.execute("PRAGMA page_size").fetchone()[0]  # of a file of an earlier release its own
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG // page}")
    return connection


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables, or bring those of an earlier release to this one's; what they hold stays.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the file.
    path : Path
        The file, for messages.

    Raises
    ------
    StoreError
        If the file holds something else, or is of a later release.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version > SCHEMA or (tables and not version):
        raise StoreError(
            f"{path}: expected a session file of schema 1 to {SCHEMA}, got schema {version} with {tables} tables; "
            "name another file in STATECAST_STATE_URL"
        )
    if version == SCHEMA:
        return
    with transaction(connection):
        for statements in _STEPS[version:]:
            for statement in statements.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    if version and path.stat().st_size <= _REWRITTEN:
        with contextlib.suppress(sqlite3.OperationalError):  # without room for a copy it is used as it is
            connection.execute("PRAGMA journal_mode = DELETE")  # with a log pages keep their size
            connection.execute(f"PRAGMA page_size = {PAGE}")
            connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode = WAL")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Write all that the block writes, or nothing.

    Parameters
    ----------
    connection : sqlite3.Connection
        That writes.

    Yields
    ------
    sqlite3.Connection
        The same.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def apply(writer: sqlite3.Connection, writes: Sequence[Write]) -> None:
    """Apply writes in their order.

    Parameters
    ----------
    writer : sqlite3.Connection
        In a transaction, to be rolled back where this raises.
    writes : sequence of Write
        Of a commit.

    Raises
    ------
    Moved
        If a document has another revision by now.
    """
    for kind, group in groupby(writes, type):
        if kind is Document:
            moved = [one.key for one in group if isinstance(one, Document) and not sqlite_table.write(writer, one)]
            if moved:
                raise Moved(moved)
            continue
        for statement, rows in _statements(kind, list(group)):
            if len(rows) == 1:
                writer.execute(statement, rows[0])
            else:
                writer.executemany(statement, rows)


def _statements(kind: type[Write], writes: list[Any]) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Statements, each with the rows that it is run over, that apply writes of one kind."""
    if kind is Put:
        states = [(put.record.key, pack_state(put.state)) for put in writes]
        return [(_PUT, [to_row(put.record, packed=True) for put in writes]), (_PUT_STATE, states)]
    if kind is Append:
        entries = [(append.sequence, append.used, pack(append)) for append in writes]
        return [("INSERT INTO journal (sequence, used, entries) VALUES (?, ?, ?)", entries)]
    if kind is Answer:
        return [(_ANSWER, [(answer.key, answer.content, answer.until, answer.at) for answer in writes])]
    if kind is Trim:
        return [("DELETE FROM journal WHERE sequence <= ?", [(trim.sequence,) for trim in writes])]
    if kind is Touch:
        values = [(touch.last_used, touch.expires_at, touch.key) for touch in writes]
        return [("UPDATE sessions SET last_used = ?, expires_at = max(expires_at, ?) WHERE key = ?", values)]
    keys = [(delete.key,) for delete in writes]
    return [("DELETE FROM sessions WHERE key = ?", keys), ("DELETE FROM states WHERE key = ?", keys)]


def log_bytes(write: Write) -> int:
    """Estimate how many bytes of log a write makes.

    Parameters
    ----------
    write : Write
        Of a commit.
    """
    if isinstance(write, Put):
        return len(write.state) + 8 * PAGE
    if isinstance(write, Answer | Document):
        return PAGE + len(write.content or b"")
    return PAGE + (56 * len(write.keys) if isinstance(write, Append) else 0)
