"""Arrow streams say how large they are before they are unpacked; what is odd in them is refused, never a crash.

Without this a request of 173 bytes takes the memory of the machine, and the process with it.
"""

import random
import time

import pyarrow as pa
import pytest
import zstandard

from service.codecs.arrow_stream import MAX_BATCHES, read_stream
from service.errors import Malformed, ServiceError, TooLarge
from service.http.compression import decompress
from tests.tables import arrow_bytes

TABLE = pa.table(
    {
        "item_id": pa.array(["a", "b"] * 50).dictionary_encode(),
        "target": pa.array([1.0, None] * 50),
        "nothing": pa.nulls(100),
        "note": pa.array(["x", "yy"] * 50),
    }
)
LIMIT = 2**20


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_honest_streams_are_read(compression: str | None) -> None:
    assert read_stream(arrow_bytes(TABLE, compression, 7), LIMIT, 10**6, 1000).equals(TABLE)


def test_columns_are_counted_before_they_are_read() -> None:
    names = pa.schema([pa.field(f"c{n}", pa.int8()) for n in range(1001)])
    with pytest.raises(TooLarge, match="1000 columns, got 1001"):
        read_stream(arrow_bytes(names.empty_table()), LIMIT, 10**6, 1000)


def test_what_claims_to_be_large_is_refused_before_it_is() -> None:
    zeros = pa.table({"target": pa.array([0.0]).take(pa.array([0] * 3_000_000, pa.int32()))})
    packed = zstandard.compress(arrow_bytes(zeros, "zstd"))
    assert len(packed) < 500
    body = decompress(packed, "zstd", LIMIT)
    before = pa.total_allocated_bytes()
    for values in (10**9, 1000):
        with pytest.raises(TooLarge):
            read_stream(body, LIMIT, values, 1000)
    assert pa.total_allocated_bytes() - before < LIMIT
    nulls = arrow_bytes(pa.table({"n": pa.nulls(77)})).replace(
        (77).to_bytes(8, "little"), (10**12).to_bytes(8, "little")
    )
    with pytest.raises(TooLarge, match="values"):
        read_stream(nulls, LIMIT, 10**6, 1000)


def test_many_batches_are_refused_within_a_second() -> None:
    many = arrow_bytes(pa.table({"target": pa.array([1.0] * (MAX_BATCHES + 1))}), rows=1)
    began = time.process_time()
    with pytest.raises(TooLarge, match="batches"):
        read_stream(many, 2**26, 10**6, 1000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_changed_bytes_never_end_the_process(compression: str | None) -> None:
    whole = arrow_bytes(TABLE, compression)
    rng = random.Random(7)
    for _ in range(1500):
        body = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            body[rng.randrange(len(body))] = rng.choice((0, 1, 255, rng.randrange(256)))
        try:
            read_stream(bytes(body[: rng.choice((len(body), rng.randrange(len(body))))]), LIMIT, 10**6, 1000)
        except ServiceError as error:
            assert isinstance(error, (Malformed, TooLarge))
