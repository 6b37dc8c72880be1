"""Writes a savepoint session by session, and goes on with one that a process which was killed has begun."""

import fcntl
import os
from pathlib import Path
from typing import Self

from service.errors import ServiceError
from service.savepoints.archive import (
    FIRST,
    LAST,
    Chain,
    SavepointError,
    first_member,
    member_bytes,
    members,
)
from service.serving.sessions.state_file import check_state, read_state, write_state
from service.stores.interface import Record

_END_OF_TAR = bytes(1024)


class SavepointWriter:
    """Writes beside the file, as ``FILE.part``, until all sessions are in it; used with ``with``.

    Parameters
    ----------
    path : Path
        The file.
    secret : bytes
        By which it is signed.
    model : str or None
        Whose sessions; None for all.

    Attributes
    ----------
    last : Record or None
        The last session that an earlier process wrote; None where there was none.

    Raises
    ------
    SavepointError
        If the file is there already, another process writes it, or what was begun is of another model or secret.
    OSError
        If it cannot be written.
    """

    def __init__(self, path: Path, secret: bytes, model: str | None) -> None:
        if path.exists():
            raise SavepointError(f"{path}: there already; name another file, or delete it first")
        self._path, self._part, self._secret = path, path.with_name(f"{path.name}.part"), secret
        self._chain = Chain(secret)
        self.last: Record | None = None
        descriptor = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "r+b", buffering=1 << 20)
        try:
            self._begin(first_member(secret, model))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Give the writer itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file; what was written can be gone on with."""
        self._file.close()

    @property
    def sessions(self) -> int:
        """Sessions that are written, by earlier processes too."""
        return self._chain.sessions

    def add(self, record: Record, state: bytes) -> None:
        """Write one session.

        Parameters
        ----------
        record : Record
            The session.
        state : bytes
            Its rows of state.
        """
        data = write_state(record, state, self._secret, addressed=True)
        self._file.write(member_bytes(f"{record.key}.safetensors", data))
        self._chain.add(check_state(data, self._secret)["signature"])

    def finish(self) -> int:
        """Say how many there are, and give the file its name; it is on the disk when this returns.

        Returns
        -------
        int
            Bytes of the file.
        """
        self._file.write(member_bytes(LAST, self._chain.last_member()) + _END_OF_TAR)
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self._part.rename(self._path)
        return size

    def _begin(self, first: bytes) -> None:
        """Begin, or find where an earlier process ended, and cut off what it left half written."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SavepointError(f"{self._part}: another process writes it; wait for that") from None
        written = members(self._file)
        begun = next(written, None)
        if begun is None:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(member_bytes(FIRST, first))
            return
        if begun[:2] != (FIRST, first):
            raise SavepointError(
                f"{self._part}: begun with another --model or another secret; delete it, or name another file"
            )
        whole, last = begun.end, b""
        for one in written:
            if one.name == LAST:
                break
            try:
                self._chain.add(check_state(one.data, self._secret)["signature"])
            except ServiceError:
                break
            whole, last = one.end, one.data
        self._file.seek(whole)
        self._file.truncate()
        if last:
            self.last = read_state(last, self._secret)[0]
