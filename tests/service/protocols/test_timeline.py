"""Times as clocks: whatever way a series tells its time, the same instants give the same clocks."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.codecs.forecast_request import Series
from service.protocols.forecast.timeline import Timeline, infer_freq, read_timeline
from statecast.time.frequency import Frequency

SECONDS = st.integers(-(2**33), 2**33)


def read(steps: int, model_freq: str | None = "1h", **fields: object) -> tuple[Timeline, list[str]]:
    series = Series(("series", 0), target={"": np.zeros(steps, np.float32)}, **fields)  # type: ignore[arg-type]
    return read_timeline(series, steps, model_freq), [fault.msg for fault in series.faults]


def text(second: int, minutes: int | None = None) -> str:
    zone = UTC if minutes is None else timezone(timedelta(minutes=minutes))
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).astimezone(zone)
    return moment.isoformat().replace("+00:00", "Z")


@given(
    SECONDS, st.lists(st.integers(1, 5), max_size=10), st.integers(-720, 720), st.sampled_from(["15min", "1h", "1d"])
)
def test_every_way_to_write_a_time_is_the_same_time(first: int, gaps: list[int], minutes: int, freq: str) -> None:
    length = Frequency.parse(freq).seconds
    assert length is not None
    seconds = [first + length * int(step) for step in np.cumsum([0, *gaps])]
    plain, none = read(len(seconds), freq, timestamps=[text(second) for second in seconds])
    local, also = read(len(seconds), freq, timestamps=[text(second, minutes) for second in seconds])
    assert (none, also) == ([], [])
    assert plain.clocks is not None and local.clocks is not None
    np.testing.assert_array_equal(plain.clocks, local.clocks)
    again = Frequency.parse(freq).times(plain.clocks, plain.offset).astype(np.int64)
    np.testing.assert_array_equal(again, seconds)
    started, _ = read(3, freq, start=text(first))
    assert started.clocks is not None and (started.clocks[0], started.offset) == (plain.clocks[0], plain.offset)


@pytest.mark.parametrize(
    ("times", "freq"),
    [
        (["2026-01-01", "2026-01-02", "2026-01-04"], "1d"),
        (["2026-01-01", "2026-02-01", "2026-04-01"], "1mo"),
        (["2026-01-31", "2026-03-31"], "2mo"),
        (["2024-01-01", "2025-01-01", "2027-01-01"], "1y"),
        (["2026-01-05", "2026-01-12", "2026-01-26"], "1w"),
        (["2026-01-01T00:00", "2026-01-01T00:30", "2026-01-01T01:15"], "15min"),
        (["2026-01-01T00:00:00", "2026-01-01T00:00:07"], "7s"),
    ],
)
def test_freq_is_found(times: list[str], freq: str) -> None:
    assert str(infer_freq(np.array(times, dtype="datetime64[s]"))) == freq


def test_one_time_alone_needs_a_freq() -> None:
    _, faults = read(1, None, timestamps=[text(0)])
    assert faults and "expected freq" in faults[0]
    timeline, faults = read(1, None, timestamps=[text(7200)], freq="H")
    assert (timeline.freq, faults) == ("1h", [])


def test_freqs_of_one_length_are_one() -> None:
    """24h and 1d are the same distance; the model's own name for it wins."""
    timeline, faults = read(2, "1d", start=text(0), freq="24h")
    assert (timeline.freq, faults) == ("1d", [])
    timeline, faults = read(2, "1q", start=text(0), freq="3mo")
    assert (timeline.freq, faults) == ("1q", [])


def test_index_and_nothing() -> None:
    timeline, _ = read(3, from_index=5)
    assert timeline.freq is None and timeline.clocks is not None and timeline.clocks.tolist() == [5, 6, 7]
    assert read(3)[0] == Timeline()


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(word: str) -> None:
    timeline, faults = read(1, start=word)
    assert bool(faults) == (timeline.clocks is None)
    read(1, timestamps=[word])
