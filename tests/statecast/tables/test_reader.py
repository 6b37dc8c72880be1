"""Tables as people have them are read as they mean them, with a word on what was taken, or refused with both readings.

Without this a German file forecasts a thousandfold, the item 007 becomes 7, and whoever sent it never learns.
"""

import bz2
import gzip
import io
import time
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from statecast.tables.errors import TableError
from statecast.tables.options import ColumnNames, TableOptions
from statecast.tables.reader import of_frame, read_bytes
from statecast.tables.series import SeriesTable, read_series
from statecast.time.stamps import Stamps

DAYS = [f"2024-01-{day:02d}" for day in range(1, 10)]


def read(data: str | bytes, wanted: ColumnNames | None = None, **options: Any) -> SeriesTable:
    said = TableOptions.read(**options)
    return read_series(read_bytes(data.encode() if isinstance(data, str) else data, said), wanted, said)


def rows(header: str, line: str, values: Any = range(9)) -> str:
    return "\n".join([header, *(line.format(day=day, value=value) for day, value in zip(DAYS, values, strict=False))])


def notes(series: SeriesTable) -> str:
    return " | ".join(detail for _, detail in series.notes)


NAMES = {
    "ours": ("item_id,timestamp,target", "a,{day},{value}", ("item_id", "timestamp", "target"), ""),
    "nixtla": ("unique_id,ds,y", "a,{day},{value}", ("unique_id", "ds", "y"), ""),
    "any case": ("Timestamp,Target", "{day},{value}", (None, "Timestamp", "Target"), ""),
    "passengers": ("Month,#Passengers", "{day},{value}", (None, "Month", "#Passengers"), "'#Passengers'"),
    "unknown words": ("Datum,Wert", "{day},{value}", (None, "Datum", "Wert"), "'Datum', the first that holds times"),
    "an index": (",ds,y", "{value},{day},{value}", (None, "ds", "y"), "'Unnamed: 0': the index"),
    "a saved index of times": (",y", "{day},{value}", (None, "Unnamed: 0", "y"), "holds times"),
    "more than is needed": ("ds,y,weather", "{day},{value},dull", (None, "ds", "y"), "'weather': not used"),
}


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_recognised_and_said(name: str) -> None:
    header, line, expected, said = NAMES[name]
    series = read(rows(header, line))
    assert tuple(series.columns[role] for role in ("item_id", "timestamp", "target")) == expected
    assert series.target.tolist() == list(range(9))
    assert said in notes(series) and (said or not series.notes)


def test_a_column_per_series_and_items_by_their_texts() -> None:
    wide = read(rows("date,north,south", "{day},{value},1"))
    assert wide.names == ("north", "south") and "'north', 'south'" in notes(wide)
    assert isinstance(wide.times, Stamps) and len(wide.times) == 18
    long = "\n".join(["date,store,sales", *(f"{day},{store},1" for day in DAYS for store in "ab")])
    assert read(long).names == ("a", "b") and "'store'" in notes(read(long))


TIMES = {
    "date and hour": ("date,hour,load", [f"2024-01-01,{h},{h}" for h in range(24)] + ["2024-01-02,0,1"]),
    "date and clock": ("Date,Time,load", [f"2024-01-01,{h:02d}:00,{h}" for h in range(24)] + ["2024-01-02,00:00,1"]),
    "parts": ("year,month,day,hour,pm", [f"2024,1,1,{h},{h}" for h in range(24)] + ["2024,1,2,0,1"]),
    "spelled": ("date,load", [f"01 Jan 2024 {h:02d}:00:00,{h}" for h in range(24)]),
    "seconds": ("at,load", [f"{1704067200 + 3600 * h},{h}" for h in range(24)]),
    "milliseconds": ("at,load", [f"{1704067200000 + 3600000 * h},{h}" for h in range(24)]),
}


@pytest.mark.parametrize("name", TIMES)
def test_times_in_every_dress(name: str) -> None:
    header, lines = TIMES[name]
    times = read("\n".join([header, *lines])).times
    assert isinstance(times, Stamps)
    assert times.instants[:24].tolist() == pd.date_range("2024-01-01", periods=24, freq="h").to_pydatetime().tolist()


def test_whole_numbers_are_dates() -> None:
    for first, text in (("20240131,1", "2024-01-31"), ("202402,1", "2024-02-01")):
        times = read(f"when,y\n{first}\n").times
        assert isinstance(times, Stamps) and str(times.wall[0])[:10] == text
    years = read("Year,Value\n2001,5\n2002,6\n").times
    assert isinstance(years, Stamps) and str(years.wall[1])[:10] == "2002-01-01"
    assert not isinstance(read("timestamp,target\n3,1\n4,2\n").times, Stamps)


