"""Times of a request as a time axis: where each value of a series lies, in what steps, and in whose days."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.protocols.forecast.series import ResolutionRequest, SeriesRequest
from statecast.errors import ConfigError, InputError
from statecast.time.aliases import BUSINESS_MONTHS
from statecast.time.axis import TimeAxis, off_anchor
from statecast.time.frequency import Frequency
from statecast.time.parse import read_stamps, read_start
from statecast.time.stamps import Stamps, TimeError

Clocks = NDArray[np.int64]


@dataclass(frozen=True)
class Timeline:
    """Where values lie.

    Parameters
    ----------
    axis : TimeAxis, optional
        None without times, or where only the session can tell the freq.
    clocks : NDArray, optional
        Absolute index ``[T]`` of each value; None where they come next.
    stamps : Stamps, optional
        What came: one per value, or the first value's alone.
    unclear : str
        Why the freq, which was left out, is not seen from the stamps; then only an open session can tell it.
    inferred : bool
        Whether the freq was left out and seen from the stamps; an open session knows better.
    warnings : tuple
        ``(code, detail)`` pairs.
    """

    axis: TimeAxis | None = None
    clocks: Clocks | None = None
    stamps: Stamps | None = None
    unclear: str = ""
    inferred: bool = False
    warnings: tuple[tuple[str, str], ...] = ()
    season_freq: Frequency | None = None
    """Of the axis, or the freq that came without times: then it decides the season and nothing else."""

    @property
    def freq(self) -> str | None:
        """Canonical text, None without times."""
        return None if self.axis is None else str(self.axis.frequency)

    @property
    def offset(self) -> int:
        """Of every value within its step."""
        return 0 if self.axis is None else self.axis.offset

    @property
    def zone(self) -> str:
        """Whose days they are, and in which times are written."""
        return "" if self.axis is None else self.axis.zone

    def stamps_of(self, steps: int) -> Stamps | None:
        """Stamps of the first ``steps`` values, without those of rows ahead."""
        return None if self.stamps is None else self.stamps.take(slice(max(steps, 1)))


def read_timeline(series: SeriesRequest, steps: int, model_freq: str | None) -> Timeline:
    """Axis and indices of the ``steps`` values (and, in a table, of the future rows after them).

    What is wrong is noted in the series' faults; the timeline is then not to be used.
    """
    freq, model = _agreed(series, model_freq)
    timeline = _read(series, steps, freq)
    axis = timeline.axis
    # One step has several names; the model's own is the one that its sessions were opened with.
    if axis is not None and model is not None and axis.frequency.unit not in BUSINESS_MONTHS:
        timeline = replace(timeline, axis=replace(axis, frequency=model))
    if timeline.axis is not None:
        return replace(timeline, season_freq=timeline.axis.frequency)
    return timeline if series.freq is None else replace(timeline, season_freq=freq)


def _read(series: SeriesRequest, steps: int, freq: Frequency | None) -> Timeline:
    given = [name for name in ("start", "timestamps", "from_index") if getattr(series, name) is not None]
    if len(given) > 1:
        series.fault(f"expected one way to give the times, got {' and '.join(given)}; keep one", given[1])
    elif series.start is not None:
        return _from_start(series, steps, freq)
    elif series.timestamps is not None:
        return _from_timestamps(series, steps, freq)
    elif series.from_index is not None:
        return Timeline(clocks=series.from_index + np.arange(steps, dtype=np.int64))
    return Timeline()


def check_reach(series: SeriesRequest, timeline: Timeline, horizon: int) -> None:
    """Refuse a forecast that would pass the last time that RFC 3339 can write."""
    axis, clocks = timeline.axis, timeline.clocks
    if axis is not None and clocks is not None and len(clocks) and not axis.reaches(int(clocks[-1]) + horizon):
        name = "start" if series.start is not None else "timestamps"
        last = axis.times(clocks[-1:] + horizon)[0]
        series.fault(f"expected a forecast that ends by the year 9999, got one up to {last}; check it", name)


def _agreed(series: SeriesRequest, model_freq: str | None) -> tuple[Frequency | None, Frequency | None]:
    """Freq to read the times by, and the model's own."""
    model = Frequency.parse(model_freq) if model_freq else None
    if series.freq is None:
        return model, model
    try:
        asked = Frequency.parse(series.freq)
    except ConfigError as error:
        series.fault(str(error).removeprefix("freq: "), "freq")
        return model, model
    if model is not None and not model.same_step(asked):
        series.fault(
            f"expected {model}, the model's own, got {series.freq!r}; resample the series, or use another model", "freq"
        )
    return asked, model


