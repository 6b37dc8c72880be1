"""A savepoint: a tar of sessions as ``GET /sessions/{id}/state`` gives them, first what it is, last how many there are.

Members are written and read one at a time, so a savepoint of any size takes the memory of one session.
"""

import hashlib
import hmac
import json
import tarfile
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

FORMAT = "statecast-savepoint"
SCHEMA = 1
"""Of the file. Sessions within have a schema of their own, see ``state_file``."""
FIRST, LAST = "savepoint.json", "end.json"
"""Names of the members around the sessions."""

_BLOCK = 512
_LARGEST = 1 << 28
"""Bytes of a member at most; no session is as large."""
_UNKNOWN = "savepoint: expected a file that python -m service export wrote, got something else"


class SavepointError(Exception):
    """A file is no savepoint, or a damaged one, or was signed with another secret."""


class Member(NamedTuple):
    """One file of a tar.

    Parameters
    ----------
    name : str
        Its name.
    data : bytes
        What it holds.
    end : int
        Where in the tar it ends.
    """

    name: str
    data: bytes
    end: int


def member_bytes(name: str, data: bytes) -> bytes:
    """Lay a file out as tar has it.

    Parameters
    ----------
    name : str
        Its name.
    data : bytes
        What it holds.

    Returns
    -------
    bytes
        Whole blocks.
    """
    about = tarfile.TarInfo(name)
    about.size, about.mode = len(data), 0o600
    return about.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % _BLOCK)


def members(file: BinaryIO) -> Iterator[Member]:
    """Read the members of a tar up to its end, or up to the first that is not whole.

    Parameters
    ----------
    file : file
        At the beginning of a member.

    Yields
    ------
    Member
        Each whole one.
    """
    place = file.tell()
    while len(block := file.read(_BLOCK)) == _BLOCK:
        try:
            about = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError):
            return
        if not 0 <= about.size <= _LARGEST:
            return
        padded = about.size + -about.size % _BLOCK
        data = file.read(padded)
        if len(data) < padded:
            return
        place += _BLOCK + padded
        yield Member(about.name, data[: about.size], place)


def first_member(secret: bytes, model: str | None) -> bytes:
    """Say what a savepoint holds, signed.

    Parameters
    ----------
    secret : bytes
        By which it is signed.
    model : str or None
        Whose sessions; None for all.

    Returns
    -------
    bytes
        What ``savepoint.json`` holds.
    """
    about = {"format": FORMAT, "schema": SCHEMA, "model": model}
    return _signed(about, secret)


def check_first(data: bytes, secret: bytes) -> None:
    """Refuse what is no savepoint of this release, or was signed with another secret.

    Parameters
    ----------
    data : bytes
        What ``savepoint.json`` holds.
    secret : bytes
        By which it must be signed.

    Raises
    ------
    SavepointError
        It says what to do.
    """
    try:
        about: dict[str, Any] = json.loads(data)
        known = about["format"] == FORMAT
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SavepointError(_UNKNOWN) from None
    if not known:
        raise SavepointError(_UNKNOWN)
    if about.get("schema") != SCHEMA:
        raise SavepointError(
            f"savepoint: expected schema {SCHEMA}, got {str(about.get('schema'))[:20]}; import it with the release "
            "that wrote it, or a later one"
        )
    about.pop("signature", None)
    if not hmac.compare_digest(_signed(about, secret), data):
        raise SavepointError(
            "savepoint: signed with another secret, or changed; set STATECAST_STATE_SECRET to that of the server "
            "whose sessions it has (where it had none, to what is in PATH.secret beside its SQLite file)"
        )


class Chain:
    """Signs the sessions of a savepoint in their order, so that none can be left out, added or moved.

    Parameters
    ----------
    secret : bytes
        By which they are signed.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret, self._running = secret, hmac.new(secret, FORMAT.encode(), hashlib.sha256)
        self.sessions = 0

    def add(self, signature: str) -> None:
        """Go on with one session.

        Parameters
        ----------
        signature : str
            Of its file.
        """
        self._running.update(signature.encode())
        self.sessions += 1

    def last_member(self) -> bytes:
        """Give what ``end.json`` holds after these sessions.

        Returns
        -------
        bytes
            Signed.
        """
        return _signed({"sessions": self.sessions, "chain": self._running.hexdigest()}, self._secret)


def _signed(about: dict[str, Any], secret: bytes) -> bytes:
    signature = hmac.new(secret, json.dumps(about, sort_keys=True).encode(), hashlib.sha256).hexdigest()
    return json.dumps(about | {"signature": signature}, sort_keys=True).encode()
