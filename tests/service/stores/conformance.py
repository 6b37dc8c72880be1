"""What every state store must do, whatever it keeps sessions in."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.stores.interface import Answer, Delete, PendingForecast, Put, Record, Request, Store, StoreError, Touch
from service.stores.states.anchor import Anchor
from tests.service.stores import journal_checks
from tests.service.stores.documents import checks as document_checks
from tests.service.stores.journal_checks import append_of, kept
from tests.service.stores.redis_server import common_server

URLS = {"memory": "memory://", "sqlite": "sqlite:///{folder}/deep/er/s.db", "toy": "toy://{folder}"}
"""An empty store of each kind, by the name that it is registered under."""

STATE = os.urandom(50_000)


def record_of(key: str, **changes: object) -> Record:
    plain = Record(
        key=key,
        model="sha256:aa",
        model_name="load@1",
        freq="1h",
        offset=1800,
        variables=("a", "b"),
        static=np.array([1.0, 0.5], dtype=np.float32),
        interval=0.8,
        first_index=3,
        last_index=9,
        count=6,
        tail=np.array([[1, 0.1, np.nan], [4, 1200000020, 6]]),
        checksum=2**32 - 1,
        created_at=100.25,
        last_used=101.5,
        expires_at=200.0,
        state_bytes=50_000,
        digest="sha256:bb",
        request=Request(3, 9, 77),
        issued=PendingForecast(10, np.arange(24).reshape(2, 4, 3) / 10, np.array([0.3, np.nan])),
        scores={"mase": np.array([2.5, 3]), "wql": np.array([0.1, 7]), "coverage": np.array([4.0, 5])},
        given_tail=np.array([[[np.nan, 0.7, np.nan]], [[np.nan, 8, 9]]]),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def same(a: Record, b: Record) -> bool:
    def plain(record: Record) -> Record:
        return replace(record, tail=np.zeros(0), given_tail=np.zeros(0), static=np.zeros(0), issued=None)

    def issued(record: Record) -> list[np.ndarray]:
        i = record.issued
        return [] if i is None else [np.array([i.start]), i.quantiles, i.scale]

    return (
        repr(plain(a)) == repr(plain(b))
        and np.array_equal(a.tail, b.tail, equal_nan=True)
        and np.array_equal(a.given_tail, b.given_tail, equal_nan=True)
        and np.array_equal(a.static, b.static)
        and all(np.array_equal(x, y, equal_nan=True) for x, y in zip(issued(a), issued(b), strict=True))
    )


def check_a_record_and_its_state_come_back_as_they_went(store: Store) -> None:
    """What is not read back as it was written makes the next observation another series; an earlier state, too."""
    first, bare = record_of("k1"), record_of("k2", request=None, issued=None, freq=None, static=np.zeros(0, np.float32))
    anchored = record_of("k3", anchor=Anchor(6, "sha256:dd", (0.1, np.nan), (True, False), STATE))
    store.commit([Put(first, STATE), Put(replace(anchored, key="k2"), b"y"), Put(anchored, b"y"), Put(bare, b"x")])
    for put in (first, bare, anchored):
        back = store.get(put.key)
        assert back is not None and same(back, put)
    assert (store.state("k1"), store.state("k2")) == (STATE, b"x")


def check_a_later_put_replaces_an_earlier_one(store: Store) -> None:
    """An old state under a new record would be advanced twice."""
    store.commit([Put(record_of("k"), b"old")])
    store.commit([Put(record_of("k", count=7, digest="sha256:cc"), b"newer")])
    back = store.get("k")
    assert back is not None and (back.count, back.digest, store.state("k")) == (7, "sha256:cc", b"newer")


def check_named_sessions_are_listed(store: Store) -> None:
    """In order, each once, an owner's own; what a release without names left is no owner's."""
    named = [("me", "b"), ("me", "a"), ("me", "ab"), ("you", "a"), ("me", "\u00e9"), ("me", "\U0001f600")]
    store.commit([Put(replace(record_of(f"{o}{n}"), owner=o, name=n), STATE) for o, n in named])
    store.commit([Put(record_of("old"), STATE), Put(replace(record_of("gone"), owner="me", name="c"), STATE)])
    store.commit([Delete("gone")])

    def names(prefix: str = "", after: str = "", limit: int = 10, owner: str = "me") -> list[str]:
        return [record.name for record in store.named(owner, prefix, after, limit)]

    assert names() == ["a", "ab", "b", "\u00e9", "\U0001f600"]
    assert names(limit=2) == ["a", "ab"] and names(after="ab", limit=2) == ["b", "\u00e9"]
    assert names("a") == ["a", "ab"] and names("a", "a") == ["ab"] and names("b", "a") == ["b"]
    assert names(owner="you") == ["a"] and names(owner="nobody") == [] and names("x") == []
    assert store.named("me", "b", "", 1)[0].key == "meb"


def check_unknown_keys_are_none(store: Store) -> None:
    """None means that the session can be opened."""
    assert store.get("nobody") is None and store.state("nobody") is None


def check_touch_moves_only_the_end_of_life(store: Store) -> None:
    """Asking a session must keep it alive and change nothing else, and open nothing."""
    store.commit([Put(record_of("k"), STATE)])
    store.commit([Touch("k", 150.0, 300.0), Touch("nobody", 1.0, 2.0)])
    back = store.get("k")
    assert back is not None and same(back, record_of("k", last_used=150.0, expires_at=300.0))
    assert store.get("nobody") is None and store.state("k") == STATE


def check_delete_leaves_nothing(store: Store) -> None:
    """What its owner deletes is gone."""
    store.commit([Put(record_of("k"), STATE)])
    store.commit([Delete("k"), Delete("nobody")])
    assert store.get("k") is None and store.state("k") is None


def check_expired_sessions_leave_a_tombstone(store: Store) -> None:
    """Without one an expired session would be opened anew by its next observation, as if it had no past."""
    store.commit([Put(record_of("old"), STATE), Put(record_of("young", expires_at=900.0), STATE)])
    assert store.expire(200.0, 0.0, 10)[:2] == (1, 0)
    assert store.expire(200.0, 199.0, 10)[:2] == (0, 0)
    tomb, young = store.get("old"), store.get("young")
    assert tomb is not None and tomb.dropped and tomb.tail.shape == (2, 0) and store.state("old") is None
    assert young is not None and not young.dropped and store.state("young") == STATE


def check_tombstones_go_after_a_second_life(store: Store) -> None:
    """Kept for ever, they would be all that is left in the store."""
    store.commit([Put(record_of("old"), STATE), Put(record_of("young", expires_at=900.0), STATE)])
    store.expire(200.0, 0.0, 10)
    assert store.expire(200.0, 200.0, 10)[:2] == (0, 1)
    assert store.get("old") is None and store.get("young") is not None


def check_sessions_end_a_few_at_a_time(store: Store) -> None:
    """All at once, 100,000 of them stop every forecast for seconds."""
    store.commit([Put(record_of(f"k{n}"), b"x" * 50) for n in range(25)])
    ended = [store.expire(200.0, 0.0, 10).ended for _ in range(4)]
    assert ended == [10, 10, 5, 0]
    assert sum(store.expire(200.0, 300.0, 10).forgotten for _ in range(4)) == 25
    assert all(store.get(f"k{n}") is None for n in range(25)) and not any(store.expire(200.0, 300.0, 10))


def check_the_end_of_a_life_never_comes_earlier(store: Store) -> None:
    """A clock that was set back for a moment would end sessions that are in use."""
    store.commit([Put(record_of("k", expires_at=300.0), STATE)])
    store.commit([Touch("k", 90.0, 250.0)])
    back = store.get("k")
    assert back is not None and (back.last_used, back.expires_at) == (90.0, 300.0)


def check_the_first_answer_is_kept(store: Store) -> None:
    """A request that is sent again under its key must be answered as it was."""
    now = time.time()
    store.commit([Answer("a", b"first \0", now, now + 60), Answer("b", b"", now, now + 60)])
    store.commit([Answer("a", b"second", now, now + 90)])
    assert (store.answer("a", now), store.answer("b", now), store.answer("c", now)) == (b"first \0", b"", None)
    assert store.get("a") is None


def check_answers_are_forgotten(store: Store) -> None:
    """Kept for ever, they would be all that is left in the store; a key may be used again after its time."""
    now = time.time()
    store.commit([Answer("a", b"old", now - 90, now - 60)])
    assert store.answer("a", now) is None
    store.commit([Answer("a", b"new", now, now + 60)])
    store.expire(now, 0.0, 10)
    assert store.answer("a", now) == b"new"
    store.commit([Answer(f"b{n}", b"old", now - 90, now - 60) for n in range(25)])
    for _ in range(3):
        store.expire(now, 0.0, 10)
    assert not any(store.answer(f"b{n}", now - 80) for n in range(25)) and not any(store.expire(now, 0.0, 10))


def check_a_store_that_works_says_so(store: Store) -> None:
    """``/ready`` asks it."""
    store.check()


def check_writes_are_applied_all_or_none(store: Store) -> None:
    """Half a batch kept would leave one session ahead of what its client was told."""
    store.commit([Put(record_of("k"), STATE)])
    with pytest.raises(Exception):  # noqa: B017 - whichever way a store fails
        store.commit([Put(record_of("other"), b"1"), Delete("k"), Put(None, b"2")])  # type: ignore[arg-type]
    back = store.get("k")
    assert back is not None and same(back, record_of("k")) and store.state("k") == STATE
    assert store.get("other") is None


def check_a_later_write_of_a_commit_takes_effect_after_an_earlier_one(store: Store) -> None:
    """A session that is deleted and opened again in one batch would be lost."""
    store.commit([Put(record_of("k"), STATE)])
    store.commit([Delete("k"), Put(record_of("k", count=9), b"new"), Touch("k", 150.0, 300.0)])
    back = store.get("k")
    assert back is not None and (back.count, back.expires_at, store.state("k")) == (9, 300.0, b"new")


def check_a_birth_comes_back_to_the_bit(store: Store) -> None:
    """By another birth what was appended to a session would be taken for an earlier one's, and lost."""
    for number, birth in enumerate((0.1 + 0.2, 1e-310, 1764275264.1234567, float(np.nextafter(1.7e9, 2e9)))):
        store.commit([Put(record_of(f"k{number}", created_at=birth), b"x")])
        back = store.get(f"k{number}")
        assert back is not None and np.float64(back.created_at).tobytes() == np.float64(birth).tobytes()


