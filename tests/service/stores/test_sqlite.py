"""The SQLite store: its file, its lock, a full disk; and URLs that name no store."""

import os
import sqlite3
from pathlib import Path

import pytest

from service.stores.interface import Put, StoreError
from service.stores.registry import open_store
from tests.service.stores.conformance import STATE, record_of


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
    with pytest.raises(StoreError, match="schema 1 to"):
        open_store(f"sqlite:///{tmp_path}/s.db")
    (tmp_path / "t.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot open"):
        open_store(f"sqlite:///{tmp_path}/t.db")


@pytest.mark.parametrize("url", ["valkey://localhost", "sqlite://", "sqlite:///", "s.db", ""])
def test_unknown_urls_are_refused_by_name(url: str) -> None:
    with pytest.raises(StoreError, match="STATECAST_STATE_URL"):
        open_store(url)


def test_the_log_is_folded_beside_the_commits(tmp_path: Path) -> None:
    from service.stores.sqlite import SqliteStore
    from service.stores.sqlite_fold import Fold

    store = SqliteStore(tmp_path / "s.db")
    before = (tmp_path / "s.db").stat().st_size
    block = os.urandom(1 << 20)
    for n in range(Fold.EVERY // len(block) + 1):
        store.commit([Put(record_of(f"k{n}"), block)])
    store.close()
    assert (tmp_path / "s.db").stat().st_size > before + Fold.EVERY // 2
