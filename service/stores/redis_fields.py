"""A session as the fields of a Redis hash, and what is written as the words of a script."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
import orjson

from service.stores.documents import redis_hash
from service.stores.documents.document import Document
from service.stores.interface import Advance, Answer, Delete, Put, Record, StoreError, Touch, Write
from service.stores.record_columns import COLUMNS, from_row, to_row
from service.stores.states.births import pack_birth, unpack_birth
from service.stores.states.packed import PLAIN, pack_state

FIELDS = (
    "digest", "used", "ends", "birth", "numbers", "tail", "issued", "scores", "owner", "name", "anchor", "steps",
    "dropped",
)  # fmt: skip
"""Fields of a record; ``state`` lies beside them. ``steps`` are observations since it was put, which the tail lacks."""

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
        Values of ``FIELDS`` but the last two.
    """
    row = dict(zip(COLUMNS, to_row(record, packed=True), strict=True))
    return [
        row["digest"],
        repr(row["last_used"]),
        repr(row["expires_at"]),
        pack_birth(row["birth"]),
        # An earlier release kept the list alone. It refuses this, of which it could not read all.
        orjson.dumps([[row[name] for name in _NUMBERS]]),
        row["tail"],
        row["issued"] or b"",
        row["scores"],
        row["owner"],
        row["name"],
        row["anchor"] or b"",
    ]


def from_fields(key: str, values: Sequence[bytes | None]) -> Record | None:
    """Give back the record that ``to_fields`` took apart, after the steps since.

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
    digest, used, ends, birth, numbers, tail, issued, scores, owner, name, anchor, steps, dropped = values
    if digest is None or birth is None or numbers is None:
        return None
    row, length, changed = _numbers(orjson.loads(numbers))
    row |= {
        "key": key,
        "birth": unpack_birth(birth),
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
    record = from_row(tuple(row[name] for name in COLUMNS), changed)
    if steps is None or dropped is not None:
        return record
    later = np.concatenate([record.tail, np.frombuffer(steps, "<f8")[None]], axis=1)
    tail_now = later[:, later.shape[1] - length :]
    return replace(record, tail=tail_now, given_tail=np.full((1, 0, tail_now.shape[1]), nan))


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
    if isinstance(write, Advance):
        return [word for words in _advanced(write) for word in words]
    if isinstance(write, Document):
        return redis_hash.words(write)
    if isinstance(write, Put):
        after = "*" if write.after is None else write.after
        return ["P", write.record.key, after, *to_fields(write.record), pack_state(write.state)]
    if isinstance(write, Touch):
        after = "*" if write.after is None else write.after
        return ["T", write.key, after, repr(write.last_used), repr(write.expires_at)]
    if isinstance(write, Delete):
        return ["D", write.key, "*" if write.after is None else write.after]
    if isinstance(write, Answer):
        return ["A", write.key, str(int(1e3 * write.until)), write.content]
    raise StoreError(f"{type(write).__name__}: this store keeps no journal")


def _advanced(write: Advance) -> Iterator[tuple[bytes | str, ...]]:
    """The words of each session, fields as ``to_fields`` has them; metrics are those of the scores beside them."""
    tables = write.forecasts[:, (1, 0, 2)].astype("<f8", copy=False)
    scales, scores = write.scale.astype("<f8", copy=False), write.scores.astype("<f8", copy=False)
    values = np.where(np.isnan(write.values), nan, write.values).astype("<f8")
    columns = (
        write.index,
        write.count,
        write.checksum,
        write.tail_length,
        write.below_zero,
        write.used,
        write.expires_at,
    )
    for place, (index, count, checksum, length, below, used, ends) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        value = values[place].tobytes()
        yield (
            "S",
            write.keys[place],
            write.after[place],
            write.digests[place],
            repr(used),
            repr(ends),
            orjson.dumps([[index, count, checksum, zlib.crc32(value), length, below], write.sizes]),
            scales[place].tobytes() + PLAIN + tables[place].tobytes(),
            scores[place].tobytes(),
            value,
        )


def _numbers(kept: list[Any]) -> tuple[dict[str, Any], int, dict[str, Any] | None]:
    """Numbers by their columns; of a session that is ahead of its state the tail's length, and what its birth lacks."""
    if len(kept) == 2:
        (index, count, checksum, crc, length, below), metrics = kept
        plain = [index, count, checksum, index, index, crc, index + 1]
        return dict(zip(_NUMBERS, plain, strict=True)), length, {"metrics": metrics, "below_zero": [below]}
    plain = kept[0] if len(kept) == 1 else kept  # as an earlier release kept them
    return dict(zip(_NUMBERS, plain, strict=True)), 0, None
