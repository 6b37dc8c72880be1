"""The sessions of one owner in pages, in the order of their ids."""

import base64
import binascii

from service.errors import Loading, Unprocessable
from service.serving.runtime import Runtime
from service.serving.views import session_details
from service.stores.interface import Record, StoreError
from service.threads import STORE

LONGEST_PAGE = 1000
_LOOKED_AT = 10_000
"""Sessions that one request looks at; where few of them are of the model, a page is short and says how to go on."""


async def list_sessions(
    runtime: Runtime, owner: str, prefix: str, model: str | None, limit: int, cursor: str | None
) -> dict[str, object]:
    """Give a page of sessions.

    Parameters
    ----------
    runtime : Runtime
        Has them.
    owner : str
        Whose they are.
    prefix : str
        How their ids begin.
    model : str or None
        Of which they are: ``name``, ``name@version`` or a digest; None for any.
    limit : int
        Sessions at most.
    cursor : str or None
        What the page before gave; None for the first.

    Returns
    -------
    dict
        ``sessions`` as ``GET /sessions/{id}`` describes each, and ``cursor``, None on the last page.

    Raises
    ------
    Unprocessable
        If the cursor is none.
    Loading
        If the store cannot be read.
    """
    found: list[dict[str, object]] = []
    after, left = _after(cursor), _LOOKED_AT
    now = runtime.sessions.certain()
    while left > 0:
        size = min(LONGEST_PAGE, left, limit + 1)
        try:
            read = await STORE.run(runtime.store.named, owner, prefix, after, size)
        except StoreError as error:
            raise Loading(f"sessions: {error}", code="store_failed") from error
        left -= size
        for stored in read:
            if len(found) == limit:
                return {"sessions": found, "cursor": _cursor(after)}
            after = stored.name
            record = _newest(runtime, stored)
            if not record.dropped and record.expires_at > now and is_of(record, model):
                found.append(session_details(record, after))
        if len(read) < size:
            return {"sessions": found, "cursor": None}
    return {"sessions": found, "cursor": _cursor(after)}


def _newest(runtime: Runtime, record: Record) -> Record:
    """Give a session as this process knows it, if it knows it better and no request is changing it."""
    if runtime.sessions.turns.taken(record.key):
        return record
    return runtime.residents.record(record.key) or record


def is_of(record: Record, model: str | None) -> bool:
    """Whether a session is of a model.

    Parameters
    ----------
    record : Record
        The session.
    model : str or None
        ``name``, ``name@version``, ``name@digest`` or a digest; None for any.
    """
    name = record.model_name.rpartition("@")[0]
    return model is None or model in (name, record.model_name, record.model, f"{name}@{record.model}")


def _cursor(after: str) -> str:
    return base64.urlsafe_b64encode(after.encode()).decode().rstrip("=")


def _after(cursor: str | None) -> str:
    if cursor is None:
        return ""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Unprocessable(
            f"cursor: expected what the page before gave, got {cursor[:80]!r}; leave it out for the first page"
        ) from None
