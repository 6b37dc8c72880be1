"""Frames come back as they came: the library, ids, times and zones by type, and the order of the series.

Without this whoever asks for a forecast would join it to the table by hand, and lose a zone or an id on the way.
"""

import warnings
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast.api.history import place_history
from statecast.api.series_forecast import SeriesForecast
from statecast.errors import InputError
from statecast.frames.each import run_each
from statecast.frames.reading import ModelColumns
from statecast.time.stamps import TimeOptions

AHEAD = 3
IDS = {
    "int64": [70, -3, 11],
    "int32": [70, -3, 11],
    "text": ["b", "a", "c"],
    "category": ["b", "a", "c"],
}
FREQS = {"h": "1h", "D": "1d", "MS": "1mo"}


def repeat_last(history: Any, timestamps: Any = None, freq: Any = None, **options: Any) -> SeriesForecast:
    """The last value, three times, when the next steps are."""
    values = np.asarray(history, dtype=np.float64)
    placed = place_history(len(values), None, timestamps, freq, None, TimeOptions(**options))
    mean = np.full(AHEAD, values[-1])
    quantiles = {level: mean + level - 0.5 for level in (0.1, 0.5, 0.9)}
    return SeriesForecast(mean, quantiles, *placed.following(AHEAD), read=placed.span)


