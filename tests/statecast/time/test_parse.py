"""Time stamps in whatever form people have them: the same times, or a refusal that names the first bad one.

Without this, ``01.02.2021`` becomes January on one path and February on another.
"""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.parse import read_stamps, read_start
from statecast.time.stamps import Stamps, TimeError, TimeOptions

DAYS = np.array(["2026-01-30", "2026-01-31", "2026-02-01"], dtype="datetime64[s]")


def wall(values: object, **options: object) -> list[str]:
    stamps = read_stamps(values, TimeOptions(**options))  # type: ignore[arg-type]
    assert isinstance(stamps, Stamps), values
    return [str(time) for time in stamps.instants]


@pytest.mark.parametrize(
    "values",
    [
        ["2026-01-30", "2026-01-31", "2026-02-01"],
        ["2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"],
        ["2026-01-30 00:00", "2026-01-31 00:00", "2026-02-01 00:00"],
        ["2026-01-30T00:00:00.000", "2026-01-31T00:00:00.000", "2026-02-01T00:00:00.000"],
        ["2026-01-30T01:00:00+01:00", "2026-01-31T02:00:00+0200", "2026-01-31T19:30:00-04:30"],
        ["2026/01/30", "2026/1/31", "2026/02/01"],
        ["30.01.2026", "31.01.2026", "1.2.2026"],
        ["01/30/2026", "01/31/2026", "02/01/2026"],
        ["30-Jan-2026", "31-Jan-2026", "01-Feb-2026"],
        ["20260130", "20260131", "20260201"],
        [20260130, 20260131, 20260201],
        np.array([20260130.0, 20260131.0, 20260201.0]),
        DAYS.astype(np.int64),
        (DAYS.astype(np.int64) * 1000).tolist(),
        DAYS.astype("datetime64[ns]"),
    ],
    ids=lambda values: str(values[0]),
)
def test_every_form_gives_the_same_times(values: object) -> None:
    assert wall(values) == [str(day) for day in DAYS]


def test_whole_numbers_by_range_and_by_unit() -> None:
    """Small ones are counted steps; a unit makes them times all the same."""
    assert read_stamps([1, 2, 5]).tolist() == [1, 2, 5]  # type: ignore[union-attr]
    assert read_stamps(np.arange(123_456, 123_470)).tolist()[0] == 123_456  # type: ignore[union-attr]
    assert wall([202601, 202602]) == ["2026-01-01T00:00:00", "2026-02-01T00:00:00"]
    assert wall([0, 3600], timestamp_unit="s") == ["1970-01-01T00:00:00", "1970-01-01T01:00:00"]
    assert wall([0, 3_600_000], timestamp_unit="ms") == ["1970-01-01T00:00:00", "1970-01-01T01:00:00"]


@pytest.mark.parametrize(
    ("values", "index", "message"),
    [
        (["2026-01-01", "soon"], 1, "'soon', which is not a date"),
        (["2026-01-01", "2026-02-30"], 1, "no such time"),
        (["2026-01-01T24:00:00Z"], 0, "no such time"),
        (["2026-01-01T00:00:00.5Z"], 0, "whole seconds"),
        (["2026-01-01T00:00:00+25:00"], 0, "within a day"),
        (["0001-01-01T00:00:00+02:00"], 0, "1 to 9999"),
        (["9999-12-31T23:00:00-02:00"], 0, "1 to 9999"),
        (["2026-01-01T00:00:00+01:00", "2026-01-02"], 1, "offset"),
        ([20260131, 20260230, 20260301], 1, "20260230"),
        ([20260131, "2026-02-01"], 1, "whole numbers"),
        ([1.5, 2.5], 0, "without a point"),
        ([10**18], 0, "seconds or milliseconds"),
        (["2026-01-01", "x" * 10**6], 1, "such as"),
        (["2026-01-01", None], 1, "None"),
        (["", "2026-01-01"], 0, "such as"),
        (["31.01.2026", "02/13/2026"], 1, "one order"),
        (np.array(["2026-01-01", "NaT"], dtype="datetime64[s]"), 1, "missing"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_the_first_bad_one_is_named(values: object, index: int, message: str) -> None:
    with pytest.raises(TimeError, match=message) as caught:
        read_stamps(values)  # type: ignore[arg-type]
    assert caught.value.index == index


@pytest.mark.parametrize(
    ("value", "zone"), [("9999-12-31T23:59:59Z", "Europe/Berlin"), ("0001-01-01T00:00:00Z", "America/New_York")]
)
def test_a_zone_may_not_carry_a_time_out_of_the_calendar(value: str, zone: str) -> None:
    """Such a moment has no local time: written back it was an error of the server, not of the request."""
    with pytest.raises(TimeError, match="1 to 9999, in UTC too"):
        read_stamps([value], TimeOptions(zone))


def test_day_and_month_are_told_apart_or_refused() -> None:
    """By a number above 12, or because one reading alone is evenly spaced; never by a guess."""
    months = [f"01.{1 + month % 12:02d}.{2021 + month // 12}" for month in range(36)]
    assert wall(months)[1] == "2021-02-01T00:00:00"
    for values in (["01/02/2021"], months[:12]):
        with pytest.raises(TimeError, match=r"dayfirst=true and 2021-01-02 with dayfirst=false"):
            read_stamps(values)
        assert wall(values, dayfirst=True)[-1] == ("2021-02-01T00:00:00" if len(values) == 1 else "2021-12-01T00:00:00")
        assert wall(values, dayfirst=False)[-1].startswith("2021-01-")


def test_naive_times_are_utc_unless_a_zone_is_said() -> None:
    assert wall(["2024-07-01"]) == ["2024-07-01T00:00:00"]
    assert wall(["2024-07-01"], timezone="Europe/Berlin") == ["2024-06-30T22:00:00"]
    assert wall(["2024-07-01"], timezone="+05:30") == ["2024-06-30T18:30:00"]
    for zone in ("Mars/Olympus", "Europe", "../etc/passwd", "+99:00", ""):
        if zone:
            with pytest.raises(ValueError, match="timezone: expected"):
                read_stamps(["2024-07-01"], TimeOptions(zone))


@given(st.integers(-(2**35), 2**37), st.integers(-720, 720))
def test_every_offset_is_the_same_instant(second: int, minutes: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    local = moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    assert wall([local]) == wall([moment.isoformat()]) == [moment.replace(tzinfo=None).isoformat()]


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(word: str) -> None:
    """A text from anywhere must not break the reader."""
    for read in (read_start, lambda text: read_stamps([text])):
        try:
            read(word)
        except TimeError as error:
            assert error.index in (0, None)


def test_thousands_of_stamps_are_read_at_once() -> None:
    """Per value a Python call would cost more than the forecast."""
    times = np.datetime64("2020-01-01", "s") + np.arange(20_000) * np.timedelta64(1, "h")
    stamps = read_stamps([f"{time}Z" for time in times])
    axis, index = TimeAxis.of(stamps, Frequency.parse("1h"))  # type: ignore[arg-type]
    np.testing.assert_array_equal(axis.times(index), times)
