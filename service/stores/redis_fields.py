"""A session as the fields of a Redis hash, and what is written as the words of a script."""

from collections.abc import Sequence

import orjson

from service.stores.documents import redis_hash
from service.stores.documents.document import Document
from service.stores.interface import Answer, Delete, Put, Record, StoreError, Touch, Write
from service.stores.record_columns import COLUMNS, from_row, to_row

FIELDS = (
    "digest",
    "used",
    "ends",
    "birth",
    "numbers",
    "tail",
    "issued",
    "scores",
    "owner",
    "name",
    "anchor",
    "dropped",
)
"""Fields of a record; ``state`` lies beside them."""

_NUMBERS = ("last_clock", "count", "checksum", "request_begin", "request_end", "request_crc", "issued_start")


def to_fields(record: Record) -> list[bytes | str]:
    """Take a record apart.

    Parameters
    ----------
    record : Record
        One session, no tombstone.

    Returns
    -------
    list
        Values of ``FIELDS`` but the last.
    """
    row = dict(zip(COLUMNS, to_row(record), strict=True))
    return [
        row["digest"],
        repr(row["last_used"]),
        repr(row["expires_at"]),
        row["birth"],
        orjson.dumps([row[name] for name in _NUMBERS]),
        row["tail"],
        row["issued"] or b"",
        row["scores"],
        row["owner"],
        row["name"],
        row["anchor"] or b"",
    ]


def from_fields(key: str, values: Sequence[bytes | None]) -> Record | None:
    """Give back the record that ``to_fields`` took apart.

    Parameters
    ----------
    key : str
        Of the session.
    values : sequence of bytes or None
        Values of ``FIELDS``.

    Returns
    -------
    Record or None
        None where there is no session.

    Raises
    ------
    ValueError, KeyError, TypeError
        If the fields are damaged.
    """
    digest, used, ends, birth, numbers, tail, issued, scores, owner, name, anchor, dropped = values
    if digest is None or birth is None or numbers is None:
        return None
    row = dict(zip(_NUMBERS, orjson.loads(numbers), strict=True))
    row |= {
        "key": key,
        "birth": birth,
        "tail": tail,
        "issued": issued or None,
        "scores": scores,
        "digest": digest.decode(),
        "last_used": float(used or b""),
        "expires_at": float(ends or b""),
        "dropped": dropped is not None,
        "owner": (owner or b"").decode(),
        "name": (name or b"").decode(),
        "anchor": anchor,
    }
    return from_row(tuple(row[name] for name in COLUMNS))


def words_of(write: Write) -> list[bytes | str]:
    """Give a write as ``redis_commit.lua`` reads it.

    Parameters
    ----------
    write : Write
        Of a commit.

    Raises
    ------
    StoreError
        If it is of a journal, which Redis has none of.
    """
    if isinstance(write, Document):
        return redis_hash.words(write)
    if isinstance(write, Put):
        after = "*" if write.after is None else write.after
        return ["P", write.record.key, after, *to_fields(write.record), write.state]
    if isinstance(write, Touch):
        after = "*" if write.after is None else write.after
        return ["T", write.key, after, repr(write.last_used), repr(write.expires_at)]
    if isinstance(write, Delete):
        return ["D", write.key, "*" if write.after is None else write.after]
    if isinstance(write, Answer):
        return ["A", write.key, str(int(1e3 * write.until)), write.content]
    raise StoreError(f"{type(write).__name__}: this store keeps no journal")
