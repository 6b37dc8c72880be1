"""A series on the axis of a freq: stamps that keep to it, and not too much missing between them."""

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.stamps import Stamps, TimeError
from statecast.time.wall_times import infer_times

SPARSEST = 50
"""Steps per value from which on the freq is surely wrong."""
_FEW = 1000  # steps that a short series may span in any case
_HALF = 2
_ENOUGH = 3  # stamps, from which on their distance is no gap by chance


def place_stamps(stamps: Stamps, frequency: Frequency | None) -> tuple[TimeAxis, NDArray[np.int64]]:
    """Place stamps as ``TimeAxis.of`` does, and refuse those of a series of another freq by both names.

    Parameters
    ----------
    stamps : Stamps, shape [N]
        Rising, of one series.
    frequency : Frequency or None
        Distance of neighbours; None to infer it.

    Returns
    -------
    axis : TimeAxis
        The axis.
    index : ndarray, shape [N], int64
        Absolute index of each stamp.

    Raises
    ------
    TimeError, InputError
        As ``TimeAxis.of``; or if no two neighbours are one step apart, or they are finer than a step.

    Examples
    --------
    >>> stamps = Stamps.of(np.array(["2026-01-01", "2026-02-01", "2026-03-01"], dtype="M8[s]"))
    >>> place_stamps(stamps, Frequency.parse("1d"))
    Traceback (most recent call last):
    ...
    statecast.errors.InputError: freq: expected 1d, got times 1mo apart; resample the series, or use a model of its freq
    """
    try:
        axis, index = TimeAxis.of(stamps, frequency)
    except TimeError:
        other = _other(stamps, frequency)
        if other is None:
            raise
        raise _refused(frequency, other) from None
    if frequency is not None and len(index) >= _ENOUGH and np.diff(index).min() > 1:
        other = _other(stamps, frequency)
        if other is not None:
            raise _refused(frequency, other)
    return axis, index


def _other(stamps: Stamps, frequency: Frequency | None) -> Frequency | None:
    """Freq that the stamps show, where it is another one."""
    if frequency is None or len(stamps) < _ENOUGH:
        return None
    try:
        found = infer_times(stamps)[1]
    except InputError:
        return None
    return None if found.same_step(frequency) else found


def _refused(frequency: Frequency | None, other: Frequency) -> InputError:
    return InputError(
        f"freq: expected {frequency}, got times {other} apart; resample the series, or use a model of its freq"
    )


def check_gaps(values: int, steps: int, freq: str) -> str | None:
    """Refuse a series of which next to nothing is there; say so where most of it is missing.

    Parameters
    ----------
    values : int
        Values that are there.
    steps : int
        Steps from the first of them to the last.
    freq : str
        Distance of two steps.

    Returns
    -------
    str or None
        Words for a warning where more than half is missing.

    Raises
    ------
    InputError
        If there are more than ``SPARSEST`` steps per value.

    Examples
    --------
    >>> check_gaps(10, 10, "1d")
    >>> check_gaps(10, 40, "1d")
    '30 of 40 steps of 1d are missing; is the freq right?'
    """
    if steps > SPARSEST * values + _FEW:
        raise InputError(f"{values} values over {steps} steps of {freq}; give a coarser freq")
    if steps <= _HALF * values:
        return None
    return f"{steps - values} of {steps} steps of {freq} are missing; is the freq right?"
