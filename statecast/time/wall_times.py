"""Time stamps as the naive times in which a frequency counts them."""

import numpy as np
from numpy.typing import NDArray

from statecast.time.frequency import Frequency, Times
from statecast.time.infer import infer_frequency
from statecast.time.stamps import Stamps


def wall_or_utc(stamps: Stamps, frequency: Frequency) -> Times:
    """Return the naive times in which stamps are counted: on their clocks by days and longer steps, else in UTC.

    Parameters
    ----------
    stamps : Stamps, shape [N]
        The stamps.
    frequency : Frequency
        Distance of neighbours.

    Returns
    -------
    ndarray, shape [N], datetime64[s]
        Their times.
    """
    return stamps.wall if frequency.daily else stamps.instants


def infer_times(stamps: Stamps, breaks: NDArray[np.bool_] | None = None) -> tuple[Times, Frequency]:
    """Infer a frequency that was left out, see ``infer_frequency``.

    Parameters
    ----------
    stamps : Stamps, shape [N]
        Item after item, rising within each.
    breaks : ndarray, shape [N - 1], bool, or None
        True where a new item begins; None for one item.

    Returns
    -------
    times : ndarray, shape [N], datetime64[s]
        Naive times that it was inferred from.
    frequency : Frequency
        The frequency.

    Raises
    ------
    InputError
        If it cannot be inferred.
    """
    if isinstance(stamps.ahead, int):
        frequency = infer_frequency(stamps.wall, breaks)
        return wall_or_utc(stamps, frequency), frequency
    # Where clocks changed, only the clocks' own times show whether the steps are days.
    frequency = infer_frequency(stamps.wall, breaks)
    if frequency.daily:
        return stamps.wall, frequency
    return stamps.instants, infer_frequency(stamps.instants, breaks)


def off_anchor(stamps: Stamps, frequency: Frequency) -> str | None:
    """Say what an alias such as ``W-SUN`` would make of the first stamp.

    Parameters
    ----------
    stamps : Stamps
        Of one series.
    frequency : Frequency
        With or without an anchor.

    Returns
    -------
    str or None
        Words for a warning; None where the stamp lies as the alias wants it.
    """
    if (frequency.anchor is None and frequency.unit != "b") or not len(stamps):
        return None
    first = wall_or_utc(stamps, frequency)[:1]
    rolled = frequency.roll_forward(first)
    return None if rolled[0] == first[0] else f"{first[0]} does not lie where freq has it, which is {rolled[0]}"