PLAIN = rows("ds;y", "{day};{value},5").replace("4,5", "1.234,5")
DRESSES: dict[str, tuple[Callable[[], bytes], str]] = {
    "decimal comma": (PLAIN.encode, "semicolon between fields; comma before decimals"),
    "tabs": (PLAIN.replace(";", "\t").encode, "tab between fields"),
    "pipes": (PLAIN.replace(";", "|").encode, "pipe between fields"),
    "quoted": (
        lambda: b'"ds","y"\n' + rows("", '"{day}","{value},5"').replace("4,5", "1.234,5").encode(),
        "comma",
    ),
    "Excel's own line": (lambda: b"sep=;\r\n" + PLAIN.encode(), "semicolon"),
    "a mark of UTF-8": (lambda: b"\xef\xbb\xbf" + PLAIN.encode(), "semicolon"),
    "UTF-16": (lambda: PLAIN.encode("utf-16"), "UTF-16"),
    "UTF-16 without its mark": (lambda: PLAIN.encode("utf-16-be"), "UTF-16-BE"),
    "Latin-1": (lambda: PLAIN.replace("y", "wärme", 1).encode("latin-1"), "Latin-1"),
    "gzip": (lambda: gzip.compress(PLAIN.encode()), "semicolon"),
    "zstd": (lambda: pa.Codec("zstd").compress(PLAIN.encode(), asbytes=True), "semicolon"),
    "bzip2": (lambda: bz2.compress(PLAIN.encode()), "semicolon"),
    "zip": (lambda: zipped(PLAIN), "semicolon"),
    "a blank first line and old ends of lines": (lambda: b"\r" + PLAIN.replace("\n", "\r").encode(), "semicolon"),
}


def zipped(text: str, *more: str) -> bytes:
    folder = io.BytesIO()
    with zipfile.ZipFile(folder, "w") as archive:
        for name in ("table.csv", *more):
            archive.writestr(name, text)
    return folder.getvalue()


@pytest.mark.parametrize("name", DRESSES)
def test_dialects_encodings_and_packing(name: str) -> None:
    data, said = DRESSES[name]
    series = read(data())
    assert series.target.tolist() == [0.5, 1.5, 2.5, 3.5, 1234.5, 5.5, 6.5, 7.5, 8.5]
    assert said in notes(series)


def test_ids_are_texts_and_truth_is_a_number() -> None:
    ids = ("007", "NA", "null", "1e3", "TRUE", "ä 1")
    series = read("\n".join(["item_id,timestamp,target", *(f"{name},2024-01-01,1" for name in ids)]))
    assert series.names == ids
    wanted = ColumnNames(covariates=("promo", "kind", "share"))
    covariates = read(
        "ds,y,promo,kind,share\n2024-01-01,1,True,yes,1\n2024-01-02,2,FALSE,NA,NA\n2024-01-03,3,,,2\n", wanted
    )
    np.testing.assert_array_equal(covariates.covariates["promo"], [1, 0, np.nan])
    assert covariates.covariates["kind"].tolist() == ["yes", "NA", None]
    np.testing.assert_array_equal(covariates.covariates["share"], [1, np.nan, 2])
    frame = pd.DataFrame({"ds": DAYS[:2], "y": [1.0, 2.0], "promo": [True, False]})
    assert read_series(of_frame(frame), ColumnNames(covariates=("promo",))).covariates["promo"].tolist() == [1, 0]


def test_a_model_s_own_names_come_first() -> None:
    text = rows("when,load,target", "{day},{value},0")
    series = read(text, ColumnNames(own={"timestamp": "when", "target": "load", "item_id": "site"}))
    assert series.columns["target"] == "load" and "'target': not used" in notes(series)
    assert read(rows("ds,y", "{day},{value}"), ColumnNames(own={"target": "load"})).columns["target"] == "y"


def test_frames_with_an_index_and_other_libraries() -> None:
    frame = pd.DataFrame({"y": np.arange(9.0)}, index=pd.to_datetime(DAYS))
    named = frame.rename_axis("when").assign(unique_id=7).set_index("unique_id", append=True)
    periods = pd.DataFrame({"ds": pd.period_range("2024-01-01", periods=9), "y": np.arange(9.0)})
    zoned = frame.tz_localize("Europe/Berlin")
    for given in (frame, frame["y"], named, periods, zoned, frame.reset_index(names="ds").iloc[::1]):
        series = read_series(of_frame(given))
        assert series.target.tolist() == list(range(9)) and isinstance(series.times, Stamps)
        assert str(series.times.wall[1])[:10] == "2024-01-02"
    assert read_series(of_frame(named)).names == ("7",)
    assert read_series(of_frame(pa.table({"ds": DAYS, "y": range(9)}))).target[3] == 3
    with pytest.raises(TableError, match="one kind of value"):
        of_frame(pd.DataFrame({"ds": DAYS[:2], "y": [1.0, "x"]}))


def test_a_million_rows_are_read_in_columns() -> None:
    """An object per value would take a minute."""
    count = 1_000_000
    days = np.datetime_as_string(np.datetime64("2024-01-01T00:00") + np.arange(count // 10) * np.timedelta64(1, "m"))
    frame = pa.table({"item_id": np.repeat([f"{n:03d}" for n in range(10)], count // 10),
                      "timestamp": np.tile(days, 10), "target": np.arange(count) / 7})  # fmt: skip
    sink = io.BytesIO()
    pa.csv.write_csv(frame, sink)
    began = time.process_time()
    series = read(sink.getvalue())
    assert len(series.target) == count and len(series.names) == 10
    assert time.process_time() - began < 10