def read_times(series: SeriesRequest | ResolutionRequest) -> Stamps | Clocks | None:
    """Stamps, rising: of the values where each has its own time, else of ``start`` alone; or steps counted in a table.

    What is wrong is noted in the series' faults; there are none to be used then.
    """
    name = "start" if series.start is not None else "timestamp" if series.table else "timestamps"
    try:
        if series.start is not None:
            return read_start(series.start, series.time_options)
        found = _read_already(series.timestamps)
        if found is None:
            found = read_stamps(series.timestamps, series.time_options)  # type: ignore[arg-type]
    except InputError as error:
        index = error.index if isinstance(error, TimeError) else None
        series.fault(str(error), name, *(() if index is None or series.start is not None else (index,)))
        return None
    if isinstance(found, np.ndarray) and not series.table:
        series.fault("expected times, got counted steps; say from_index instead, or timestamp_unit", name)
        return None
    numbers = found.instants.astype(np.int64) if isinstance(found, Stamps) else found
    return found if _ascending(series, numbers, name) else None


def _read_already(times: object) -> Stamps | Clocks | None:
    if isinstance(times, Stamps):
        return times
    return times if isinstance(times, np.ndarray) and times.dtype.kind == "i" else None


def _from_start(series: SeriesRequest, steps: int, freq: Frequency | None) -> Timeline:
    stamps = read_times(series)
    if not isinstance(stamps, Stamps):
        return Timeline()
    if freq is None:
        what = "expected freq beside start, such as 1h, got none, and the model has no freq of its own"
        if series.session is None:
            series.fault(what, "freq")
        return Timeline(clocks=np.arange(steps, dtype=np.int64), stamps=stamps, unclear=f"freq: {what}")
    rolled = off_anchor(stamps, freq)
    warnings = (("start_rolled_forward", f"start {rolled}; times are counted from there"),) if rolled else ()
    try:
        axis, first = TimeAxis.of_start(stamps, freq)
    except TimeError as error:
        series.fault(str(error), "start")
        return Timeline()
    return Timeline(axis, first + np.arange(steps, dtype=np.int64), stamps, warnings=warnings)


def _from_timestamps(series: SeriesRequest, steps: int, freq: Frequency | None) -> Timeline:
    name = "timestamp" if series.table else "timestamps"
    found = read_times(series)
    if found is None:
        return Timeline()
    if len(found) != steps:
        series.fault(f"expected {steps} times, one per value of target, got {len(found)}", name)
        return Timeline()
    if not isinstance(found, Stamps) or steps == 0:
        axis = None if freq is None else TimeAxis(freq.plain)
        return (
            Timeline(axis, np.zeros(0, dtype=np.int64), found) if isinstance(found, Stamps) else Timeline(clocks=found)
        )
    return _on_stamps(series, found, freq, name)


def _on_stamps(series: SeriesRequest, found: Stamps, freq: Frequency | None, name: str) -> Timeline:
    try:
        axis, clocks = TimeAxis.of(found, freq)
    except InputError as error:
        row = error.index if isinstance(error, TimeError) else None
        if freq is None and series.session is not None:
            what = "" if row is None else f"{name}[{row if series.rows is None else series.rows[row]}]: "
            return Timeline(clocks=np.arange(len(found), dtype=np.int64), stamps=found, unclear=f"{what}{error}")
        where: tuple[str | int, ...] = ("freq",) if row is None else (name, row)
        series.fault(str(error).removeprefix("freq: "), *where)
        return Timeline()
    beside = None if freq is None else off_anchor(found, freq)
    warnings = (("freq_anchor", f"timestamp {beside}; the times are taken as they are"),) if beside else ()
    return Timeline(axis, clocks, found, inferred=freq is None, warnings=warnings)


def _ascending(series: SeriesRequest | ResolutionRequest, numbers: NDArray[np.int64], name: str) -> bool:
    steps = np.diff(numbers)
    wrong = np.flatnonzero(steps <= 0)
    if not len(wrong):
        return True
    index = int(wrong[0]) + 1
    what = "the same time as the one before" if steps[index - 1] == 0 else "an earlier time than the one before"
    series.fault(f"expected ascending times, got {what}; sort the values by time and keep one per time", name, index)
    return False
