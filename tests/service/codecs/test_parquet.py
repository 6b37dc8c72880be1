"""Parquet is read within limits that hold for what it unpacks to, not for what it says of itself.

Without this a file of a kilobyte takes all the memory there is, and every request and session with it.
"""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from service.codecs.parquet import read_parquet
from service.errors import Malformed, ServiceError, TooLarge

LIMITS = 2**20, 100_000, 50
SMALL = pa.table({
    "item_id": ["a"] * 6 + ["b"] * 6,
    "timestamp": pa.array(np.arange(12) * 3600, pa.timestamp("ms", "UTC")),
    "target": np.arange(12.0),
})  # fmt: skip


def written(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink, **options)
    return sink.getvalue()


@pytest.mark.parametrize("options", [
    {}, {"compression": "zstd"}, {"compression": "gzip", "data_page_version": "2.0"}, {"row_group_size": 5},
    {"use_dictionary": False, "compression": "none"}, {"write_page_index": True, "data_page_size": 8},
    {"use_dictionary": False, "column_encoding": {"target": "BYTE_STREAM_SPLIT"}}, {"store_schema": False},
])  # fmt: skip
def test_whatever_a_writer_chooses_reads_the_same(options: dict[str, Any]) -> None:
    found = read_parquet(written(SMALL, **options), *LIMITS)
    assert (
        found["target"].to_pylist() == SMALL["target"].to_pylist()
        and found["item_id"].to_pylist() == ["a"] * 6 + ["b"] * 6
    )
    assert found["timestamp"].to_pylist() == SMALL["timestamp"].to_pylist()


def test_an_empty_table_and_odd_names_are_tables() -> None:
    assert read_parquet(written(SMALL.slice(0, 0)), *LIMITS).column_names == SMALL.column_names
    assert read_parquet(written(pa.table({"a.b": [1.0], "": ["x"]})), *LIMITS).column_names == ["a.b", ""]


BOMBS = {
    "zeros that pack well": written(pa.table({"target": np.zeros(2**18)}), use_dictionary=False, compression="zstd"),
    "one long text, often": written(pa.table({"item_id": ["x" * 10_000] * 100_000, "target": np.zeros(100_000)})),
    "rows of nothing": written(pa.table({"target": pa.nulls(10**7, pa.float64()), "b": pa.nulls(10**7, pa.float64())})),
    "many columns": written(pa.table({f"c{place}": [1.0] for place in range(60)})),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_does_not_become_a_large_table(name: str) -> None:
    body = BOMBS[name]
    before = pa.total_allocated_bytes()
    if name == "one long text, often":  # it stays one text
        kept = read_parquet(body, *LIMITS[:1], 10**6, 50)
        assert kept.nbytes < 2**21 and pa.types.is_dictionary(kept.schema.field("item_id").type)
    else:
        with pytest.raises(TooLarge):
            read_parquet(body, *LIMITS)
    assert pa.total_allocated_bytes() - before < 2**22


def test_a_page_that_lies_about_its_size_is_counted_by_what_it_says_itself() -> None:
    """Arrow makes room for what the page's header says, whatever the footer does."""
    honest = written(pa.table({"target": np.zeros(1000)}), use_dictionary=False, compression="zstd")
    assert honest[4:7] == b"\x15\x00\x15" and len(read_parquet(honest, 8100, 10**6, 50)) == 1000
    with pytest.raises(TooLarge, match="decompression"):
        read_parquet(honest[:7] + b"\xfe\x7f" + honest[9:], 8100, 10**6, 50)


REFUSED = {
    "nothing": b"", "no Parquet": b"a,b\n1,2\n" * 9, "cut off": written(SMALL)[:-9], "a mark alone": b"PAR1" * 4,
    "lists": written(pa.table({"target": [[1.0], [2.0]]})), "records": written(pa.table({"target": [{"a": 1.0}]})),
    "long values": written(pa.table({"target": pa.array([b"x" * 99], pa.binary(99))})),
    "texts by their beginnings": written(
        pa.table({"item_id": [f"{'x' * 1000}{place}" for place in range(100)]}), use_dictionary=False,
        column_encoding={"item_id": "DELTA_BYTE_ARRAY"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_of_plain_columns_is_refused(name: str) -> None:
    with pytest.raises(Malformed, match="Parquet"):
        read_parquet(REFUSED[name], *LIMITS)


WHOLE = written(SMALL, compression="zstd")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_file_is_refused_or_read_and_nothing_else(changes: list[tuple[int, int]]) -> None:
    body = bytearray(WHOLE)
    for place, value in changes:
        body[place] = value
    try:
        assert read_parquet(bytes(body), *LIMITS).nbytes < 2**22
    except ServiceError:
        return
