"""From a store to a savepoint: every session of one moment, some at a time."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from service.engine import ModelAbsent
from service.savepoints.writer import SavepointWriter
from service.serving.sessions.listing import is_of
from service.stores.interface import Record, SharedStore, Store

States = Callable[[str], bytes | None]

SESSIONS_AT_ONCE = 64
"""Sessions that are in memory together."""


def export_sessions(store: Store, writer: SavepointWriter, model: str | None, now: float, states: States) -> list[str]:
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
    states : callable
        Reads the state of a session by its key, see ``StoredStates.read``.

    Returns
    -------
    list of str
        Sessions that were left out, because their last observations wait for their model.

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
    absent: list[str] = []
    while chunk := list(islice(living, SESSIONS_AT_ONCE)):
        for record, state in _whole(store, chunk, states, absent):
            writer.add(record, state)
    return absent


def _whole(
    store: Store, records: Iterable[Record], states: States, absent: list[str]
) -> Iterator[tuple[Record, bytes]]:
    """Give sessions with their states, each of one moment; those that were deleted meanwhile not, nor the absent."""
    held: dict[str, tuple[Record, bytes]] = {}
    waiting: dict[str, Record | None] = {record.key: record for record in records}
    order = list(waiting)
    while waiting:
        read: dict[str, tuple[Record, bytes]] = {}
        for record in waiting.values():
            if record is None or record.dropped:
                continue
            try:
                state = states(record.key)
            except ModelAbsent:
                absent.append(record.name or record.key)
                continue
            if state is not None:
                read[record.key] = record, state
        held |= read
        waiting = {}
        if isinstance(store, SharedStore) and read:
            waiting = store.changed({key: one.digest for key, (one, _) in read.items()})
        for key in waiting:
            del held[key]
    return (held[key] for key in order if key in held)
