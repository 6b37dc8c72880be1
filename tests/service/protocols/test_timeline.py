"""Times as indices: whatever way a series gives its times, the same instants give the same axis."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.series.timeline import TimeIndex, check_reach, read_timeline
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.stamps import AS_THEY_ARE, Stamps, TimeOptions

SECONDS = st.integers(-(2**33), 2**33)


@dataclass
class Read:
    """What came of the times of a series."""

    axis: TimeAxis | None
    index: TimeIndex | None
    stamps: Stamps | None
    unclear_freq: str
    warnings: list[tuple[str, str]]

    @property
    def freq(self) -> str | None:
        return None if self.axis is None else str(self.axis.frequency)


def read(steps: int, model_freq: str | None = "1h", **fields: object) -> tuple[Read, list[str]]:
    options = fields.pop("time_options", AS_THEY_ARE)
    series = SeriesRequest(target={"": np.zeros(steps, np.float32)}, **fields)  # type: ignore[arg-type]
    series.time_options = options  # type: ignore[assignment]
    warnings: list[tuple[str, str]] = []
    axis, index, stamps = read_timeline(series, steps, model_freq, warnings)
    check_reach(series, axis, index, 10)
    return Read(axis, index, stamps, series.unclear_freq, warnings), [fault.msg for fault in series.faults]


def text(second: int, minutes: int | None = None) -> str:
    zone = UTC if minutes is None else timezone(timedelta(minutes=minutes))
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).astimezone(zone)
    return moment.isoformat().replace("+00:00", "Z")


@given(SECONDS, st.lists(st.integers(1, 5), max_size=10), st.integers(-720, 720), st.sampled_from(["15min", "1h"]))
def test_every_way_to_write_a_time_is_the_same_time(first: int, gaps: list[int], minutes: int, freq: str) -> None:
    length = Frequency.parse(freq).seconds
    assert length is not None
    seconds = [first + length * int(step) for step in np.cumsum([0, 1, *gaps])]
    plain, none = read(len(seconds), freq, timestamps=[text(second) for second in seconds])
    local, also = read(len(seconds), freq, timestamps=[text(second, minutes) for second in seconds])
    assert (none, also) == ([], [])
    assert plain.index is not None and local.index is not None and plain.axis is not None and local.axis is not None
    np.testing.assert_array_equal(plain.index, local.index)
    np.testing.assert_array_equal(plain.axis.times(plain.index).astype(np.int64), seconds)
    assert local.axis.texts(local.index) == [text(second, minutes) for second in seconds]
    started, _ = read(3, freq, start=text(first))
    assert started.index is not None and started.axis is not None
    assert (started.index[0], started.axis.offset) == (plain.index[0], plain.axis.offset)


def test_days_are_those_of_the_clocks_that_they_were_written_by() -> None:
    """A day that begins at 23:00 UTC is the next one where it was measured."""
    for times in (["2024-03-30T00:00:00+01:00", "2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"],
                  ["2024-03-30T00:00:00Z", "2024-03-31T00:00:00Z", "2024-04-01T00:00:00Z"]):  # fmt: skip
        timeline, faults = read(3, None, timestamps=times)
        assert (timeline.freq, faults) == ("1d", []) and timeline.axis is not None and timeline.axis.offset == 0
        assert timeline.index is not None and timeline.index.tolist() == [19812, 19813, 19814]
    timeline, _ = read(2, None, timestamps=["2024-03-30", "2024-03-31"], time_options=TimeOptions("Europe/Berlin"))
    assert timeline.axis is not None and timeline.axis.texts(np.array([19815])) == ["2024-04-02T00:00:00+02:00"]


def test_one_time_alone_needs_a_freq() -> None:
    _, faults = read(1, None, timestamps=[text(0)])
    assert (faults and "freq" in faults[0]) or "at least two times" in faults[0]
    timeline, faults = read(1, None, timestamps=[text(7200)], freq="H")
    assert (timeline.freq, faults) == ("1h", [])


def test_a_session_may_know_the_freq_that_is_left_out() -> None:
    """Whoever sends one value at a time need not repeat it."""
    timeline, faults = read(1, None, timestamps=[text(0)], session="s")
    assert faults == [] and timeline.freq is None and "freq" in timeline.unclear_freq


def test_freqs_of_one_length_are_one() -> None:
    """24h and 1d are the same distance; the model's own name for it wins, and an alias says where it begins."""
    for model, freq in (("1d", "24h"), ("1q", "3mo"), ("1mo", "MS"), ("3mo", "QS-APR"), ("1q", "QS-APR")):
        timeline, faults = read(2, model, start="2026-01-01", freq=freq)
        assert (timeline.freq, faults) == (model, [])
        assert timeline.axis is not None and timeline.index is not None
        assert timeline.axis.texts(timeline.index)[0] == "2026-01-01T00:00:00Z"


def test_an_alias_that_moves_the_start_says_so() -> None:
    """Silently, every value would stand at another time than the client believes."""
    timeline, faults = read(2, "1mo", start="2026-01-15", freq="ME")
    assert faults == [] and timeline.axis is not None and timeline.index is not None
    assert timeline.axis.texts(timeline.index) == ["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"]
    assert timeline.warnings[0][0] == "start_rolled_forward" and "2026-01-31" in timeline.warnings[0][1]
    timeline, faults = read(2, None, timestamps=["2026-01-05", "2026-01-12"], freq="W-SUN")
    assert faults == [] and timeline.warnings[0][0] == "freq_anchor"
    assert read(2, "1mo", start="2026-01-15", freq="1mo")[0].warnings == []


@pytest.mark.parametrize("freq", ["1h", "1mo", "9000y", "B", "100W", "YE-JUN"])
def test_a_forecast_past_the_calendar_is_refused(freq: str) -> None:
    """No time beyond the year 9999 can be written."""
    _, faults = read(2, None, start="9999-12-31T23:00:00Z", freq=freq)
    assert "year 9999" in faults[0]


def test_index_and_nothing() -> None:
    timeline, _ = read(3, from_index=5)
    assert timeline.freq is None and timeline.index is not None and timeline.index.tolist() == [5, 6, 7]
    assert read(3)[0] == Read(None, None, None, "", [])
    assert "from_index" in read(3, timestamps=[1, 2, 3])[1][0]


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(word: str) -> None:
    timeline, faults = read(1, start=word)
    assert bool(faults) == (timeline.index is None)
    read(1, timestamps=[word])
