"""Tables become panels, or are refused by item with a mend."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.conftest import long_table
from training.data.columns import Columns
from training.data.regular_series import regularise
from training.data.tables import panel_of, read_panel
from training.errors import TableError

COVARIATES = Columns(past=("wind",), future=("holiday",), static=("site",))


def test_a_long_table_keeps_values_covariates_and_clocks():
    frame = long_table()
    panel = panel_of(frame, COVARIATES)
    assert str(panel.freq) == "1h"
    first = panel.items[0]
    rows = frame[frame["item_id"] == "item-0"]
    np.testing.assert_allclose(first.target, rows["target"].to_numpy(), rtol=1e-6)
    np.testing.assert_array_equal(first.past["wind"], rows["wind"])
    assert list(first.known["holiday"]) == list(rows["holiday"])
    assert first.static == {"site": "south"}
    assert panel.times(first)[0] == np.datetime64("2026-01-01T00:00:00")


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_long_and_wide_files_of_every_kind_give_the_same_panel(tmp_path, suffix):
    long = long_table(lengths=(40, 40), covariates=False)
    wide = long.pivot(index="timestamp", columns="item_id", values="target").reset_index()
    panels = []
    for name, frame in (("long", long), ("wide", wide)):
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".parquet":
            frame.to_parquet(path)
        elif suffix == ".csv.gz":
            path.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
        else:
            frame.to_csv(path, index=False)
        panels.append(read_panel(path))
    for a, b in zip(*(panel.items for panel in panels), strict=True):
        assert (a.item_id, a.clock, a.offset) == (b.item_id, b.clock, b.offset)
        np.testing.assert_array_equal(a.target, b.target)


@given(st.sets(st.integers(1, 58), max_size=12))
@settings(max_examples=30, deadline=None)
def test_left_out_rows_come_back_as_missing_and_nothing_else_moves(gaps):
    frame = long_table(lengths=(60,), covariates=False)
    whole = panel_of(frame, freq="1h").items[0].target
    cut = panel_of(frame.drop(index=list(gaps)), freq="1h").items[0].target
    expected = whole.copy()
    expected[list(gaps)] = np.nan
    np.testing.assert_array_equal(cut, expected)


def test_steps_may_stand_for_times():
    panel = panel_of(pd.DataFrame({"timestamp": [3, 4, 6], "target": [1.0, 2.0, 4.0]}))
    assert panel.freq is None
    assert panel.items[0].clock == 3
    np.testing.assert_array_equal(panel.items[0].target, [1.0, 2.0, np.nan, 4.0])


@pytest.mark.parametrize(
    ("freq", "pandas_freq"),
    [
        ("1h", "h"),
        ("15min", "15min"),
        ("1d", "D"),
        ("1w", "W"),
        ("1mo", "MS"),
        ("1mo", "ME"),
        ("1q", "QS"),
        ("1y", "YS"),
    ],
)
def test_the_freq_is_told_from_the_times(freq, pandas_freq):
    times = pd.date_range("2020-01-01", periods=30, freq=pandas_freq)
    panel = panel_of(pd.DataFrame({"timestamp": times.astype(str), "target": np.arange(30.0)}))
    assert str(panel.freq) == freq
    np.testing.assert_array_equal(panel.items[0].target, np.arange(30.0))


def test_zones_are_brought_to_utc():
    frame = pd.DataFrame({"timestamp": ["2026-01-01T00:00:00+02:00", "2025-12-31T23:00:00Z"], "target": [1.0, 2.0]})
    panel = panel_of(frame, freq="1h")
    assert panel.times(panel.items[0])[0] == np.datetime64("2025-12-31T22:00:00")


HOURS = pd.date_range("2026-01-01", periods=6, freq="h")
BAD = {
    "duplicate": (pd.DataFrame({"timestamp": HOURS[[0, 1, 1]], "target": 1.0}), "'target'.*duplicate.*keep one"),
    "unsorted": (pd.DataFrame({"timestamp": HOURS[[0, 2, 1]], "target": 1.0}), "unsorted.*sort"),
    "beside the grid": (
        pd.DataFrame({"timestamp": [*HOURS, HOURS[-1] + pd.Timedelta("61min")], "target": 1.0}),
        "row 6: expected times 1h apart",
    ),
    "mixed freq": (
        pd.DataFrame(
            {
                "item_id": ["a"] * 6 + ["b"] * 3,
                "timestamp": [*HOURS, *pd.date_range("2026-01-01", periods=3, freq="D")],
                "target": 1.0,
            }
        ),
        "item 'b'.*expected 1h, got times 1d apart",
    ),
    "no rows": (pd.DataFrame({"timestamp": [], "target": []}), "no rows"),
    "nothing observed": (pd.DataFrame({"timestamp": HOURS, "target": np.nan}), "no observed value"),
    "text": (pd.DataFrame({"timestamp": HOURS, "target": ["1", "x", "2", "3", "4", "5"]}), "expected numbers, got 'x'"),
    "infinite": (pd.DataFrame({"timestamp": HOURS, "target": np.inf}), "row 0.*float32"),
    "huge": (pd.DataFrame({"timestamp": HOURS, "target": 1e300}), "row 0.*float32"),
    "not a date": (pd.DataFrame({"timestamp": ["2026-01-01", "soon"], "target": 1.0}), "row 1.*'soon'"),
    "no known way to write a date": (
        pd.DataFrame({"timestamp": ["1-01", "1-02", "2-01"], "target": 1.0}),
        "'1-01', which is not a date",
    ),
    "no time": (pd.DataFrame({"timestamp": [None, "2026-01-01"], "target": 1.0}), "row 0 has no time"),
    "no time column": (pd.DataFrame({"x": [1], "target": [1.0]}), "--timestamp-column"),
    "one row": (pd.DataFrame({"timestamp": ["2026-01-01"], "target": 1.0}), "--freq"),
    "epoch seconds as steps": (pd.DataFrame({"timestamp": [0, 3600, 3601], "target": 1.0}), "coarser"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_refused_with_its_mend(name):
    frame, message = BAD[name]
    with pytest.raises(TableError, match=message):
        panel_of(frame)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (Columns(target="load"), "'load'.*--target-column"),
        (Columns(target="load", wide=False), "--target-column"),
        (Columns(item_id="site_id"), "'site_id'"),
        (Columns(past=("rain",)), "'rain'"),
        (Columns(past=("wind",), future=("wind",)), "more than one kind"),
        (Columns(static=("wind",)), "changes over time"),
    ],
)
def test_wrong_column_options_are_refused_by_name(columns, message):
    with pytest.raises(TableError, match=message):
        panel_of(long_table(), columns)


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b"x"), ("a.parquet", b"no"), ("a.csv.gz", b"no"), ("b.csv", b"")]
)
def test_unreadable_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError):
        read_panel(tmp_path / name)
    with pytest.raises(TableError, match="no such file"):
        read_panel(tmp_path / "absent.csv")


def test_regularise_is_a_verb_of_its_own():
    frame = pd.DataFrame({"item_id": ["a", "b", "a"], "timestamp": [0, 7, 2], "target": [1.0, 5.0, 3.0]})
    panel = regularise(frame, Columns())
    assert [item.item_id for item in panel.items] == ["a", "b"]
    np.testing.assert_array_equal(panel.items[0].target, [1.0, np.nan, 3.0])


@pytest.mark.parametrize(
    ("times", "freq", "following"),
    [
        (pd.date_range("2024-01-31", periods=30, freq="ME").astype(str), "1mo", "2026-07-31T00:00:00"),
        (pd.date_range("2024-03-31", periods=12, freq="QE").astype(str), "1q", "2027-03-31T00:00:00"),
        (pd.date_range("2024-01-01", periods=30, freq="B").astype(str), "1b", "2024-02-12T00:00:00"),
        (pd.date_range("2023-02-01", periods=30, freq="YS-FEB").astype(str), "1y", "2053-02-01T00:00:00"),
        (pd.date_range("2024-01-05", periods=30, freq="W-FRI"), "1w", "2024-08-02T00:00:00"),
        (pd.date_range("2024-01-01", periods=400).strftime("%Y%m%d").astype(int), "1d", "2025-02-04T00:00:00"),
        (pd.date_range("2021-01-01", periods=36, freq="MS").strftime("%d.%m.%Y"), "1mo", "2024-01-01T00:00:00"),
        (pd.date_range("2024-03-20", periods=40, tz="Europe/Berlin").map(str), "1d", "2024-04-29T00:00:00"),
        (pd.date_range("2024-03-20", periods=40, tz="Europe/Berlin"), "1d", "2024-04-29T00:00:00"),
    ],
)
def test_times_as_people_have_them(times, freq, following):
    """The library, the service and the command line read them by the same code."""
    panel = panel_of(pd.DataFrame({"timestamp": times, "target": np.arange(float(len(times)))}))
    assert str(panel.freq) == freq
    assert not np.isnan(panel.items[0].target).any()
    assert str(panel.times(panel.items[0], 1)[-1]) == following


def test_a_zone_and_an_order_may_be_said():
    days = pd.DataFrame({"timestamp": ["01/02/2021", "02/02/2021", "03/02/2021"], "target": 1.0})
    with pytest.raises(TableError, match=r"row 0: .*dayfirst=true"):
        panel_of(days)
    panel = panel_of(days, Columns(dayfirst=True, timezone="Europe/Berlin"))
    assert (str(panel.freq), panel.items[0].zone) == ("1d", "Europe/Berlin")
    assert str(panel_of(days, Columns(dayfirst=False)).freq) == "1mo"
    with pytest.raises(TableError, match="timezone: expected"):
        panel_of(days, Columns(dayfirst=True, timezone="Mars"))


def test_times_beside_an_alias_are_kept_and_noted():
    """A model of month ends that reads month starts must not move them in silence."""
    frame = pd.DataFrame({"timestamp": ["2026-01-01", "2026-02-01", "2026-03-01"], "target": 1.0})
    panel = panel_of(frame, freq="ME")
    assert str(panel.freq) == "1mo" and str(panel.times(panel.items[0])[0]) == "2026-01-01T00:00:00"
    assert "2026-01-31" in panel.notes[0]
    assert panel_of(frame, freq="MS").notes == ()
