"""Where a request with an ``Idempotency-Key`` stands in a session, kept by the commit that put it there.

What it is answered is kept only after that. Whoever is cut off between the two sends it again, perhaps while another
replica is still at work on the first one; the receipt says what of it the session has read.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, Self, TypeVar

import orjson

from service.errors import Loading
from service.stores.interface import Answer, Put, Record, Store, StoreError
from service.threads import STORE

KEPT_FOR = 86_400.0
"""Seconds."""


class Repeatable(Protocol):
    """A part of a request that may have been applied before."""

    @property
    def receipt(self) -> str:
        """Under which its receipt is kept; "" for a request without a key."""

    def again(self, begin: int) -> Self:
        """Give the same part as one that was applied from a time index on.

        Parameters
        ----------
        begin : int
            Time index of its first step.

        Returns
        -------
        Self
            What reads the same steps once more.
        """


R = TypeVar("R", bound=Repeatable)


class _Receipt(NamedTuple):
    birth: float
    """``Record.created_at`` of the session: another of its name has read nothing of the request."""
    begin: int
    """Time index of the first step."""


@dataclass(eq=False, slots=True)
class RequestKey:
    """The ``Idempotency-Key`` of a request at work."""

    name: str
    """Hash of owner and key."""
    final: bool = True
    """Whether the answer is to be kept: not where a part of it may fare better if it is sent again."""


def receipt_key(request: RequestKey | None, place: int) -> str:
    """Name the receipt of a part of a request.

    Parameters
    ----------
    request : RequestKey or None
        None where it has no key.
    place : int
        Of the part in the request.

    Returns
    -------
    str
        Key of an ``Answer``; "" where there is none.
    """
    return "" if request is None else hashlib.sha256(f"{request.name}/{place}".encode()).hexdigest()


def with_receipt(put: Put, key: str) -> Put:
    """Have a session put together with the receipt of what its last request brought.

    Parameters
    ----------
    put : Put
        The session.
    key : str
        What ``receipt_key`` gave.

    Returns
    -------
    Put
        The same one where there is no key.
    """
    record = put.record
    if not key or record.request is None:
        return put
    content = orjson.dumps([float(record.created_at), int(record.request.begin)])
    return replace(put, receipt=Answer(key, content, record.last_used, record.last_used + KEPT_FOR))


class WrittenText(NamedTuple):
    """A text that a session went on with, kept by the commit that put the session there."""

    birth: float
    """``Record.created_at`` of the session."""
    text: str
    finish_reason: str
    completion_tokens: int
    seed: int


def with_text(put: Put, key: str, written: WrittenText) -> Put:
    """Have a session put together with the text that was its last.

    Parameters
    ----------
    put : Put
        The session.
    key : str
        What ``receipt_key`` gave.
    written : WrittenText
        The text.

    Returns
    -------
    Put
        The same one where there is no key.
    """
    record = put.record
    if not key:
        return put
    return replace(put, receipt=Answer(key, orjson.dumps(list(written)), record.last_used, record.last_used + KEPT_FOR))


async def text_of(store: Store, key: str, record: Record) -> WrittenText | None:
    """Find the text that a request under a key was answered with, where its session has it.

    Parameters
    ----------
    store : Store
        Where receipts are.
    key : str
        What ``receipt_key`` gave.
    record : Record
        The session as it stands.

    Returns
    -------
    WrittenText or None
        None where the request is new, or was of another session of the name.

    Raises
    ------
    Loading
        If the store cannot be read.
    """
    if not key:
        return None
    content = await _read(store, [(key, record)])
    found = None if content[0] is None else WrittenText(*orjson.loads(content[0]))
    return found if found is not None and found.birth == record.created_at else None


async def as_applied(store: Store, parts: Sequence[tuple[R, Record | None]]) -> list[R]:
    """Find out which parts of requests their sessions have read already, and where.

    Parameters
    ----------
    store : Store
        Where receipts are.
    parts : sequence of (Repeatable, Record or None)
        Each with its session, which was read before: what is applied from now on will find another one there.

    Returns
    -------
    list of Repeatable
        In their order; as they came where they are new.

    Raises
    ------
    Loading
        If the store cannot be read.
    """
    if not any(record is not None and part.receipt for part, record in parts):
        return [part for part, _ in parts]
    contents = await _read(store, [(part.receipt, record) for part, record in parts])
    return [_as_applied(part, record, content) for (part, record), content in zip(parts, contents, strict=True)]


async def _read(store: Store, wanted: Sequence[tuple[str, Record | None]]) -> list[bytes | None]:
    def read() -> list[bytes | None]:
        return [store.answer(key, record.last_used) if key and record is not None else None for key, record in wanted]

    try:
        return await STORE.run(read)
    except StoreError as error:
        raise Loading(f"Idempotency-Key: {error}; send the request again", code="store_failed") from error


def _as_applied(part: R, record: Record | None, content: bytes | None) -> R:
    if record is None or content is None:
        return part
    found = _Receipt(*orjson.loads(content))
    return part.again(found.begin) if found.birth == record.created_at else part
