"""Where the values of a history lie: its times, in whatever form a notebook holds them, on one axis without holes."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.placement import check_gaps, place_stamps
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.parse import read_stamps, read_start
from statecast.time.stamps import UNITS, Stamps, TimeOptions
from statecast.time.wall_times import off_anchor


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
        """Put values where they lie on the grid.

        Parameters
        ----------
        values : sequence, shape [T]
            One per value that was placed.

        Returns
        -------
        sequence
            A list of ``span`` values with None in its holes; ``values`` itself where it has none.
        """
        if self.span == len(self.rows):
            return values
        grid: list[Any] = [None] * self.span
        for row, value in zip(self.rows.tolist(), values, strict=True):
            grid[row] = value
        return grid

    def times(self, ahead: int) -> NDArray[np.datetime64] | None:
        """Return naive times of the axis, of the grid's steps and some after them.

        Parameters
        ----------
        ahead : int
            Steps after the grid.

        Returns
        -------
        ndarray, shape [span + ahead], datetime64[s], or None
            None without times.
        """
        return None if self.axis is None else self.axis.times(self.first + np.arange(self.span + ahead))

    def following(self, ahead: int) -> tuple[NDArray[np.datetime64] | None, list[str] | None]:
        """Return when the steps after the grid are.

        Parameters
        ----------
        ahead : int
            How many of them, from 1.

        Returns
        -------
        instants : ndarray, shape [ahead], datetime64[s], or None
            In UTC; None without times.
        texts : list of str or None
            RFC 3339, in the axis' zone.

        Raises
        ------
        InputError
            If the last of them lies beyond the year 9999.
        """
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
    """Place the values of a history.

    Parameters
    ----------
    count : int
        Number of values, T.
    start : Any
        Time of the first value, or None; see ``read_one``.
    timestamps : Any
        Times of all values, or None; see ``read_times``.
    freq : str or None
        Distance of two values; None for the model's own or, with timestamps, the one that most of them show.
    model_freq : str or None
        The model's own; None where it takes any.
    options : TimeOptions
        How to read the times.

    Returns
    -------
    Placement
        Without an axis where there are no times.

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
        return _by_timestamps(count, read_times(timestamps, options), frequency, said=freq is not None)
    if start is None or frequency is None:
        return Placement(None, 0, np.arange(count))
    stamps = read_one(start, options)
    moved = off_anchor(stamps, frequency)
    if moved:
        warnings.warn(f"start {moved}; times are counted from there", UserWarning, stacklevel=4)
    axis, first = TimeAxis.of_start(stamps, frequency)
    return Placement(axis, first, np.arange(count))


def read_options(options: Mapping[str, Any]) -> TimeOptions:
    """Check keyword arguments as options for reading times.

    Parameters
    ----------
    options : mapping of str to Any
        Values by name of a ``TimeOptions`` field.

    Returns
    -------
    TimeOptions
        The options.

    Raises
    ------
    InputError
        If one is unknown or has no such value.
    """
    for name in options:
        if name not in TimeOptions.__dataclass_fields__:
            known = ", ".join(TimeOptions.__dataclass_fields__)
            raise InputError(f"{name}: not an option of a forecast; options for times are {known}")
    read = TimeOptions(**options)
    if read.timestamp_unit not in (None, *UNITS):
        raise InputError(f"timestamp_unit: expected one of {', '.join(UNITS)}, got {read.timestamp_unit!r}")
    return read


def read_one(start: Any, options: TimeOptions) -> Stamps:
    """Read a start.

    Parameters
    ----------
    start : Any
        A text, a number, a ``datetime`` or what numpy takes for an instant.
    options : TimeOptions
        How to read it.

    Returns
    -------
    Stamps, shape [1]
        The time.

    Raises
    ------
    TimeError
        If it is not a time.
    """
    if isinstance(start, np.datetime64):
        start = str(start.astype("datetime64[s]"))
    return read_start(start.isoformat() if isinstance(start, date) else start, options)


def read_times(timestamps: Any, options: TimeOptions) -> Stamps:
    """Read many times.

    Parameters
    ----------
    timestamps : Any
        Texts, numbers, ``datetime`` objects, or an array or index of them; or stamps that were read already.
    options : TimeOptions
        How to read them.

    Returns
    -------
    Stamps, shape [N]
        The times.

    Raises
    ------
    InputError
        If one cannot be read, or they are counted steps.
    """
    if isinstance(timestamps, Stamps):
        return timestamps
    values = np.asarray(timestamps)
    if values.dtype.kind == "O":
        found = read_stamps([one.isoformat() if isinstance(one, date) else one for one in values.tolist()], options)
    else:
        found = read_stamps(values, options)
    if not isinstance(found, Stamps):
        raise InputError("timestamps: expected times, got counted steps; leave them out, or pass timestamp_unit")
    return found


def _by_timestamps(count: int, stamps: Stamps, frequency: Frequency | None, *, said: bool) -> Placement:
    if len(stamps) != count:
        raise InputError(f"timestamps: expected {count} times, one per value, got {len(stamps)}")
    wrong = np.flatnonzero(np.diff(stamps.instants.astype(np.int64)) <= 0)
    if len(wrong):
        raise InputError(f"timestamps: expected rising times, got one at {int(wrong[0]) + 1} that is not; sort them")
    axis, index = (TimeAxis.of if said else place_stamps)(stamps, frequency)
    sparse = check_gaps(count, int(index[-1] - index[0]) + 1, str(axis.frequency))
    if sparse:
        warnings.warn(sparse, UserWarning, stacklevel=5)
    return Placement(axis, int(index[0]), index - index[0])
