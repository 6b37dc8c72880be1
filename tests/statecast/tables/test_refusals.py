"""What can be read in two ways, or not at all, is refused by line, column and option, and quickly.

Without this a number is a thousandfold of what was meant, or a body of a few bytes stops the server.
"""

import gzip
import time

import pyarrow as pa
import pytest

from statecast.tables.delimited import parse_delimited
from statecast.tables.errors import OversizeError, TableError, UnreadableError
from statecast.tables.options import ColumnNames
from statecast.tables.reader import of_arrow, read_bytes
from statecast.tables.series import read_series
from statecast.time.stamps import Stamps, TimeOptions
from tests.statecast.tables.test_reader import DAYS, read, rows, zipped

AMBIGUOUS = {
    "decimal": (rows("ds;y", "{day};1.{value}00"), "decimal", ("1.1 with decimal=point", "1100 with decimal=comma")),
    "quoted thousands": (rows("ds,y", '{day},"1,{value}00"', range(1, 9)), "decimal", ("1100", "1.1")),
    "separator": ("a;b,c\n1;2,3\n", "separator", ("separator=comma", "separator=semicolon")),
    "order": ("ds,y\n01/02/2024,1\n03/04/2024,2\n05/07/2024,3\n", "dayfirst", ("2024-02-01", "2024-01-02", "line 2")),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused_with_both(name: str) -> None:
    text, option, readings = AMBIGUOUS[name]
    with pytest.raises(TableError) as refused:
        read(text.replace("1.000", "1.100"))
    assert all(reading in str(refused.value) for reading in (option, *readings)), refused.value


def test_the_option_decides() -> None:
    thousands = rows("ds;y", "{day};1.{value}00")
    assert read(thousands, decimal="comma").target[1] == 1100 and read(thousands, decimal="point").target[1] == 1.1
    assert read("a;b,c\n1;2,3\n", ColumnNames(target="a"), separator=";").table.names == ["a", "b,c"]
    dates = "ds,y\n01/02/2024,1\n03/04/2024,2\n05/07/2024,3\n"
    for first, month in ((True, "02"), (False, "01")):
        times = read(dates, times=TimeOptions(dayfirst=first)).times
        assert isinstance(times, Stamps) and str(times.wall[0])[5:7] == month
    assert read(rows("ds,y", "{day},{value}").encode("cp500"), encoding="cp500").target[2] == 2
    for wrong in ({"decimal": "dot"}, {"separator": "ab"}, {"encoding": "klingon"}, {"encoding": "rot13"}):
        with pytest.raises(TableError, match=next(iter(wrong))):
            read(dates, **wrong)


def test_evidence_settles_what_one_cell_leaves_open() -> None:
    assert read(rows("ds;y", "{day};{value}") + "\n2024-01-10;1.234\n2024-01-11;1.5").target[-2] == 1.234
    assert read("ds;y;z\n2024-01-01;1.234;1,5\n", ColumnNames(covariates=("z",))).target[0] == 1234
    assert read("ds;y\n2024-01-01;1 234,5\n2024-01-02;1 234 567\n").target.tolist() == [1234.5, 1234567]
    with pytest.raises(TableError, match="line 3"):
        read("ds;y\n2024-01-01;1 234,5\n2024-01-02;1 23 4\n", decimal="comma")
    assert read('ds,y\n2024-01-01,"1,234.5"\n2024-01-02,"2,000"\n').target.tolist() == [1234.5, 2000]
    with pytest.raises(TableError, match=r"'1\.5' in column 'z' and '1,5' in column 'y'"):
        read("ds;y;z\n2024-01-01;1,5;1.5\n", ColumnNames(covariates=("z",)))


RAGGED = {
    "a field too many": ("ds,y\n2024-01-01,1\n2024-01-02,1,2\n", "line 3: expected 2 fields.*got 3"),
    "a comma at the end": ("ds,y\n2024-01-01,1,\n", "line 2.*take the separator at its end away"),
    "a footer": ("ds,y\n2024-01-01,1\n\nSource: us\n", "line 4.*footer"),
    "a sum below": ("ds,y\n2024-01-01,1\nTotal,1\n", "line 3.*'Total'"),
    "a text among numbers": (
        'note,ds,y\n"a\nb",2024-01-01,1\n,2024-01-02,x\n',
        r"line 4 \(row 1\): expected numbers, got 'x'",
    ),
    "no header": ("2024-01-01,1\n2024-01-02,2\n", "header: expected names"),
    "no rows": ("ds,y\n", "no rows"),
    "nothing": ("", "empty"),
    "a name twice": ("ds,y,y\n1,2,3\n", "'y': named twice"),
    "no time in a row": ("ds,y\n2024-01-01,1\n,2\n", r"line 3 \(row 1\) has no time"),
    "no item in a row": ("unique_id,ds,y\na,2024-01-01,1\n,2024-01-01,1\n", r"line 3 \(row 1\) has no item"),
    "nothing to forecast": ("ds,name\n2024-01-01,x\n", "target_column"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "bytes with zeros"),
    "half a file": (gzip.compress(b"ds,y\n2024-01-01,1\n")[:20], "whole gzip"),
    "two files": (zipped("x", "other.csv"), "zip with one file"),
    "a workbook": (zipped("x", "xl/workbook.xml"), "Excel"),
}


@pytest.mark.parametrize("name", RAGGED)
def test_a_broken_table_is_refused_by_its_line(name: str) -> None:
    data, message = RAGGED[name]
    with pytest.raises(TableError, match=message):
        read(data)


ODD = {
    "list": pa.array([[1.0]] * 3),
    "struct": pa.array([{"a": 1}] * 3),
    "dictionary of structs": pa.DictionaryArray.from_arrays([0, 0, 0], pa.array([{"a": 1}])),
    "binary": pa.array([b"x"] * 3),
    "duration": pa.array([1, 2, 3], pa.duration("s")),
    "map": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
    "run ends": pa.RunEndEncodedArray.from_arrays(pa.array([3], pa.int32()), pa.array([1.0])),
    "end of int64": pa.array([2**63 - 1, -(2**63), 0]),
    "beyond int64": pa.array([2**64 - 1, 1, 2], pa.uint64()),
    "times beyond the calendar": pa.array([2**62, 1, 2], pa.timestamp("s")),
    "fine times": pa.array([1, 2, 3], pa.timestamp("ns")),
    "days beyond the calendar": pa.array([2**31 - 1, 1, 2], pa.date32()),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("role", ["item_id", "timestamp", "target", "wind"])
def test_odd_columns_are_read_or_refused(name: str, role: str) -> None:
    """One that fails in another way is a 500."""
    plain = {"item_id": ["a", "b", "c"], "timestamp": DAYS[:3], "target": [1.0, 2.0, 3.0], "wind": [1.0, 2.0, 3.0]}
    table = of_arrow(pa.table({**plain, role: ODD[name]}))
    try:
        read_series(table, ColumnNames(covariates=("wind",)))
    except TableError as error:
        assert role in str(error) and "\n" not in str(error)


def test_limits_stop_the_reading() -> None:
    with pytest.raises(OversizeError):
        read_bytes(gzip.compress(b"ds,y\n" + b"2024-01-01,1\n" * 100_000), limit=1000)
    header = ",".join(f"c{place}" for place in range(30_000))
    began = time.process_time()
    with pytest.raises(OversizeError, match="at most 1000 columns, got 30000"):
        read_bytes(header.encode() + b"\n", max_columns=1000)
    assert time.process_time() - began < 1
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), pa.array(["x" * 2**20]))
    with pytest.raises(OversizeError, match="too often"):
        read_series(of_arrow(pa.table({"y": range(2000), "note": long})), ColumnNames(covariates=("note",)))
    with pytest.raises(UnreadableError):
        read_bytes(b"\x1f\x8b" + b"x" * 50)


def test_a_line_is_named_however_long_its_fields() -> None:
    """Naming the line of a wrong value failed on a field of 128 KiB, with what looked like a defect."""
    table = parse_delimited(b'target\n"' + b"x" * 200_000 + b'"\n1\n2\n')
    assert table.line(0) == 2
    assert table.line(2) is None, "a line that is not known is not named"


def test_times_in_a_zone_that_does_not_exist_are_no_names() -> None:
    """They were a defect: 500."""
    times = pa.array([0, 1], pa.timestamp("s", "Nowhere/X"))
    for columns in ({"item_id": times, "y": [1.0, 2.0]}, {"y": [1.0, 2.0], "note": times}):
        names = ColumnNames(target="y", optional={"note": "texts"} if "note" in columns else {})
        with pytest.raises(TableError, match="zone such as Europe/Berlin, got 'Nowhere/X'"):
            read_series(of_arrow(pa.table(columns)), names)
