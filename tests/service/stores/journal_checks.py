"""What every state store must do as a whole: with what is appended, and with all sessions; see ``conformance.py``."""

from dataclasses import replace

import numpy as np
import pytest

from service.sessions.session_key import key_of
from service.stores.interface import Append, Delete, Put, Record, Store, Trim

STATE = b"state"


def bare_record(key: str) -> Record:
    return Record(
        key=key, model="m", model_name="m@1", freq=None, offset=0, variables=("",), static=np.zeros(0, np.float32),
        interval=0.8, first_index=0, last_index=1, count=2, tail=np.zeros((1, 2), np.float32), checksum=0,
        created_at=1.5, last_used=2.0, expires_at=3.0,
    )  # fmt: skip


def append_of(sequence: int, *names: str, steps: int = 2, birth: float = 0.1 + 0.2) -> Append:
    draw = np.random.default_rng(sequence)
    values = draw.normal(size=(len(names), steps)) * 1e9
    values[:, 1:2] = np.nan
    births, index = np.full(len(names), birth), np.arange(len(names), dtype=np.int64) - 2**40
    return Append(sequence, [key_of("", name) for name in names], births, index, values, 1.7e9 + sequence / 3)


def same_append(a: Append, b: Append) -> bool:
    arrays = ((a.births, b.births), (a.index, b.index), (a.values, b.values))
    return (
        (a.sequence, list(a.keys), a.used) == (b.sequence, list(b.keys), b.used)
        and all(x.dtype == y.dtype and x.shape == y.shape for x, y in arrays)
        and all(np.array_equal(x, y, equal_nan=True) for x, y in arrays)
    )


def kept(store: Store, *appends: Append) -> bool:
    """Whether the journal holds just these; of a store that keeps none, whether it is empty."""
    found, expected = list(store.appended()), appends if store.journaled and store.durable else ()
    return len(found) == len(expected) and all(map(same_append, found, expected))


def check_what_is_appended_comes_back_in_order(store: Store) -> None:
    """Replayed in another order, observations would be another series."""
    assert kept(store)
    if not store.journaled:
        return
    appends = [append_of(n, f"a{n}", "b", "c") for n in range(3, 300)]
    store.commit(appends[:1])
    store.commit(appends[1:])
    assert kept(store, *appends)


def check_appends_of_any_size(store: Store) -> None:
    """None, one, and a batch larger than any that is formed."""
    if not store.journaled:
        return
    names = [f"s{n}" for n in range(20_000)]
    appends = [
        append_of(1),
        append_of(2, "one", steps=1),
        append_of(3, *names, steps=3),
        append_of(2**60, "x", steps=0),
    ]
    for append in appends:
        store.commit([append])
    assert kept(store, *appends)


def check_trim_drops_what_snapshots_hold(store: Store) -> None:
    """Left there, the journal would grow for ever; dropped too far, answered observations would be lost."""
    if not store.journaled:
        return
    appends = [append_of(n, "k") for n in (1, 2, 5, 9)]
    store.commit(appends)
    store.commit([Trim(0)])
    assert kept(store, *appends)
    store.commit([Put(bare_record("k"), STATE), Trim(5)])
    assert kept(store, appends[3]) and store.state("k") == STATE
    store.commit([append_of(10, "k"), Trim(9), append_of(11, "k")])
    assert kept(store, append_of(10, "k"), append_of(11, "k"))
    store.commit([Trim(11)])
    assert kept(store)


def check_the_journal_is_written_all_or_none_with_the_rest(store: Store) -> None:
    """A snapshot without its trim would be replayed into; a trim without its snapshot would lose observations."""
    if not store.journaled:
        return
    store.commit([append_of(1, "k"), Put(bare_record("k"), STATE)])
    with pytest.raises(Exception):  # noqa: B017 - whichever way a store fails
        store.commit([append_of(2, "k"), Trim(1), Put(None, b"2")])  # type: ignore[arg-type]
    assert kept(store, append_of(1, "k")) and store.state("k") == STATE


def check_a_journal_tells_the_lives_of_a_key_apart(store: Store) -> None:
    """What was appended to a session that is deleted must not flow into the next one of its name."""
    if not store.journaled:
        return
    store.commit([append_of(1, "k", birth=1.0), Delete("k"), append_of(2, "k", birth=float(np.nextafter(1.0, 2)))])
    assert kept(store, append_of(1, "k", birth=1.0), append_of(2, "k", birth=float(np.nextafter(1.0, 2))))


def check_all_sessions_are_read_once(store: Store) -> None:
    """A savepoint is made of them, and goes on behind any of them: also those without a name, and tombstones."""
    owned = [(f"{n:03}{owner}", owner, f"n{n}") for owner in ("", "me", "you") for n in range(90)]
    sessions = [*owned, *((f"bare{n}", "", "") for n in range(4)), ("gone", "", ""), ("later", "", "")]
    store.commit([Put(replace(bare_record(key), owner=owner, name=name), b"x") for key, owner, name in sessions])
    ended = replace(bare_record("later"), owner="me", name="later", expires_at=2.0)
    store.commit([Delete("gone"), Put(ended, b"x")])
    store.expire(2.5, 0.0, 10)
    found = list(store.sessions(None))
    assert sorted(record.key for record in found) == sorted({key for key, _, _ in sessions} - {"gone"})
    assert {(one.key, one.owner, one.name) for one in found} >= set(owned)
    assert [record.key for record in found if record.dropped] == ["later"]
    for place in (0, 3, 100, 200, len(found) - 1):
        assert [one.key for one in store.sessions(found[place])] == [one.key for one in found[place + 1 :]]
    store.commit([Delete(found[7].key)])
    assert next(iter(store.sessions(found[7]))).key == found[8].key
    assert all(record.name for record in store.named("", "", "", 1000))
