"""Files of earlier releases keep their sessions; else an upgrade would end every one of them."""

import sqlite3
from pathlib import Path

import pytest

from service.stores.interface import Put, StoreError
from service.stores.record_columns import COLUMNS, to_row
from service.stores.registry import open_store
from service.stores.sqlite import SqliteStore
from service.stores.sqlite_file import PAGE, SCHEMA
from tests.service.stores.conformance import STATE, record_of, same
from tests.service.stores.journal_checks import append_of, kept

# As the release of schema 1 made them.
FIRST = """
CREATE TABLE sessions (
    key TEXT PRIMARY KEY, birth TEXT NOT NULL, last_clock INTEGER NOT NULL, count INTEGER NOT NULL, tail BLOB NOT NULL,
    checksum INTEGER NOT NULL, request_begin INTEGER, request_end INTEGER, request_crc INTEGER,
    issued_start INTEGER, issued BLOB, scores BLOB NOT NULL, digest TEXT NOT NULL,
    last_used REAL NOT NULL, expires_at REAL NOT NULL, dropped INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE states (key TEXT PRIMARY KEY, state BLOB NOT NULL);
"""


def first_release(path: Path) -> None:
    file = sqlite3.connect(path)
    for pragma in ("page_size = 16384", "journal_mode = WAL", "synchronous = FULL"):
        file.execute(f"PRAGMA {pragma}")
    file.executescript(FIRST)
    file.execute("PRAGMA user_version = 1")
    for number in range(3):
        row, columns = to_row(record_of(f"k{number}"))[:-3], COLUMNS[:-3]  # without names and anchor
        file.execute(f"INSERT INTO sessions ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", row)
        file.execute("INSERT INTO states (key, state) VALUES (?, ?)", (f"k{number}", STATE))
    file.commit()
    file.close()


def test_a_file_of_the_first_release_keeps_its_sessions(tmp_path: Path) -> None:
    first_release(tmp_path / "s.db")
    for _ in range(2):
        store = SqliteStore(tmp_path / "s.db")
        assert store._writer.execute("PRAGMA auto_vacuum").fetchone() == (2,)  # so that it can shrink
        assert store._writer.execute("PRAGMA page_size").fetchone() == (PAGE,)
        assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        for number in range(3):
            back = store.get(f"k{number}")
            assert back is not None and same(back, record_of(f"k{number}")) and store.state(f"k{number}") == STATE
        store.close()
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    store.commit([append_of(1, "k0"), Put(record_of("k0", count=7), b"x")])
    assert kept(store, append_of(1, "k0")) and store.state("k0") == b"x"
    store.close()


def test_a_file_of_a_later_release_is_refused(tmp_path: Path) -> None:
    """Written as it is today, it would be spoiled for the release that made it."""
    open_store(f"sqlite:///{tmp_path}/s.db").close()
    file = sqlite3.connect(tmp_path / "s.db")
    file.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    file.close()
    with pytest.raises(StoreError, match=f"schema {SCHEMA + 1}"):
        open_store(f"sqlite:///{tmp_path}/s.db")
