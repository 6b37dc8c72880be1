"""A freq means what ``pandas.date_range`` gives, and its index and offset lead back to every time.

Without this a forecast of ends of months stands on the 3rd of March, and nobody sees it.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecast.errors import ConfigError
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.offsets import common_offset
from statecast.time.parse import read_stamps, read_start
from statecast.time.wall_times import off_anchor

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
ONE = (
    "s", "min", "h", "D", "B", "W", "MS", "ME", "QS", "QE", "YS", "YE", "BMS", "BME", "BQS", "BQE", "BYS", "BYE",
    *(f"W-{day}" for day in WEEKDAYS),
    *(f"{word}-{month}" for word in ("QS", "QE", "YS", "YE", "BQS", "BQE", "BYS", "BYE") for month in MONTHS),
)  # fmt: skip
ALIASES = (*ONE, *(f"3{alias}" for alias in ONE[:25]), "15min", "24h", "7D", "2B", "13MS", "18ME")
STARTS = (
    "2024-02-29", "2023-02-28", "2024-02-28", "2026-01-31", "2026-01-30", "2026-04-30", "2023-12-31", "2024-01-01",
    "2026-08-31T17:45:30", "2025-06-07", "2025-06-08T23:59:59", "2023-04-01", "1969-12-31T06:00", "1900-02-28",
    "2000-02-29T12:00",
    *(str(day) for day in np.datetime64("2023-03-01") + 37 * np.arange(25)),
)  # fmt: skip
PERIODS = 60


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_means_what_pandas_gives(alias: str) -> None:
    """From 40 starts, leap days, ends of months and days beside the anchor among them."""
    assert len(STARTS) == 40
    frequency = Frequency.parse(alias)
    for start in STARTS:
        theirs = pd.date_range(start, periods=PERIODS, freq=alias).to_numpy().astype("datetime64[s]")
        stamps = read_start(start)
        axis, first = TimeAxis.of_start(stamps, frequency)
        np.testing.assert_array_equal(axis.times(first + np.arange(PERIODS)), theirs, err_msg=start)
        assert (off_anchor(stamps, frequency) is None) == (theirs[0] == stamps.wall[0])
        again, index = TimeAxis.of(read_stamps(theirs), frequency)
        np.testing.assert_array_equal(again.times(index), theirs)


@pytest.mark.parametrize(
    ("start", "freq", "expected"),
    [
        ("2026-01-31", "1mo", ["2026-02-28", "2026-03-31", "2026-04-30"]),
        ("2026-01-30", "1mo", ["2026-02-28", "2026-03-30", "2026-04-30"]),
        ("2026-02-28", "1mo", ["2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2026-03-31", "1q", ["2026-06-30", "2026-09-30", "2026-12-31"]),
        ("2023-04-01", "1y", ["2024-04-01", "2025-04-01", "2026-04-01"]),
        ("2024-02-29", "1y", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2023-02-28", "1y", ["2024-02-29", "2025-02-28"]),
        ("2024-01-15", "2mo", ["2024-03-15", "2024-05-15"]),
        ("2026-01-02", "1w", ["2026-01-09", "2026-01-16"]),
        ("2026-01-02", "1b", ["2026-01-05", "2026-01-06"]),
    ],
)
def test_calendar_steps_keep_the_day_of_the_data(start: str, freq: str, expected: list[str]) -> None:
    """ISO-like steps have no anchor of their own; the last day of a month stays the last day."""
    axis, first = TimeAxis.of_start(read_start(start), Frequency.parse(freq))
    assert axis.texts(first + 1 + np.arange(len(expected))) == [f"{day}T00:00:00Z" for day in expected]


@given(
    st.sampled_from(["1s", "15min", "6h", "1d", "1b", "3b", "1w", "1mo", "7mo", "1q", "1y"]),
    st.integers(-(10**9), 10**10),
)
def test_place_and_times_are_inverse(text: str, second: int) -> None:
    """A session lives by its index; a time that came back as another time would lose observations."""
    frequency = Frequency.parse(text)
    time = frequency.roll_forward(np.array([second]).astype("datetime64[s]"))
    index, offset = common_offset(frequency, time)
    assert frequency.times(index, offset)[0] == time[0]
    assert (frequency.times(index + 1, offset) > time).all()


@pytest.mark.parametrize(
    "text", ["", "0h", "1000000y", "9" * 5000 + "d", "999999999999s", "1ms", "ns", "W-FOO", "MS-JAN", "²h"]
)
def test_what_is_no_freq_is_refused(text: str) -> None:
    """By a message, not by an overflow further on."""
    with pytest.raises(ConfigError, match="freq: expected"):
        Frequency.parse(text)


def test_steps_of_one_length_go_together() -> None:
    """A model of months takes series of month starts and of month ends, whatever their tool called them."""
    for one, other in (("1mo", "MS"), ("1mo", "ME"), ("1q", "QS-APR"), ("3mo", "1q"), ("1d", "24h"), ("1y", "YE-JUN")):
        assert Frequency.parse(one).same_step(Frequency.parse(other))
    for one, other in (("1mo", "1q"), ("1d", "B"), ("1d", "1w"), ("B", "2B")):
        assert not Frequency.parse(one).same_step(Frequency.parse(other))
