"""Times of a request as a time axis: where each value of a series lies, in what steps, and in whose days."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.protocols.forecast.series.request import ResolutionRequest, SeriesRequest
from statecast.errors import ConfigError, InputError
from statecast.placement import place_stamps
from statecast.time.aliases import BUSINESS_MONTHS
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.parse import read_stamps, read_start
from statecast.time.stamps import Stamps, TimeError
from statecast.time.wall_times import off_anchor

TimeIndex = NDArray[np.int64]
Timeline = tuple[TimeAxis | None, TimeIndex | None, Stamps | None]
"""Axis of a series, None without times or where only its session knows the freq; absolute index ``[T]`` of each value,
None where they come next; the times as they came, one per value or the first value's alone."""


def read_timeline(
    series: SeriesRequest, steps: int, model_freq: str | None, warnings: list[tuple[str, str]]
) -> Timeline:
    """Find where the values of a series lie.

    What is wrong is noted in the series' faults; the timeline is then not to be used. Where a freq was left out and
    does not show, and an open session may know it, the reason is noted in ``series.unclear_freq`` instead.

    Parameters
    ----------
    series : SeriesRequest
        Has a start, timestamps, an index, or none of them.
    steps : int
        Number T of values; in a table with that of the future rows after them.
    model_freq : str or None
        The model's own, None where it takes any.
    warnings : list of (str, str)
        Code and detail of what a client may not expect are added here.

    Returns
    -------
    Timeline
        Axis, time index and stamps.
    """
    freq, model = _agreed(series, model_freq)
    axis, index, stamps = _read(series, steps, freq, warnings)
    # One step has several names; the model's own is the one that its sessions were opened with.
    if axis is not None and model is not None and axis.frequency.unit not in BUSINESS_MONTHS:
        axis = replace(axis, frequency=model)
    return axis, index, stamps


def _read(series: SeriesRequest, steps: int, freq: Frequency | None, warnings: list[tuple[str, str]]) -> Timeline:
    given = [name for name in ("start", "timestamps", "from_index") if getattr(series, name) is not None]
    if len(given) > 1:
        series.fault(f"expected one way to give the times, got {' and '.join(given)}; keep one", given[1])
    elif series.start is not None:
        return _from_start(series, steps, freq, warnings)
    elif series.timestamps is not None:
        return _from_timestamps(series, steps, freq, warnings)
    elif series.from_index is not None:
        return None, series.from_index + np.arange(steps, dtype=np.int64), None
    return None, None, None


def check_reach(series: SeriesRequest, axis: TimeAxis | None, index: TimeIndex | None, horizon: int) -> None:
    """Refuse a forecast that would pass the last time that RFC 3339 can write.

    Parameters
    ----------
    series : SeriesRequest
        Takes the fault.
    axis : TimeAxis or None
        Without times nothing can pass.
    index : array of int64, ``[T]``, or None
        Time index of its values.
    horizon : int
        Steps ahead.
    """
    if axis is not None and index is not None and len(index) and not axis.reaches(int(index[-1]) + horizon):
        name = "start" if series.start is not None else "timestamps"
        last = axis.times(index[-1:] + horizon)[0]
        series.fault(f"expected a forecast that ends by the year 9999, got one up to {last}; check it", name)


def _agreed(series: SeriesRequest, model_freq: str | None) -> tuple[Frequency | None, Frequency | None]:
    """Freq to read the times by, and the model's own."""
    model = Frequency.parse(model_freq) if model_freq else None
    if series.freq is None:
        return model, model
    try:
        requested = Frequency.parse(series.freq)
    except ConfigError as error:
        series.fault(str(error).removeprefix("freq: "), "freq")
        return model, model
    if model is not None and not model.same_step(requested):
        series.fault(
            f"expected {model}, the model's own, got {series.freq!r}; resample the series, or use another model", "freq"
        )
    return requested, model


def read_times(series: SeriesRequest | ResolutionRequest) -> Stamps | TimeIndex | None:
    """Read the times of a series as they came, rising.

    Parameters
    ----------
    series : SeriesRequest or ResolutionRequest
        Has ``start`` or ``timestamps``. What is wrong is noted in its faults.

    Returns
    -------
    Stamps, array of int64 ``[T]``, or None
        One stamp per value, or that of ``start`` alone; counted steps, in a table; None where something is wrong.
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


def _read_already(times: object) -> Stamps | TimeIndex | None:
    if isinstance(times, Stamps):
        return times
    return times if isinstance(times, np.ndarray) and times.dtype.kind == "i" else None


def _from_start(series: SeriesRequest, steps: int, freq: Frequency | None, warnings: list[tuple[str, str]]) -> Timeline:
    stamps = read_times(series)
    if not isinstance(stamps, Stamps):
        return None, None, None
    if freq is None:
        missing = "expected freq beside start, such as 1h, got none, and the model has no freq of its own"
        if series.session is None:
            series.fault(missing, "freq")
        series.unclear_freq = f"freq: {missing}"
        return None, np.arange(steps, dtype=np.int64), stamps
    try:
        axis, first = TimeAxis.of_start(stamps, freq)
    except TimeError as error:
        series.fault(str(error), "start")
        return None, None, None
    if rolled := off_anchor(stamps, freq):
        warnings.append(("start_rolled_forward", f"start {rolled}; times are counted from there"))
    return axis, first + np.arange(steps, dtype=np.int64), stamps


def _from_timestamps(
    series: SeriesRequest, steps: int, freq: Frequency | None, warnings: list[tuple[str, str]]
) -> Timeline:
    name = "timestamp" if series.table else "timestamps"
    found = read_times(series)
    if found is None:
        return None, None, None
    if len(found) != steps:
        series.fault(f"expected {steps} times, one per value of target, got {len(found)}", name)
    elif not isinstance(found, Stamps):
        return None, found, None
    elif steps == 0:
        return None if freq is None else TimeAxis(freq.plain), np.zeros(0, dtype=np.int64), found
    else:
        return _on_stamps(series, found, freq, name, warnings)
    return None, None, None


def _on_stamps(
    series: SeriesRequest, found: Stamps, freq: Frequency | None, name: str, warnings: list[tuple[str, str]]
) -> Timeline:
    try:
        axis, index = place_stamps(found, freq)
    except InputError as error:
        row = error.index if isinstance(error, TimeError) else None
        if freq is None and series.session is not None:
            what = "" if row is None else f"{name}[{row if series.rows is None else series.rows[row]}]: "
            series.unclear_freq = f"{what}{error}"
            return None, np.arange(len(found), dtype=np.int64), found
        where: tuple[str | int, ...] = ("freq",) if row is None else (name, row)
        series.fault(str(error).removeprefix("freq: "), *where)
        return None, None, None
    if freq is not None and (beside := off_anchor(found, freq)):
        warnings.append(("freq_anchor", f"timestamp {beside}; the times are taken as they are"))
    return axis, index, found


def _ascending(series: SeriesRequest | ResolutionRequest, numbers: NDArray[np.int64], name: str) -> bool:
    steps = np.diff(numbers)
    wrong = np.flatnonzero(steps <= 0)
    if not len(wrong):
        return True
    index = int(wrong[0]) + 1
    what = "the same time as the one before" if steps[index - 1] == 0 else "an earlier time than the one before"
    series.fault(f"expected ascending times, got {what}; sort the values by time and keep one per time", name, index)
    return False
