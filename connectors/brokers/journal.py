"""Which identity was given to which MQTT message, on disk: MQTT itself names a message only while it is on its way."""

import hashlib
import sqlite3
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Sent(NamedTuple):
    """A message as MQTT hands it over.

    Parameters
    ----------
    number : int
        Packet identifier, from 1 to 65,535; it stays while the message is not acknowledged, and then names another.
    again : bool
        Whether it may have come before (DUP).
    topic : str
        Where it was published.
    payload : bytes
        Its content.
    """

    number: int
    again: bool
    topic: str
    payload: bytes


class Journal:
    """Identities of the last message of each packet identifier.

    Parameters
    ----------
    path : Path
        SQLite file; made when the first identity is given.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None

    def identify(self, messages: Sequence[Sent]) -> list[str]:
        """Give each message an identity that it keeps; on disk when this returns.

        Parameters
        ----------
        messages : sequence of Sent
            As they came.

        Returns
        -------
        list of str
            In their order.
        """
        database = self._open()
        found = []
        with database:  # one transaction
            for message in messages:
                digest = hashlib.sha256(message.topic.encode() + b"\0" + message.payload).digest()
                kept = database.execute(
                    "select digest, identity from messages where number = ?", (message.number,)
                ).fetchone()
                if message.again and kept is not None and kept[0] == digest:
                    found.append(str(kept[1]))
                    continue
                found.append(f"mqtt:{uuid.uuid4().hex}")
                database.execute(
                    "insert or replace into messages values (?, ?, ?)", (message.number, digest, found[-1])
                )
        return found

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, check_same_thread=False)
            self._database.execute("pragma synchronous = full")
            self._database.execute(
                "create table if not exists messages (number integer primary key, digest blob, identity text)"
            )
        return self._database

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None
