"""Every store keeps what it was given, whole or not at all."""

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.stores.interface import (
    Delete,
    PendingForecast,
    Put,
    Record,
    Request,
    Store,
    StoreError,
    Touch,
)
from service.stores.registry import open_store

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
        first_clock=3,
        last_clock=9,
        count=6,
        tail=np.array([[1, 2, np.nan], [4, 5, 6]], dtype=np.float32),
        checksum=2**32 - 1,
        created_at=100.25,
        last_used=101.5,
        expires_at=200.0,
        state_bytes=50_000,
        digest="sha256:bb",
        request=Request(3, 9, 77),
        issued=PendingForecast(10, np.arange(24, dtype=np.float32).reshape(2, 4, 3), np.float32([0.5, np.nan])),
        scores={"mase": np.array([2.5, 3]), "wql": np.array([0.1, 7]), "coverage": np.array([4.0, 5])},
        given_tail=np.array([[[np.nan, 7, np.nan]], [[np.nan, 8, 9]]], dtype=np.float32),
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


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path):
    opened = open_store("memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/deep/er/s.db")
    yield opened
    opened.close()


def test_a_record_and_its_state_come_back_as_they_went(store: Store) -> None:
    first, bare = record_of("k1"), record_of("k2", request=None, issued=None, freq=None, static=np.zeros(0, np.float32))
    store.commit([Put(first, STATE), Put(bare, b"x")])
    for kept in (first, bare):
        back = store.get(kept.key)
        assert back is not None and same(back, kept)
    assert (store.state("k1"), store.state("k2")) == (STATE, b"x")


def test_a_later_put_replaces_an_earlier_one(store: Store) -> None:
    store.commit([Put(record_of("k"), b"old")])
    store.commit([Put(record_of("k", count=7, digest="sha256:cc"), b"newer")])
    back = store.get("k")
    assert back is not None and (back.count, back.digest, store.state("k")) == (7, "sha256:cc", b"newer")


def test_unknown_keys_are_none(store: Store) -> None:
    assert store.get("nobody") is None and store.state("nobody") is None


def test_touch_moves_only_the_end_of_life(store: Store) -> None:
    store.commit([Put(record_of("k"), STATE)])
    store.commit([Touch("k", 150.0, 300.0), Touch("nobody", 1.0, 2.0)])
    back = store.get("k")
    assert back is not None and same(back, record_of("k", last_used=150.0, expires_at=300.0))
    assert store.get("nobody") is None and store.state("k") == STATE


def test_delete_leaves_nothing(store: Store) -> None:
    store.commit([Put(record_of("k"), STATE)])
    store.commit([Delete("k"), Delete("nobody")])
    assert store.get("k") is None and store.state("k") is None


def test_expired_sessions_leave_a_tombstone(store: Store) -> None:
    store.commit([Put(record_of("old"), STATE), Put(record_of("young", expires_at=900.0), STATE)])
    assert store.expire(200.0) == 1
    assert store.expire(200.0) == 0
    tomb, young = store.get("old"), store.get("young")
    assert tomb is not None and tomb.dropped and tomb.tail.shape == (2, 0) and store.state("old") is None
    assert young is not None and not young.dropped and store.state("young") == STATE


def test_sqlite_keeps_what_it_committed_over_a_reopening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    first = open_store(url)
    first.commit([Put(record_of("k"), STATE)])
    first.close()
    second = open_store(url)
    back = second.get("k")
    assert back is not None and same(back, record_of("k")) and second.state("k") == STATE
    second.close()


def test_a_failed_commit_changes_nothing(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    store.commit([Put(record_of("k"), STATE)])
    broken = record_of("k", count="many", digest=None)  # NOT NULL
    with pytest.raises(StoreError, match="cannot write"):
        store.commit([Put(record_of("other"), b"1"), Put(broken, b"2")])
    assert store.get("other") is None and store.state("k") == STATE
    store.commit([Put(record_of("other"), b"1")])
    assert store.state("other") == b"1"
    store.close()


def test_a_full_disk_changes_nothing_and_heals(tmp_path: Path) -> None:
    from service.stores.sqlite import SqliteStore

    store = SqliteStore(tmp_path / "s.db")
    store.commit([Put(record_of("k"), STATE)])
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="full"):
        store.commit([Put(record_of(f"n{n}"), STATE) for n in range(9)])
    assert store.get("n0") is None and store.state("k") == STATE
    store._writer.execute("PRAGMA max_page_count = 100000")
    store.commit([Put(record_of("n0"), b"1")])
    assert store.state("n0") == b"1"
    store.close()


def test_a_second_owner_is_refused(tmp_path: Path) -> None:
    first = open_store(f"sqlite:///{tmp_path}/s.db")
    with pytest.raises(StoreError, match="another process holds"):
        open_store(f"sqlite:///{tmp_path}/s.db")
    first.close()
    open_store(f"sqlite:///{tmp_path}/s.db").close()


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "s.db")
    other.execute("CREATE TABLE x (y)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match="schema 1"):
        open_store(f"sqlite:///{tmp_path}/s.db")
    (tmp_path / "t.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot open"):
        open_store(f"sqlite:///{tmp_path}/t.db")


@pytest.mark.parametrize("url", ["redis://localhost", "sqlite://", "sqlite:///", "s.db", ""])
def test_unknown_urls_are_refused_by_name(url: str) -> None:
    with pytest.raises(StoreError, match="STATECAST_STATE_URL"):
        open_store(url)


def test_the_log_is_folded_beside_the_commits(tmp_path: Path) -> None:
    from service.stores.sqlite import SqliteStore, _Fold

    store = SqliteStore(tmp_path / "s.db")
    before = (tmp_path / "s.db").stat().st_size
    block = os.urandom(1 << 20)
    for n in range(_Fold.EVERY // len(block) + 1):
        store.commit([Put(record_of(f"k{n}"), block)])
    store.close()
    assert (tmp_path / "s.db").stat().st_size > before + _Fold.EVERY // 2
