"""Folds SQLite's write-ahead log into its file beside the commits, which would otherwise stall for it now and then."""

import contextlib
import sqlite3
from pathlib import Path
from threading import Event, Lock, Thread

from service.stores.sqlite_file import connect


class Fold:
    """A thread that copies the log into the file whenever enough was written.

    Parameters
    ----------
    path : Path
        The file.
    writing : Lock
        Held by whoever writes. If the commits leave no gap in which the log is folded to its end, the rest is folded
        under it, so that the log begins anew: to sync bytes that a file has takes less than to make it longer.
    """

    EVERY = 32 << 20
    """Bytes of log between two folds."""

    ATTEMPTS = 8
    """Times that the log is folded beside the commits, each time a shorter rest."""

    def __init__(self, path: Path, writing: Lock) -> None:
        self._connection, self._writing = connect(path), writing
        self._bytes, self._commits, self._due, self._stopped = 0, 0, Event(), False
        self._thread = Thread(target=self._run, name="sqlite-fold", daemon=True)
        self._thread.start()

    def written(self, size: int) -> None:
        """Count what a commit wrote; called by one thread at a time.

        Parameters
        ----------
        size : int
            Bytes.
        """
        self._bytes += size
        self._commits += 1
        if self._bytes >= self.EVERY:
            self._bytes = 0
            self._due.set()

    def stop(self) -> None:
        """End the thread, after the fold that it is at."""
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
                if not any(self._to_the_end() for _ in range(self.ATTEMPTS)):
                    with self._writing:
                        self._to_the_end()

    def _to_the_end(self) -> bool:
        """Fold what the log holds; gives whether nothing was written meanwhile, so that the log begins anew."""
        before = self._commits
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return self._commits == before
