"""Where the values of a history lie: its times, in whatever form a notebook holds them, on one axis without holes."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.parse import read_stamps, read_start
from statecast.time.stamps import UNITS, Stamps, TimeOptions
from statecast.time.wall_times import off_anchor

_SPARSEST = 50  # steps per given value, beyond which the freq is surely wrong


@dataclass(frozen=True)
class Placement:
    """Place of T values on a grid of ``span`` steps.

    Parameters
    ----------
    axis : TimeAxis or None
        None without times.
    first : int
        Absolute index of the first value; 0 without times.
    rows : NDArray
        Step ``[T]`` of each value after the first one.
    """

    axis: TimeAxis | None
    first: int
    rows: NDArray[np.int64]

    @property
    def span(self) -> int:
        """Steps from the first value to the last, both counted."""
        return int(self.rows[-1]) + 1 if len(self.rows) else 0

    def spread(self, values: Any) -> Any:
        """Values ``[T]`` on the grid, a list with None in its holes; as they are where it has none."""
        if self.span == len(self.rows):
            return values
        grid: list[Any] = [None] * self.span
        for row, value in zip(self.rows.tolist(), values, strict=True):
            grid[row] = value
        return grid

    def times(self, ahead: int) -> NDArray[np.datetime64] | None:
        """Naive times of the axis, of the grid's steps and of ``ahead`` more; None without times."""
        return None if self.axis is None else self.axis.times(self.first + np.arange(self.span + ahead))

    def following(self, ahead: int) -> tuple[NDArray[np.datetime64] | None, list[str] | None]:
        """Instants, and texts in the axis' zone, of the ``ahead`` steps after the grid; None without times."""
        if self.axis is None:
            return None, None
        index = self.first + self.span + np.arange(ahead)
        if not self.axis.reaches(int(index[-1])):
            last = self.axis.times(index[-1:])[0]
            raise InputError(f"horizon: expected a forecast that ends by the year 9999, got one up to {last}")
        return self.axis.instants(index), self.axis.texts(index)


def place_history(
    count: int, start: Any, timestamps: Any, freq: str | None, model_freq: str | None, options: TimeOptions
) -> Placement:
    """Place ``count`` values by their ``timestamps``, or by the ``start`` of the first one.

    Raises
    ------
    InputError, ConfigError
        If a time cannot be read or lies beside the others' grid, or the freq is missing or another than the model's.
    """
    model = Frequency.parse(model_freq) if model_freq else None
    frequency = Frequency.parse(freq) if freq else model
    if frequency is not None and model is not None and not frequency.same_step(model):
        raise InputError(f"freq: expected {model}, the model's own, got {freq!r}; resample the series")
    if start is not None and timestamps is not None:
        raise InputError("timestamps: expected either start or timestamps, got both; keep one")
    if timestamps is not None:
        return _by_timestamps(count, read_times(timestamps, options), frequency)
    if start is None or frequency is None:
        return Placement(None, 0, np.arange(count))
    stamps = read_one(start, options)
    moved = off_anchor(stamps, frequency)
    if moved:
        warnings.warn(f"start {moved}; times are counted from there", UserWarning, stacklevel=4)
    axis, first = TimeAxis.of_start(stamps, frequency)
    return Placement(axis, first, np.arange(count))


def read_options(given: Mapping[str, Any]) -> TimeOptions:
    """Take keyword arguments as options of reading.

    Raises
    ------
    InputError
        If one is unknown or has no such value.
    """
    for name in given:
        if name not in TimeOptions.__dataclass_fields__:
            known = ", ".join(TimeOptions.__dataclass_fields__)
            raise InputError(f"{name}: not an option of a forecast; of times there are {known}")
    options = TimeOptions(**given)
    if options.timestamp_unit not in (None, *UNITS):
        raise InputError(f"timestamp_unit: expected one of {', '.join(UNITS)}, got {options.timestamp_unit!r}")
    return options


def read_one(start: Any, options: TimeOptions) -> Stamps:
    """Read a start: a text, a number, a ``datetime`` or what numpy takes for an instant."""
    if isinstance(start, np.datetime64):
        start = str(start.astype("datetime64[s]"))
    return read_start(start.isoformat() if isinstance(start, date) else start, options)


def read_times(timestamps: Any, options: TimeOptions) -> Stamps:
    """Read many times: texts, numbers, ``datetime`` objects, or an array or index of them."""
    values = np.asarray(timestamps)
    if values.dtype.kind == "O":
        found = read_stamps([one.isoformat() if isinstance(one, date) else one for one in values.tolist()], options)
    else:
        found = read_stamps(values, options)
    if not isinstance(found, Stamps):
        raise InputError("timestamps: expected times, got counted steps; leave them out, or say timestamp_unit")
    return found


def _by_timestamps(count: int, stamps: Stamps, frequency: Frequency | None) -> Placement:
    if len(stamps) != count:
        raise InputError(f"timestamps: expected {count} times, one per value, got {len(stamps)}")
    wrong = np.flatnonzero(np.diff(stamps.instants.astype(np.int64)) <= 0)
    if len(wrong):
        raise InputError(f"timestamps: expected rising times, got one at {int(wrong[0]) + 1} that is not; sort them")
    axis, index = TimeAxis.of(stamps, frequency)
    if index[-1] - index[0] > _SPARSEST * count + 1000:
        raise InputError(f"timestamps: {count} values over {index[-1] - index[0]} steps; give a coarser freq")
    return Placement(axis, int(index[0]), index - index[0])
