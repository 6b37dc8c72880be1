"""A session as the fields of a Redis hash."""

from collections.abc import Sequence

import orjson

from service.stores.record import Record
from service.stores.record_columns import COLUMNS, from_row, to_row

FIELDS = ("digest", "used", "ends", "birth", "numbers", "tail", "issued", "scores", "owner", "name", "dropped")
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
    digest, used, ends, birth, numbers, tail, issued, scores, owner, name, dropped = values
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
    }
    return from_row(tuple(row[name] for name in COLUMNS))
