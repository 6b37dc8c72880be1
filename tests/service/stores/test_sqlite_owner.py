"""Two processes on one file, and files that go while a process works: by neither may an answered value be lost."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from service.stores.interface import Put, StoreError, Touch
from service.stores.sqlite import SqliteStore
from tests.service.stores.conformance import STATE, record_of

ROOT = Path(__file__).parents[3]
OPEN = """
import sys
from service.stores.interface import StoreError
from service.stores.registry import open_store
for url in sys.argv[1:]:
    try:
        open_store(url)
    except StoreError as error:
        print(error)
"""


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "s.db")


def other_process(*urls: str) -> list[str]:
    """Why another process does not open these stores, a line each."""
    run = subprocess.run([sys.executable, "-c", OPEN, *urls], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def test_a_second_process_is_refused_by_whatever_name(store: SqliteStore, tmp_path: Path) -> None:
    """Each would answer from its own copy, and the later commit would win."""
    store.commit([Put(record_of("k"), STATE)])
    (tmp_path / "link.db").symlink_to(tmp_path / "s.db")
    os.link(tmp_path / "s.db", tmp_path / "hard.db")
    for file in tmp_path.glob("*.lock"):
        file.unlink()
    reasons = other_process(*(f"sqlite:///{tmp_path}/{name}" for name in ("s.db", "link.db", "hard.db")))
    assert ["another process holds" in reason for reason in reasons] == [True] * 3
    store.close()
    assert other_process(f"sqlite:///{tmp_path}/link.db") == []


def test_a_process_of_an_earlier_release_is_noticed(tmp_path: Path) -> None:
    """It locked a file beside the database."""
    fcntl = pytest.importorskip("fcntl")
    with open(tmp_path / "s.db.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="another process holds"):
            SqliteStore(tmp_path / "s.db")
    SqliteStore(tmp_path / "s.db").close()


def test_a_takeover_is_noticed_at_the_next_commit(store: SqliteStore, tmp_path: Path) -> None:
    """Where locks do not reach, the second process is told apart by its name in the file."""
    store.commit([Put(record_of("k"), STATE)])
    second = sqlite3.connect(tmp_path / "s.db")
    second.execute("UPDATE owner SET token = 'another' WHERE place = 1")
    second.commit()
    second.close()
    for _ in range(2):
        with pytest.raises(StoreError, match="taken this store over"):
            store.commit([Put(record_of("k", count=7), b"x")])
        with pytest.raises(StoreError, match="taken this store over"):
            store.check()
    assert store.state("k") == STATE
    store.close()


@pytest.mark.parametrize("name", ["s.db", "s.db-wal"])
def test_a_file_that_is_deleted_is_noticed(store: SqliteStore, tmp_path: Path, name: str) -> None:
    """SQLite goes on writing to what has no name any more: all would be lost at the end."""
    store.commit([Put(record_of("k"), STATE)])
    (tmp_path / name).rename(tmp_path / "away")
    for doing in (store.check, lambda: store.commit([Put(record_of("k"), b"x")]), lambda: store.get("k")):
        with pytest.raises(StoreError, match="gone while the service runs"):
            doing()
    (tmp_path / name).write_bytes((tmp_path / "away").read_bytes())
    for doing in (store.check, lambda: store.commit([Put(record_of("k"), b"x")]), lambda: store.state("k")):
        with pytest.raises(StoreError, match="replaced"):
            doing()
    (tmp_path / "away").rename(tmp_path / name)
    store._probed = 0.0
    store.check()
    store.commit([Put(record_of("k", count=7), b"newer")])
    assert store.state("k") == b"newer"
    store.close()


def test_readiness_is_found_out_by_writing(store: SqliteStore) -> None:
    """Else it would stay lost after a full disk, because nobody sends requests to a service that is not ready."""
    store.commit([Put(record_of("k"), STATE)])
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="full"):
        store.commit([Put(record_of(f"n{n}"), STATE) for n in range(9)])
    for _ in range(3):
        with pytest.raises(StoreError, match="full"):
            store.check()
        store._probed = 0.0
    store._writer.execute("PRAGMA max_page_count = 100000")
    store.check()
    assert store._writer.execute("SELECT count(*) FROM owner").fetchone() == (1,)
    store.commit([Put(record_of("n0"), b"1")])
    store.close()


def test_a_small_write_does_not_hide_that_large_ones_fail(store: SqliteStore) -> None:
    """Said to be ready because one observation found room, while no state did."""
    store.commit([Put(record_of("k"), STATE)])
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="full"):
        store.commit([Put(record_of(f"n{n}"), STATE * 5_000) for n in range(9)])
    store.commit([Touch("k", 1.0, 2.0)])
    with pytest.raises(StoreError, match="full"):
        store.check()
    store._writer.execute("PRAGMA max_page_count = 100000")
    store._probed = 0.0
    store.check()
    store.close()


def test_housekeeping_that_fails_is_said(store: SqliteStore) -> None:
    """It writes as requests do: what it cannot write, they cannot."""
    store._writer.execute("UPDATE owner SET token = 'another' WHERE place = 1")
    with pytest.raises(StoreError, match="taken this store over"):
        store.expire(300.0, 300.0, 16)
    with pytest.raises(StoreError, match="taken this store over"):
        store.check()
    store.close()


def test_a_takeover_is_noticed_before_any_commit(store: SqliteStore, tmp_path: Path) -> None:
    """A service that nobody writes to just now would go on saying that it is ready."""
    store.check()
    store._writer.execute("UPDATE owner SET token = 'another' WHERE place = 1")
    with pytest.raises(StoreError, match="taken this store over"):
        store.check()
    store.close()


def test_when_it_was_last_written_is_known(store: SqliteStore, tmp_path: Path) -> None:
    """By it a start with a clock that is wrong by a month is recognised."""
    assert store.last_written() is None
    store.close()
    os.utime(tmp_path / "s.db", (5.0, 5.0))
    again = SqliteStore(tmp_path / "s.db")
    assert again.last_written() == 5.0
    again.close()


def test_a_damaged_row_is_a_failure_of_the_store(store: SqliteStore) -> None:
    """As an exception of its own it would be a traceback, and a 500."""
    store.commit([Put(record_of("k"), STATE)])
    store._writer.execute("UPDATE sessions SET birth = '{'")
    with pytest.raises(StoreError, match="cannot read a session"):
        store.get("k")
    store.close()


def test_the_file_shrinks(store: SqliteStore, tmp_path: Path) -> None:
    """Without it a server that once had many sessions keeps their disk for ever."""
    store.commit([Put(record_of(f"k{n}"), STATE) for n in range(100)])
    store._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = (tmp_path / "s.db").stat().st_size
    while any(store.expire(300.0, 300.0, 16)):
        pass
    store.close()
    assert (tmp_path / "s.db").stat().st_size < before / 10
