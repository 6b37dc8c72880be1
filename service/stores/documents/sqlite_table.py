"""Documents as rows of a SQLite table."""

import sqlite3

from service.stores.documents.document import Document

TABLE = """
CREATE TABLE documents (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, content BLOB NOT NULL, until REAL NOT NULL);
CREATE INDEX documents_until ON documents (until);
"""
_READ = (
    "SELECT key, revision, content, until FROM documents WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"
)
_ADD = "INSERT OR IGNORE INTO documents (revision, content, until, key) VALUES (?, ?, ?, ?)"
_CHANGE = "UPDATE documents SET revision = ?, content = ?, until = ? WHERE key = ? AND revision = ?"
_FORGET = "DELETE FROM documents WHERE key IN (SELECT key FROM documents WHERE until <= ? LIMIT ?)"


def read(connection: sqlite3.Connection, prefix: str, after: str, limit: int) -> list[Document]:
    """Read documents; see ``Store.documents``.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the file.
    prefix, after : str
        How keys begin, and behind which one.
    limit : int
        How many at most.
    """
    rows = connection.execute(_READ, (after, prefix, f"{prefix}\U0010ffff", limit)).fetchall()
    return [Document(key, revision, bytes(content), until) for key, revision, content, until in rows]


def write(connection: sqlite3.Connection, document: Document) -> bool:
    """Write a document, unless another change came first.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    document : Document
        As it shall be.

    Returns
    -------
    bool
        Whether the revision before it was there.
    """
    key, before = document.key, document.revision - 1
    if document.content is None:
        done = connection.execute("DELETE FROM documents WHERE key = ? AND revision = ?", (key, before))
    else:
        row = document.revision, document.content, document.until, key
        done = connection.execute(_CHANGE, (*row, before)) if before else connection.execute(_ADD, row)
    return done.rowcount == 1


def forget(connection: sqlite3.Connection, now: float, limit: int) -> int:
    """Delete documents whose time is over; gives how many.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    now : float
        Seconds since 1970.
    limit : int
        How many at most.
    """
    return connection.execute(_FORGET, (now, limit)).rowcount
