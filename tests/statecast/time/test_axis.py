"""A series' axis: local days over changes of clocks, the zone of what came, and stamps that do not lie on it.

Without this a daily forecast of a German meter stands at 23:00 for half of the year.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecast.errors import InputError
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.infer import infer_frequency
from statecast.time.parse import read_stamps, read_start
from statecast.time.stamps import Stamps, TimeError, TimeOptions
from statecast.time.zones import from_wall, utc_offsets


def stamps(*values: str, zone: str | None = None) -> Stamps:
    found = read_stamps(values, TimeOptions(zone))
    assert isinstance(found, Stamps)
    return found


def berlin(first: str, days: int, hour: int = 0) -> list[str]:
    begin = np.datetime64(first)
    return [
        datetime.fromisoformat(f"{begin + day}T{hour:02d}:00").replace(tzinfo=ZoneInfo("Europe/Berlin")).isoformat()
        for day in range(days)
    ]


def test_days_written_with_changing_offsets_are_local_days() -> None:
    """And the forecast stands at local midnight with the last offset seen."""
    axis, index = TimeAxis.of(stamps(*berlin("2024-03-20", 40)))
    assert str(axis.frequency) == "1d"
    assert np.diff(index).tolist() == [1] * 39
    assert axis.texts(index[-1:] + 1) == ["2024-04-29T00:00:00+02:00"]


def test_a_zone_makes_days_local_ones() -> None:
    """Also where they came in UTC, and into the next change of clocks."""
    local = berlin("2024-10-20", 14)
    utc = [f"{time}Z" for time in stamps(*local).instants]
    for values in (local, utc, [text[:10] for text in local]):
        axis, index = TimeAxis.of(stamps(*values, zone="Europe/Berlin"))
        assert (str(axis.frequency), axis.texts(index)) == ("1d", local)
        assert axis.texts(index[:1] + 165) == ["2025-04-03T00:00:00+02:00"]


def test_hours_are_counted_in_utc_and_written_in_the_zone() -> None:
    """No hour is twice in the index, though clocks show one twice."""
    values = ["2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z", "2024-10-27T02:00:00Z"]
    axis, index = TimeAxis.of(stamps(*values, zone="Europe/Berlin"))
    assert np.diff(index).tolist() == [1, 1]
    assert axis.texts(index)[:2] == ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"]


@pytest.mark.parametrize(
    ("values", "row", "expected"),
    [
        (
            ["2024-01-01T00:00Z", "2024-01-01T00:15Z", "2024-01-01T00:31Z", "2024-01-01T00:45Z", "2024-01-01T01:00Z"],
            2,
            "00:30",
        ),
        (["2024-01-01", "2024-01-02", "2024-01-03T06:00", "2024-01-04", "2024-01-05"], 2, "2024-01-03T00:00"),
        (["2024-01-31", "2024-02-29", "2024-03-30", "2024-04-30", "2024-05-31"], 2, "2024-03-31"),
        (["2024-01-01T00:01Z", "2024-01-01T01:00Z", "2024-01-01T02:00Z", "2024-01-01T03:00Z"], 0, "2024-01-01T00:00"),
    ],
)
def test_a_stamp_beside_the_grid_is_named_with_the_one_expected(values: list[str], row: int, expected: str) -> None:
    """A finer freq that fits all would turn 200 values into 3000 steps, nearly all of them missing."""
    with pytest.raises(TimeError, match=expected) as caught:
        TimeAxis.of(stamps(*values))
    assert caught.value.index == row


@pytest.mark.parametrize(
    ("values", "freq"),
    [
        (["2026-01-01", "2026-01-02", "2026-01-04"], "1d"),
        (["2026-01-01", "2026-02-01", "2026-04-01"], "1mo"),
        (["2026-01-31", "2026-02-28", "2026-03-31"], "1mo"),
        (["2026-01-30", "2026-02-28", "2026-03-30"], "1mo"),
        (["2026-03-31", "2026-06-30", "2026-12-31", "2027-03-31"], "1q"),
        (["2026-01-31", "2026-03-31"], "2mo"),
        (["2024-02-29", "2025-02-28", "2026-02-28"], "1y"),
        (["2024-01-01", "2025-01-01", "2027-01-01"], "1y"),
        (["2026-02-01", "2026-03-01", "2026-03-29"], "4w"),
        (["2026-01-05", "2026-01-12", "2026-01-26"], "1w"),
        (["2026-01-01T00:00:00", "2026-01-01T00:00:07"], "7s"),
        ([str(np.busday_offset("2026-01-01", day)) for day in range(11)], "1b"),
        ([str(np.busday_offset("2026-01-01", day)) for day in range(6)], "1d"),
    ],
)
def test_the_freq_that_most_distances_show(values: list[str], freq: str) -> None:
    assert str(infer_frequency(np.array(values, dtype="datetime64[s]"))) == freq


def test_two_freqs_that_are_as_likely_are_both_named() -> None:
    with pytest.raises(InputError, match="30min and 45min"):
        infer_frequency(np.array(["2026-01-01T00:00", "2026-01-01T00:30", "2026-01-01T01:15"], dtype="datetime64[s]"))
    with pytest.raises(InputError, match="at least two times"):
        infer_frequency(np.array(["2026-01-01"], dtype="datetime64[s]"))


@pytest.mark.parametrize(
    ("start", "freq", "later", "steps"),
    [
        ("2026-01-31", "1mo", ["2026-02-28", "2026-03-31"], [1, 2]),
        ("2026-01-30", "1mo", ["2026-02-28", "2026-03-30"], [1, 2]),
        ("2023-04-01", "1y", ["2024-04-01", "2025-04-01"], [1, 2]),
        ("2024-03-30T00:00:00+01:00", "1d", ["2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"], [1, 2]),
        ("2024-03-30T00:00:00+01:00", "1d", ["2024-03-30T23:00:00Z"], [1]),
        ("2024-03-30T00:00:00+01:00", "1h", ["2024-03-30T00:00:00Z"], [1]),
    ],
)
def test_an_axis_takes_later_stamps_however_they_are_written(
    start: str, freq: str, later: list[str], steps: list[int]
) -> None:
    """A session is opened once and goes on for years; membership is seen by comparing times, not offsets."""
    axis, first = TimeAxis.of_start(read_start(start), Frequency.parse(freq))
    assert (axis.continued(stamps(*later))[0] - first).tolist() == steps


def test_a_stamp_beside_a_session_s_axis_is_refused() -> None:
    axis, _ = TimeAxis.of_start(read_start("2026-01-31"), Frequency.parse("1mo"))
    with pytest.raises(TimeError, match="2026-03-31"):
        axis.continued(stamps("2026-02-28", "2026-03-30"))


@given(
    st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(-(2**31), 2**33),
)
def test_zones_agree_with_the_standard_library(name: str, second: int) -> None:
    instants = np.array([second, second + 40 * 86_400]).astype("datetime64[s]")
    theirs = [datetime.fromtimestamp(int(s), ZoneInfo(name)) for s in instants.astype(np.int64)]
    offsets = [int(one.utcoffset().total_seconds()) for one in theirs]  # type: ignore[union-attr]
    assert utc_offsets(name, instants).tolist() == offsets
    wall = np.array([one.replace(tzinfo=None) for one in theirs], dtype="datetime64[s]")
    back = from_wall(name, wall).astype(np.int64) - instants.astype(np.int64)
    assert all(shift == 0 or one.fold for shift, one in zip(back.tolist(), theirs, strict=True))
