"""From a store to a savepoint: every session of one moment, some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice

from service.savepoints.writer import SavepointWriter
from service.serving.sessions.listing import is_of
from service.stores.interface import Record, SharedStore, Store

SESSIONS_AT_ONCE = 64
"""Sessions that are in memory together."""


def export_sessions(store: Store, writer: SavepointWriter, model: str | None, now: float) -> None:
    """Write all sessions that live; other processes may go on with those of a shared store meanwhile.

    Parameters
    ----------
    store : Store
        Has them, with nothing left in its journal.
    writer : SavepointWriter
        Goes on behind its ``last``.
    model : str or None
        Whose sessions, see ``is_of``; None for all.
    now : float
        Seconds since 1970. Sessions that have expired are left out.

    Raises
    ------
    StoreError, OSError
        If one cannot be read or written.
    """
    living = (
        record
        for record in store.sessions(writer.last)
        if not record.dropped and record.expires_at > now and is_of(record, model)
    )
    while chunk := list(islice(living, SESSIONS_AT_ONCE)):
        for record, state in _whole(store, chunk):
            writer.add(record, state)


def _whole(store: Store, records: Iterable[Record]) -> Iterator[tuple[Record, bytes]]:
    """Give sessions with their states, each of one moment; those that were deleted meanwhile not."""
    held: dict[str, tuple[Record, bytes]] = {}
    waiting: dict[str, Record | None] = {record.key: record for record in records}
    order = list(waiting)
    while waiting:
        read = {
            key: (record, state)
            for key, record in waiting.items()
            if record is not None and not record.dropped and (state := store.state(key)) is not None
        }
        held |= read
        waiting = {}
        if isinstance(store, SharedStore) and read:
            waiting = store.changed({key: one.digest for key, (one, _) in read.items()})
        for key in waiting:
            del held[key]
    return (held[key] for key in order if key in held)
