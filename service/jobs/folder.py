"""The files of jobs: what came, the parts that are done, and the result; each file is whole or not there."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from service.jobs.record import JobRecord

_INPUT, _RESULT, _IDENTITY = "input", "result", "folder-id"
_PART = re.compile(r"part-(\d+)\.arrow")
_JOB = re.compile(r"job_\w+")


class JobFolder:
    """A folder with a folder per job. Every method may be called from any thread, and fails with ``OSError``.

    Parameters
    ----------
    root : Path
        Made when it is first needed. Servers that share it, and the store, work on each other's jobs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._identity = ""

    @property
    def identity(self) -> str:
        """What tells it from the folder of a server that does not share it; "" until ``prepare`` was called."""
        with suppress(FileNotFoundError):
            self._identity = self._identity or (self._root / _IDENTITY).read_text().strip()
        return self._identity

    def prepare(self) -> None:
        """Make the folder, where it is not there."""
        path = self._root / _IDENTITY
        if path.exists():
            return
        self._root.mkdir(parents=True, exist_ok=True)
        made = self._root / f"{_IDENTITY}.{secrets.token_hex(4)}"
        _keep(made, lambda file: file.write(secrets.token_hex(16).encode()))
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()

    def begin(self, job: str) -> BinaryIO:
        """Open the file of a new job to be written; ``keep`` ends it.

        Parameters
        ----------
        job : str
            Its id.
        """
        self._of(job).mkdir(parents=True)
        return open(self._of(job) / f"{_INPUT}.new", "xb")

    def keep(self, job: str, file: BinaryIO) -> None:
        """Have the file of a new job on the disk, whole.

        Parameters
        ----------
        job : str
            Its id.
        file : BinaryIO
            What ``begin`` gave.
        """
        file.flush()
        os.fsync(file.fileno())
        file.close()
        os.replace(self._of(job) / f"{_INPUT}.new", self._of(job) / _INPUT)
        _sync(self._of(job))

    def read_input(self, job: str) -> bytes:
        """Read the file of a job.

        Parameters
        ----------
        job : str
            Its id.

        Raises
        ------
        FileNotFoundError
            If it is gone.
        """
        return (self._of(job) / _INPUT).read_bytes()

    def place(self, job: str, name: str) -> Path:
        """Give a folder of a job, made where it is not there; it goes with the other files once the job has ended.

        Parameters
        ----------
        job : str
            Its id.
        name : str
            Of the folder.
        """
        path = self._of(job) / name
        path.mkdir(exist_ok=True)
        return path

    def parts(self, job: str) -> dict[int, Path]:
        """Find the parts that are done, by their numbers.

        Parameters
        ----------
        job : str
            Its id.
        """
        found = ((_PART.fullmatch(path.name), path) for path in self._of(job).iterdir())
        return {int(match[1]): path for match, path in sorted(found, key=lambda one: one[1].name) if match}

    def write_part(self, job: str, number: int, content: bytes) -> None:
        """Keep a part.

        Parameters
        ----------
        job : str
            Its id.
        number : int
            Counted from 0.
        content : bytes
            An Arrow stream.
        """
        _keep(self._of(job) / f"part-{number:06d}.arrow", lambda file: file.write(content))

    def drop_parts(self, job: str) -> None:
        """Delete all parts.

        Parameters
        ----------
        job : str
            Its id.
        """
        for path in self.parts(job).values():
            path.unlink(missing_ok=True)

    def write_result(self, job: str, write: Callable[[BinaryIO], object]) -> int:
        """Keep the result; gives its bytes.

        Parameters
        ----------
        job : str
            Its id.
        write : callable
            Writes it.
        """
        path = self._of(job) / _RESULT
        _keep(path, write)
        return path.stat().st_size

    def open_result(self, job: str) -> BinaryIO:
        """Open the result to be read.

        Parameters
        ----------
        job : str
            Its id.

        Raises
        ------
        FileNotFoundError
            If it is gone.
        """
        return open(self._of(job) / _RESULT, "rb")

    def tidy(self, job: str) -> None:
        """Delete what nobody needs beside the result.

        Parameters
        ----------
        job : str
            Its id.
        """
        with suppress(FileNotFoundError):
            for path in self._of(job).iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name != _RESULT:
                    path.unlink(missing_ok=True)

    def remove(self, job: str) -> None:
        """Delete all files of a job.

        Parameters
        ----------
        job : str
            Its id.
        """
        shutil.rmtree(self._of(job), ignore_errors=True)

    def sweep(self, known: Mapping[str, JobRecord], kept_s: float) -> None:
        """Delete files of jobs that are over, and old ones of jobs of which nobody knows.

        Parameters
        ----------
        known : mapping of str to JobRecord
            All jobs by id.
        kept_s : float
            Seconds for which files of unknown jobs are left alone: another server, or none yet, may know them.
        """
        now = time.time()
        for path in list(self._root.iterdir()):
            if not _JOB.fullmatch(path.name):
                continue
            record = known.get(path.name)
            if record is None:
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < now - kept_s:
                        self.remove(path.name)
            elif record.until < now or record.status in ("failed", "cancelled"):
                self.remove(path.name)
            elif record.status == "succeeded":
                self.tidy(path.name)

    def _of(self, job: str) -> Path:
        return self._root / job


def _keep(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file that is there whole or not at all, whoever writes the same one beside."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        with open(new, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
        _sync(path.parent)
    finally:
        new.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
