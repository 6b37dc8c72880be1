"""One process owns a SQLite file: it is locked, names its owner, and is watched; else caches would go stale."""

import fcntl
import os
import secrets
import sqlite3
from pathlib import Path

from service.stores.interface import StoreError
from service.stores.sqlite_file import transaction


class FileOwner:
    """Hold of the running process on the database.

    The lock is on the database file itself, so a second process is refused under whatever name it opens it, by a
    symbolic link too. Where locks do not reach (a network file system, another host), the row in which every process
    writes its name at start tells the first one at its next commit.

    Parameters
    ----------
    path : Path
        The file; it is made where it does not exist.

    Attributes
    ----------
    last_written : float or None
        When the file was written before, in seconds since 1970; None where it did not exist.

    Raises
    ------
    StoreError
        If another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._token = path, secrets.token_hex(16)
        self._log = Path(f"{os.path.realpath(path)}-wal")
        self._watched: dict[str, tuple[int, int]] = {}
        self.last_written = max((file.stat().st_mtime for file in (path, self._log) if file.exists()), default=None)
        self._locked: list[int] = []
        # Releases before locked a file beside the database instead; one that still runs on it is noticed by that.
        before = path.with_name(path.name + ".lock")
        for file in [path, *([before] if before.exists() else [])]:
            self._locked.append(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644))
            try:
                fcntl.flock(self._locked[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.release()
                raise StoreError(
                    f"{path}: another process holds this store; stop it, or give this one its own STATECAST_STATE_URL"
                ) from None

    def claim(self, writer: sqlite3.Connection) -> None:
        """Write this process's name into the file, and watch the file from now on.

        Parameters
        ----------
        writer : sqlite3.Connection
            To the file, its tables made.
        """
        with transaction(writer):
            writer.execute("INSERT OR REPLACE INTO owner (place, token) VALUES (1, ?)", (self._token,))
        self._watched = {str(file): _identity(file) for file in (self._path, self._log)}

    def check_file(self) -> None:
        """See whether the files still are those that were opened.

        Raises
        ------
        StoreError
            If one was deleted, moved or replaced: what is written now would be lost with it.
        """
        for file, identity in self._watched.items():
            try:
                same = _identity(file) == identity
            except OSError as error:
                raise StoreError(
                    f"{file}: gone while the service runs ({error.strerror}); put it back, or restart"
                ) from None
            if not same:
                raise StoreError(f"{file}: replaced by another file while the service runs; restart to use that one")

    def check_row(self, writer: sqlite3.Connection) -> None:
        """See whether the file still names this process.

        Parameters
        ----------
        writer : sqlite3.Connection
            In the transaction that is to be committed.

        Raises
        ------
        StoreError
            If another process has opened the file since.
        """
        row = writer.execute("SELECT token FROM owner WHERE place = 1").fetchone()
        if row is None or row[0] != self._token:
            raise StoreError(
                f"{self._path}: another process has taken this store over; stop one of the two and restart"
            )

    def release(self) -> None:
        """Give the locks up, after all connections: to close any handle of a file ends SQLite's own locks on it."""
        while self._locked:
            os.close(self._locked.pop())


def _identity(file: str | Path) -> tuple[int, int]:
    found = os.stat(file)
    return found.st_dev, found.st_ino