def check_any_thread_may_call(store: Store) -> None:
    """The event loop reads while the engine writes."""
    store.commit([Put(record_of(f"k{n}"), bytes([n])) for n in range(20)])
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(store.commit, [Put(record_of(f"k{n}", count=n), bytes([n]))]) for n in range(20)]
        records = list(pool.map(store.get, [f"k{n}" for n in range(20)]))
        states = list(pool.map(store.state, [f"k{n}" for n in range(20)]))
        assert [done.result() for done in writing] == [None] * 20
    assert all(record is not None and record.count in (6, n) for n, record in enumerate(records))
    assert states == [bytes([n]) for n in range(20)]


def check_what_is_durable_survives_a_reopening(store: Store, again: Callable[[], Store]) -> None:
    """A store that says it is durable and forgets loses what was acknowledged."""
    store.commit([Put(record_of("k"), STATE)])
    if store.journaled:
        store.commit([append_of(1, "k", "l")])
    store.close()
    opened = again()
    assert not opened.journaled or kept(opened, append_of(1, "k", "l"))
    back = opened.get("k")
    assert (back is not None and same(back, record_of("k")) and opened.state("k") == STATE) == opened.durable
    opened.close()


def check_another_scheme_is_refused(store: Store) -> None:
    """A URL of another store must not open this one."""
    with pytest.raises(StoreError):
        type(store).open("other:///s.db")


def url_of(name: str, folder: Path) -> str:
    if name == "redis":
        common_server().empty()
        return common_server().url
    assert name in URLS, f"{name}: no URL in tests/service/stores/conformance.py to open an empty one with"
    return URLS[name].format(folder=folder)


CHECKS = {
    name.removeprefix("check_"): check
    for name, check in [*globals().items(), *vars(journal_checks).items(), *vars(document_checks).items()]
    if name.startswith("check_") and name != "check_what_is_durable_survives_a_reopening"
}
