"""Times of a request as clocks: RFC 3339 texts to instants, instants to absolute step indices on a regular grid."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from service.codecs.forecast_request import Series, shown
from statecast.errors import ConfigError
from statecast.time.frequency import Frequency

Clocks = NDArray[np.int64]
Instants = NDArray[np.datetime64]
_LAST = np.datetime64("9999-12-31T23:59:59", "s")
_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)
_MARKS = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: "Z"}


@dataclass(frozen=True)
class Timeline:
    """Where values lie. freq: canonical text, or None without times.  clocks: ``[T]``; None: they come next."""

    freq: str | None = None
    clocks: Clocks | None = None
    offset: int = 0


def read_timeline(series: Series, steps: int, model_freq: str | None) -> Timeline:
    """Clocks of the ``steps`` values (and, in a table, of the future rows after them).

    What is wrong is noted in the series' faults; the timeline is then not to be used.
    """
    freq = _agreed(series, model_freq)
    given = [name for name in ("start", "timestamps", "from_index") if getattr(series, name) is not None]
    if series.indices is not None:
        given.append("timestamp")
    if len(given) > 1:
        series.fault(f"expected one way to tell the time, got {' and '.join(given)}; keep one", given[1])
    elif series.start is not None:
        return _from_start(series, steps, freq)
    elif series.timestamps is not None:
        return _from_timestamps(series, steps, freq)
    elif series.from_index is not None:
        return Timeline(clocks=series.from_index + np.arange(steps, dtype=np.int64))
    elif series.indices is not None and _ascending(series, series.indices, "timestamp"):
        return Timeline(clocks=series.indices)
    return Timeline()


def check_reach(series: Series, timeline: Timeline, horizon: int) -> None:
    """Refuse a forecast that would pass the last time that RFC 3339 can write."""
    if timeline.freq is not None and timeline.clocks is not None and len(timeline.clocks):
        last = Frequency.parse(timeline.freq).times(timeline.clocks[-1:] + horizon, timeline.offset)[0]
        if last > _LAST:
            name = "start" if series.start is not None else "timestamps"
            series.fault(f"expected a forecast that ends by the year 9999, got one up to {_text(last)}; check it", name)


def _agreed(series: Series, model_freq: str | None) -> Frequency | None:
    model = Frequency.parse(model_freq) if model_freq else None
    if series.freq is None:
        return model
    try:
        asked = Frequency.parse(series.freq)
    except ConfigError as error:
        series.fault(str(error).removeprefix("freq: "), "freq")
        return model
    if model is not None and _length(asked) != _length(model):
        series.fault(
            f"expected {model}, the model's own, got {series.freq!r}; resample the series, or ask another model", "freq"
        )
    return model or asked


def _length(freq: Frequency) -> tuple[str, int]:
    if freq.seconds is not None:
        return "s", freq.seconds
    return "mo", freq.count * {"mo": 1, "q": 3, "y": 12}[freq.unit]


def read_instants(series: Series) -> Instants | None:
    """Instants in UTC, ascending: of the values where each has its own time, else of ``start`` alone.

    What is wrong is noted in the series' faults; there are none to be used then.
    """
    if series.start is not None:
        try:
            return np.array([_instant(series.start)[0]], dtype="datetime64[s]")
        except ValueError as error:
            series.fault(str(error), "start")
            return None
    name, times = "timestamp" if series.table else "timestamps", series.timestamps
    instants = _instants(series, times, name) if isinstance(times, list) else times
    if instants is not None and not _ascending(series, instants.astype(np.int64), name):
        return None
    return instants


def _from_start(series: Series, steps: int, freq: Frequency | None) -> Timeline:
    if freq is None:
        series.fault("expected freq beside start, such as 1h, got none, and the model has no freq of its own", "freq")
        return Timeline()
    instants = read_instants(series)
    if instants is None:
        return Timeline()
    clock, offset = freq.place(instants)
    return Timeline(str(freq), clock[0] + np.arange(steps, dtype=np.int64), int(offset[0]))


def _from_timestamps(series: Series, steps: int, freq: Frequency | None) -> Timeline:
    name = "timestamp" if series.table else "timestamps"
    instants = read_instants(series)
    if instants is None:
        return Timeline()
    if len(instants) != steps:
        series.fault(f"expected {steps} times, one a value of target, got {len(instants)}", name)
        return Timeline()
    freq = freq or infer_freq(instants)
    if freq is None:
        series.fault("expected freq beside a single time, got none; add one, such as 1h", "freq")
        return Timeline()
    if steps == 0:
        return Timeline(str(freq), np.zeros(0, dtype=np.int64))
    clocks, offsets = freq.place(instants)
    off = np.flatnonzero(offsets != offsets[0])
    if len(off):
        index = int(off[0])
        series.fault(
            f"expected times {freq} apart from {_text(instants[0])}, got {_text(instants[index])} off that grid; "
            "regularise the series, or give its freq",
            name, index,
        )  # fmt: skip
    else:
        again = np.flatnonzero(np.diff(clocks) == 0)
        if len(again):
            series.fault(f"expected one value a step of {freq}, got two in one", name, int(again[0]) + 1)
    return Timeline(str(freq), clocks, int(offsets[0]))


def _ascending(series: Series, numbers: NDArray[np.int64], name: str) -> bool:
    steps = np.diff(numbers)
    wrong = np.flatnonzero(steps <= 0)
    if not len(wrong):
        return True
    index = int(wrong[0]) + 1
    what = "the same time as the one before" if steps[index - 1] == 0 else "an earlier time than the one before"
    series.fault(f"expected ascending times, got {what}; sort the values by time and keep one a time", name, index)
    return False


def _text(instant: np.datetime64) -> str:
    return f"{instant.astype('datetime64[s]')}Z"


def _instant(text: str) -> tuple[np.datetime64, str]:
    """Instant in UTC of an RFC 3339 text, and its UTC offset as written."""
    try:
        moment = datetime.fromisoformat(text) if len(text) >= 16 and text[10:11] in "Tt " else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(f"expected an RFC 3339 time such as 2026-01-01T00:00:00Z, got {shown(text)}")
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with its UTC offset, got {shown(text)}; add Z for UTC, or +02:00")
    if moment.microsecond:
        raise ValueError(f"expected whole seconds, got {shown(text)}; round it")
    try:
        plain = moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"expected a year from 1 to 9999 in UTC, got {shown(text)}") from None
    offset = text[-1:].upper() if text[-1:] in "Zz" else text[19:]
    return np.datetime64(plain, "s"), offset


def _instants(series: Series, texts: list[str], name: str) -> Instants | None:
    quick = _all_in_utc(texts)
    if quick is not None:
        return quick
    found = np.zeros(len(texts), dtype="datetime64[s]")
    first = ""
    for index, text in enumerate(texts):
        try:
            if series.table and len(text) in (10, 16, 19):  # tables without offsets are UTC, as in training
                text = (text if len(text) > 10 else f"{text}T00:00:00") + "Z"  # noqa: PLW2901
            found[index], offset = _instant(text)
        except ValueError as error:
            series.fault(str(error), name, index)
            return None
        first = first or offset
        if offset != first:
            series.fault(
                f"expected one UTC offset throughout ({first}), got {offset}; write every time in UTC (Z)", name, index
            )
            return None
    return found


def _all_in_utc(texts: list[str]) -> Instants | None:
    """Times written exactly as ``2026-01-01T00:00:00Z``, all at once; None if any is not."""
    if not texts or any(len(text) != 20 for text in texts):
        return None
    try:
        letters = np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8).reshape(-1, 20)
    except (UnicodeEncodeError, ValueError):
        return None
    digits = letters[:, _DIGITS]
    if ((digits < ord("0")) | (digits > ord("9"))).any():
        return None
    if any((letters[:, place] != ord(mark)).any() for place, mark in _MARKS.items()):
        return None
    try:
        return np.ascontiguousarray(letters[:, :19]).view("S19")[:, 0].astype("U19").astype("datetime64[s]")
    except ValueError:
        return None


def infer_freq(instants: Instants) -> Frequency | None:
    """Coarsest freq on whose grid ascending instants lie, gaps allowed; None for fewer than two."""
    if len(instants) < 2:
        return None
    months = instants.astype("datetime64[M]")
    places = instants - months.astype("datetime64[s]")
    gaps = np.diff(months.astype(np.int64))
    if (places == places[0]).all() and (gaps >= 1).all():
        count = int(np.gcd.reduce(gaps))
        return Frequency(count // 12, "y") if count % 12 == 0 else Frequency(count, "mo")
    seconds = int(np.gcd.reduce(np.diff(instants.astype(np.int64))))
    for unit, length in (("w", 604_800), ("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds % length == 0:
            return Frequency(seconds // length, unit)
    return Frequency(seconds, "s")
