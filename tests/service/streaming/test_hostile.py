"""Small tables that would be large on the event loop are not read there."""

import time

import numpy as np
import pyarrow as pa
import pytest

from service.protocols.forecast.streamed.table_body import read_arrow
from service.settings import Settings
from tests.tables import arrow_bytes


def body_of(text: str, rows: int, kind: pa.DataType) -> bytes:
    def repeated(value: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([value], kind))

    table = pa.table({"session": repeated(text), "item_id": repeated("x"), "target": np.ones(rows)})
    return arrow_bytes(table, "zstd")


def test_an_id_that_is_none_is_left_to_be_refused() -> None:
    """A table of one row went on without its item's name, which the general way refuses or answers."""
    table = pa.table({"session": ["s"], "item_id": ["x" * 1000], "target": [1.0]})
    assert read_arrow(arrow_bytes(table), b"", Settings()) is None


@pytest.mark.parametrize(("length", "rows"), [(100_000, 900_000), (900_000, 4_000), (1, 900_000)])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_one_text_in_every_row_is_not_copied_there(length: int, rows: int, kind: pa.DataType) -> None:
    """1,920 bytes took 10 GB of memory, and the process with it: a dictionary's one long text, once per row."""
    body, settings = body_of("x" * length, rows, kind), Settings()
    assert len(body) < 5_000
    before, began = pa.default_memory_pool().max_memory(), time.process_time()
    assert read_arrow(body, b"", settings) is None
    assert pa.default_memory_pool().max_memory() - before < 2**23 and time.process_time() - began < 0.5
