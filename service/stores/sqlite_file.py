"""The file of the SQLite store: how it is opened and written, and its tables from release to release."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from service.stores.interface import StoreError

SCHEMA = 4
"""Version of the tables below. Files of earlier ones are brought to it when they are opened, unknown ones refused."""

PAGE = 16_384
"""Bytes of a page: large ones hold a state in a few pages instead of a chain of a dozen."""

_REWRITTEN = 1 << 30
"""Bytes up to which the file of an earlier release is rewritten, so that it can shrink; a larger one never does."""

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
_STEPS = (_SESSIONS, _JOURNAL, _ANSWERS, _NAMES)
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
    for pragma in (
        f"page_size = {PAGE}",
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 16384",
    ):
        connection.execute(f"PRAGMA {pragma}")
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
            connection.execute("VACUUM")


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
