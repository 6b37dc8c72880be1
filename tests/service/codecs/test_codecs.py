"""Bytes to arrays: what Python's own JSON says is what we read, faster; tables and packed bodies too."""

import gzip
import json
import math

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from service.codecs.number_array import FLOAT32_MAX
from service.deadline import Deadline
from service.errors import ServiceError
from service.http.body import ARROW, CSV
from service.http.compression import choose_encoding, compress, decompress
from service.protocols.forecast.body import decode_json
from service.protocols.forecast.schemas import FORECAST, ForecastRequest
from service.protocols.forecast.table_body import decode_table
from service.settings import Settings
from statecast.time.stamps import Stamps
from tests.tables import arrow_bytes

SMALL = Settings(max_values=1000, max_series=10)
NUMBERS = st.one_of(
    st.none(), st.integers(-(10**30), 10**30), st.floats(-FLOAT32_MAX, FLOAT32_MAX), st.sampled_from([0.0, -0.0, 1e-45])
)
JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def decode(text: str) -> ForecastRequest:
    return decode_json(text.encode(), Settings(max_values=1_000_000, max_series=1000), Deadline(math.inf), FORECAST)


@given(st.lists(NUMBERS, min_size=1, max_size=50), st.text(max_size=5).filter(str.isprintable))
def test_numbers_are_those_that_python_reads(values: list[float | None], item: str) -> None:
    item = item or "["
    body = json.dumps({"series": [{"target": values, "item_id": item}]})
    expected = np.array([math.nan if value is None else float(value) for value in values])
    series = decode(body).series[0]
    assert series.faults == [] and series.item_id == item
    assert series.target[""].dtype == np.float64
    np.testing.assert_array_equal(series.target[""], expected)


@given(st.lists(JUNK, max_size=6))
def test_a_list_is_numbers_or_refused_by_place(values: list[object]) -> None:
    """The parser's own conversion flattens ``[[1], [2]]`` to two numbers; a forecast of those would be a lie."""
    good = [value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values]
    series = decode(json.dumps({"series": [{"target": values}]})).series[0]
    if all(good) and all(value is None or abs(float(value)) <= FLOAT32_MAX for value in values):  # type: ignore[arg-type]
        assert series.faults == []
    else:
        assert len(series.faults) == 1 and series.faults[0].loc[:3] == ("series", 0, "target")
        if not all(good):
            assert series.faults[0].loc[3] == good.index(False)


@given(JUNK)
def test_whatever_comes_is_read_or_refused(value: object) -> None:
    for body in (value, {"series": value}, {"series": [value]}, {"series": [{"target": [1], "timestamps": value}]}):
        try:
            decode(json.dumps(body))
        except ServiceError as error:
            assert error.status in (400, 422)


@given(st.binary(max_size=60))
def test_whatever_bytes_come_are_read_or_refused(body: bytes) -> None:
    for read in (
        lambda: decode_json(body, Settings(max_values=1000, max_series=10), Deadline(math.inf), FORECAST),
        lambda: decode_table(body, {}, SMALL, None, Deadline(math.inf), FORECAST, CSV),
        lambda: decode_table(body, {}, SMALL, None, Deadline(math.inf), FORECAST, ARROW),
        lambda: decompress(body, "gzip", 1000),
        lambda: decompress(body, "zstd", 1000),
    ):
        try:
            read()
        except ServiceError as error:
            assert 400 <= error.status < 500


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_packing_and_unpacking(encoding: str) -> None:
    body = bytes(range(256)) * 5000
    packed = compress(body, encoding)
    assert len(packed) < len(body)
    assert decompress(packed, encoding, len(body)) == body
    with pytest.raises(ServiceError, match="at most"):
        decompress(packed, encoding, len(body) - 1)


def test_foreign_packers_are_understood() -> None:
    body = b"x" * 300_000
    assert decompress(gzip.compress(body), "x-gzip", 10**6) == body
    assert decompress(zstandard.ZstdCompressor(level=19).compress(body), "ZSTD", 10**6) == body


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("gzip, deflate, br, zstd", "zstd"), ("gzip", "gzip"), ("", None), ("br", None), ("*", "zstd"),
        ("zstd;q=0, gzip;q=0.5", "gzip"), ("gzip;q=x", None), ("identity", None),
    ],
)  # fmt: skip
def test_encoding_of_the_reply(accept: str, expected: str | None) -> None:
    assert choose_encoding(accept, 10_000) == expected
    assert choose_encoding(accept, 10) is None


def test_items_of_a_table_keep_their_rows_in_order() -> None:
    table = pa.table(
        {
            "item_id": ["b", "a", "b", "a"],
            "timestamp": pa.array([0, 1, 2, 3], pa.timestamp("s", tz="UTC")),
            "target": pa.array([1.0, None, 3.0, 4.0]),
            "wind": [1, 2, 3, 4],
            "kind": pa.array(["x", None, "y", "z"]).dictionary_encode(),
            "static:site": ["n", "s", "n", "s"],
            "session": ["one", "two", "one", "two"],
        }
    )
    first, second = decode_table(
        arrow_bytes(table), {"horizon": "3"}, SMALL, None, Deadline(math.inf), FORECAST, ARROW
    ).series
    assert (first.item_id, second.item_id) == ("b", "a")
    np.testing.assert_array_equal(second.target[""], [np.nan, 4])
    assert isinstance(first.timestamps, Stamps) and list(map(str, first.timestamps.instants)) == [
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:02",
    ]
    assert list(second.past_covariates["kind"]) == [None, "z"]
    assert second.past_covariates["wind"].dtype == np.float64
    assert (second.static_covariates, second.session) == ({"site": "s"}, "two")


def test_an_item_called_seven_stays_a_text() -> None:
    body = b"item_id,timestamp,target\n007,4,1\n007,5,\n"
    (series,) = decode_table(body, {}, SMALL, None, Deadline(math.inf), FORECAST, CSV).series
    assert series.item_id == "007"
    assert isinstance(series.timestamps, np.ndarray) and series.timestamps.tolist() == [4, 5]
    assert np.isnan(series.target[""][1])


def test_plain_lists_never_become_python_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    """That they do is not seen in any answer, only in the bill."""
    monkeypatch.setattr("service.codecs.number_array._one_by_one", None)
    plain, holes = [1.5, 2, -3e-5], [1.5, None, 2]
    fields = {"past_covariates": {"wind": plain}, "future_covariates": {"temp": holes}, "item_id": "["}
    series = [{"target": {"a": plain, "b": holes}, **fields}, {"target": holes}, {"target": plain}]
    assert all(one.faults == [] for one in decode(json.dumps({"series": series})).series)


def test_a_name_that_cannot_be_looked_up_and_too_many_names() -> None:
    (series,) = decode('{"series": [{"target": {"a\\u0000b": [1], "a": [2]}}]}').series
    assert "a" in series.target and all("name" in fault.msg for fault in series.faults)
    many = {f"x{number}": [1] for number in range(1001)}
    (series,) = decode(json.dumps({"series": [{"target": many}]})).series
    assert "at most 1000" in series.faults[0].msg