def forecast(frame: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return run_each(repeat_last, frame, ModelColumns(), **options)


@st.composite
def panels(draw: st.DrawFn) -> tuple[pd.DataFrame, str, str]:
    """A long frame of pandas, its freq, and the library that it is to be of."""
    kind, freq = draw(st.sampled_from(sorted(IDS))), draw(st.sampled_from(sorted(FREQS)))
    zone = draw(st.sampled_from([None, "UTC", "Europe/Berlin", "America/New_York"]))
    names = draw(st.sampled_from([("unique_id", "ds", "y"), ("item_id", "timestamp", "target")]))
    library = draw(st.sampled_from(["pandas", "polars", "pyarrow"]))
    unit = draw(st.sampled_from(["ms", "us", "ns"] + ["s"] * (library != "polars")))
    count, steps = draw(st.integers(1, 3)), draw(st.integers(4, 9))
    start = draw(st.sampled_from(["2026-03-27", "2025-10-24", "2024-02-01"]))
    times = pd.date_range(start, periods=steps, freq=freq, tz=zone).as_unit(unit)
    frame = pd.DataFrame(
        {
            names[0]: np.repeat(IDS[kind][:count], steps),
            names[1]: times.append([times] * (count - 1)),
            names[2]: draw(st.lists(st.floats(-1e6, 1e6), min_size=count * steps, max_size=count * steps)),
        }
    )
    if kind != "text":
        frame[names[0]] = frame[names[0]].astype(kind)
    if draw(st.booleans()):  # a time of all items after the other
        frame = frame.sort_values(names[1], kind="stable")
    return frame, freq, library


@settings(max_examples=40)
@given(panels(), st.sampled_from([None, [80]]))
def test_a_long_frame_comes_back_as_it_came(panel: tuple[pd.DataFrame, str, str], level: Any) -> None:
    frame, freq, library = panel
    made = {"pandas": pd.DataFrame, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}[library]
    given_frame = made(frame) if library != "pyarrow" else made(frame, preserve_index=False)
    found = forecast(given_frame, freq=FREQS[freq], level=level)
    assert type(found) is type(given_frame)
    item, timestamp, target = frame.columns
    before, after = (schema_of(one) for one in (given_frame, found))
    assert [before[item], before[timestamp]] == [after[item], after[timestamp]]
    quantiles = ["0.1", "0.5", "0.9"] if level is None else ["0.5", "lo-80", "hi-80"]
    assert list(after) == [item, timestamp, "mean", *quantiles]
    back = found if library == "pandas" else found.to_pandas()
    ids = list(dict.fromkeys(frame[item].tolist()))
    assert back[item].tolist() == [one for one in ids for _ in range(AHEAD)]
    for one in ids:
        own, alone = back[back[item] == one], frame[frame[item] == one]
        ahead = pd.date_range(alone[timestamp].iloc[-1], periods=AHEAD + 1, freq=freq)[1:]
        assert own[timestamp].tolist() == ahead.tolist()
        assert own["mean"].tolist() == [alone[target].iloc[-1]] * AHEAD
    assert library != "pandas" or found.index.tolist() == list(range(len(found)))


def schema_of(frame: Any) -> dict[str, Any]:
    """Types by column."""
    if isinstance(frame, pa.Table):
        return dict(zip(frame.schema.names, frame.schema.types, strict=True))
    return dict(frame.schema) if isinstance(frame, pl.DataFrame) else frame.dtypes.to_dict()


HOURS = pd.date_range("2026-03-28T20:00", periods=6, freq="h", tz="Europe/Berlin")


def test_a_frame_indexed_by_time_is_indexed_by_time() -> None:
    values = pd.Series(np.arange(6.0), index=HOURS)
    for frame in (values, values.to_frame("y"), values.rename_axis("when").to_frame("y")):
        found = forecast(frame, level=80)
        assert found.index.dtype == HOURS.dtype and found.index.names == frame.index.names
        assert list(found) == ["mean", "0.5", "lo-80", "hi-80"]
        assert found.index[0] == HOURS[-1] + pd.Timedelta(hours=1) and found["mean"].tolist() == [5.0] * AHEAD
    periods = forecast(values.tz_localize(None).to_period("h"))
    assert periods.index.dtype == "period[h]" and str(periods.index[0]) == "2026-03-29 02:00"
    levels = pd.MultiIndex.from_product([[2, 1], HOURS], names=["unique_id", "ds"])
    found = forecast(pd.DataFrame({"y": np.arange(12.0)}, index=levels))
    assert found.index.names == ["unique_id", "ds"] and found.index.dtypes.tolist() == levels.dtypes.tolist()
    assert found.index.get_level_values(0).tolist() == [2] * AHEAD + [1] * AHEAD


def test_a_wide_frame_comes_back_long() -> None:
    wide = pd.DataFrame({"a": np.arange(6.0), "b": np.arange(6.0) + 10}, index=HOURS)
    found = forecast(wide)
    assert found.index.dtype == HOURS.dtype and found["item_id"].tolist() == ["a"] * AHEAD + ["b"] * AHEAD
    found = forecast(pl.from_pandas(wide.reset_index(names="time")))
    assert found.columns[:3] == ["item_id", "time", "mean"] and found.schema["time"] == pl.Datetime(
        "us", "Europe/Berlin"
    )


@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        (["2026-01-30", "2026-01-31"], ["2026-02-01", "2026-02-02", "2026-02-03"]),
        (["2026-01-30 23:00", "2026-01-31 00:00"], [f"2026-01-31 0{hour}:00:00" for hour in (1, 2, 3)]),
        (
            ["2026-01-30T23:00:00+02:00", "2026-01-31T00:00:00+02:00"],
            [f"2026-01-31T0{n}:00:00+02:00" for n in (1, 2, 3)],
        ),
        ([1769900400, 1769904000], [1769907600, 1769911200, 1769914800]),
        ([1769900400000, 1769904000000], [1769907600000, 1769911200000, 1769914800000]),
        ([date(2026, 1, 30), date(2026, 1, 31)], [date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 3)]),
        ([5, 6], [7, 8, 9]),
    ],
)
def test_times_are_written_as_they_were(times: list[Any], wanted: list[Any]) -> None:
    columns = {"ds": times, "y": [1.0, 2.0]}
    for frame in (pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        found = forecast(frame)
        assert (found["ds"].to_pylist() if isinstance(found, pa.Table) else list(found["ds"])) == wanted
        assert schema_of(found)["ds"] == schema_of(frame)["ds"]


def test_columns_that_arrow_holds_stay_in_arrow() -> None:
    frame = pd.DataFrame({"unique_id": [1] * 6, "ds": HOURS, "y": np.arange(6.0)}).convert_dtypes(
        dtype_backend="pyarrow"
    )
    found = forecast(frame)
    assert found.dtypes[["unique_id", "ds"]].tolist() == frame.dtypes[["unique_id", "ds"]].tolist()


def test_several_series_without_a_frame() -> None:
    assert [one.mean[0] for one in forecast(np.arange(6.0).reshape(2, 3))] == [2.0, 5.0]
    assert [one.mean[0] for one in forecast([[1.0], [2.0, 3.0]])] == [1.0, 3.0]
    assert {name: one.mean[0] for name, one in forecast({"a": [1.0], "b": np.arange(3)}).items()} == {
        "a": 1.0,
        "b": 2.0,
    }
    assert forecast(pl.Series([1.0, 2.0])).mean[0] == forecast(pd.Series([1.0, 2.0])).mean[0] == 2.0
    with pytest.raises(InputError, match="collect"):
        forecast(pl.LazyFrame({"y": [1.0]}))
