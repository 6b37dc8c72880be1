"""From a savepoint to a store: what is damaged is found before anything is written, and what is there is left."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from service.errors import Conflict, ServiceError
from service.models.catalog import Catalog
from service.savepoints.archive import FIRST, LAST, Chain, Member, SavepointError, check_first, members
from service.serving.sessions.replacement import check_later, check_loaded
from service.serving.sessions.state_file import check_state, read_state
from service.stores.interface import Put, Record, SharedStore, Store, commit_unmoved

SESSIONS_AT_ONCE, BYTES_AT_ONCE = 256, 16 << 20
"""Sessions, and bytes of them, that are written in one commit at most."""

Held = tuple[Record, bytes]
"""A session and its state."""


@dataclass
class Imported:
    """What an import came to.

    Parameters
    ----------
    written : int
        Sessions that the store has now from the savepoint.
    there : int
        Sessions that it had already, as they are in the savepoint or further on.
    others : list of str
        Ids of sessions whose place another series has; these were left as they are.
    """

    written: int = 0
    there: int = 0
    others: list[str] = field(default_factory=list)


def check_savepoint(file: BinaryIO, secret: bytes, here: Collection[str]) -> int:
    """Read a savepoint from end to end and refuse it whole if anything of it is wrong.

    Parameters
    ----------
    file : file
        At its beginning; left there.
    secret : bytes
        By which it must be signed.
    here : collection of str
        Digests of the models that are here.

    Returns
    -------
    int
        Sessions in it.

    Raises
    ------
    SavepointError
        If it is none, damaged, cut off, signed with another secret, or has sessions of models that are not here.
    """
    chain, last = Chain(secret), b""
    missing: set[str] = set()
    for one in _behind_first(file, secret):
        if one.name == LAST:
            last = one.data
            break
        about = _checked(one, chain.sessions, secret)
        chain.add(about["signature"])
        if about["model"] not in here:
            missing.add(f"{about['model_name']} ({about['model']})")
    if last != chain.last_member():
        raise SavepointError(
            f"savepoint: cut off or changed after {chain.sessions} sessions; nothing was imported, get the whole file"
        )
    if missing:
        raise SavepointError(
            f"savepoint: it has sessions of {', '.join(sorted(missing))}; put these artifacts into STATECAST_ARTIFACTS"
            ", or export the sessions of the others alone with --model"
        )
    file.seek(0)
    return chain.sessions


def import_sessions(
    file: BinaryIO, secret: bytes, catalogue: Catalog, store: Store, now: float, ttl: float
) -> Imported:
    """Put the sessions of a savepoint into a store; done again after a kill, it goes on.

    Parameters
    ----------
    file : file
        A savepoint that ``check_savepoint`` has read.
    secret : bytes
        By which it is signed.
    catalogue : Catalog
        The models that are here.
    store : Store
        Where to. A session that is there stays, unless the savepoint's is the same series further on.
    now : float
        Seconds since 1970: a new life begins.
    ttl : float
        Seconds that it lasts without use.

    Returns
    -------
    Imported
        How many.

    Raises
    ------
    SavepointError, StoreError
        If a session cannot be read or written; those before it are there.
    """
    done = Imported()
    for batch in _batches(file, secret, catalogue):
        left = batch
        while left:
            moved = _write(store, left, done, now, ttl)
            left = [one for one in left if one[0].key in moved]
    return done


def _write(store: Store, batch: Sequence[Held], done: Imported, now: float, ttl: float) -> frozenset[str]:
    """Put sessions where they may be put; gives those that another process has written meanwhile."""
    known = _known(store, [record for record, _ in batch])
    puts: list[Put] = []
    for record, state in batch:
        held = known[record.key]
        if _fits(record, held, done):
            # A tombstone has a digest too, and nobody goes on from it.
            after = None if held is not None and held.dropped else "" if held is None else held.digest
            # A life of its own: what a journal has of an earlier one of this key is not this one's.
            born = replace(record, created_at=now, last_used=now, expires_at=now + ttl, dropped=False)
            puts.append(Put(born, state, after))
    moved = commit_unmoved(store.commit, puts)
    done.written += len(puts) - len(moved)
    return moved


def _behind_first(file: BinaryIO, secret: bytes) -> Iterator[Member]:
    read = members(file)
    first = next(read, None)
    check_first(first.data if first is not None and first.name == FIRST else b"", secret)
    return read


def _checked(one: Member, place: int, secret: bytes) -> dict[str, str]:
    try:
        return dict(check_state(one.data, secret))
    except ServiceError as error:
        raise SavepointError(f"savepoint: its session {place} is damaged ({error.code}); get the file anew") from None


def _batches(file: BinaryIO, secret: bytes, catalogue: Catalog) -> Iterator[list[Held]]:
    batch: list[Held] = []
    size = 0
    for one in _behind_first(file, secret):
        if one.name == LAST:
            break
        try:
            record, state = read_state(one.data, secret)
            check_loaded(catalogue, record, state)
        except ServiceError as error:
            raise SavepointError(f"savepoint: {one.name}: {error.detail}") from None
        batch.append((record, state))
        size += len(state)
        if len(batch) == SESSIONS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    yield batch


def _known(store: Store, records: Sequence[Record]) -> dict[str, Record | None]:
    keys = [record.key for record in records]
    if isinstance(store, SharedStore):
        return store.changed(dict.fromkeys(keys, ""))
    return {key: store.get(key) for key in keys}


def _fits(record: Record, held: Record | None, done: Imported) -> bool:
    """Whether a session may take the place that it had; if not, why is counted."""
    if held is None or held.dropped:
        return True
    try:
        if held.digest != record.digest:
            check_later(record.name, held, record)
            return True
    except Conflict as error:
        if error.code == "session_exists":
            done.others.append(record.name or record.key)
            return False
    done.there += 1
    return False
