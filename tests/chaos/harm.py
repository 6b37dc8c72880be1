"""What may be done to a store's files, its disk and its clock while a server works on it."""

import resource
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.server import Server

DAY = 86_400
FOREVER = resource.RLIM_INFINITY
FILES = ("s.db", "s.db-wal", "s.db-shm")


def refused_second(folder: Path, server: Server) -> None:
    """Start a second server on the same file by a link, ``link.db``, and with the lock file of earlier releases gone.

    It must be refused, in one line.
    """
    (folder / "link.db").symlink_to("s.db")
    for lock in folder.glob("*.lock"):
        lock.unlink()
    said = server.refusal()
    assert "another process holds this store" in said and "Traceback" not in said and said.count("\n") == 1, said


def move_away(folder: Path, names: Sequence[str] = FILES) -> None:
    (folder / "away").mkdir(exist_ok=True)
    for name in names:
        shutil.move(folder / name, folder / "away" / name)


def put_copies(folder: Path, names: Sequence[str] = FILES) -> None:
    """In place of what was moved away; a copy is another file."""
    for name in names:
        shutil.copy(folder / "away" / name, folder / name)


def move_back(folder: Path, names: Sequence[str] = FILES) -> None:
    for name in names:
        shutil.move(folder / "away" / name, folder / name)


def limit_files(server: Server, size: int) -> None:
    """No file of the server's may grow beyond a size: a disk that is full."""
    assert server.process is not None
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, FOREVER))


def fill_disk(folder: Path, server: Server) -> None:
    limit_files(server, (folder / "s.db-wal").stat().st_size)


def set_clock(folder: Path, days: int) -> None:
    """What ``jumping_clock`` reads, moved into its place as a whole."""
    (folder / "next").write_text(str(days * DAY))
    (folder / "next").rename(folder / "clock")
