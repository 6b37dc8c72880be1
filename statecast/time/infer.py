"""The frequency that lies in time stamps: the distance that most neighbours show, never a common divisor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.time.aliases import DAY
from statecast.time.frequency import Frequency

Times = NDArray[np.datetime64]
Bools = NDArray[np.bool_]

_UNITS = (("w", 7 * DAY), ("d", DAY), ("h", 3600), ("min", 60), ("s", 1))
_SHORTEST_MONTH = 28 * DAY
_WEEKENDS = 2  # that must have been skipped before days are taken for business days


@dataclass(frozen=True)
class _Candidate:
    """A distance and how many pairs of neighbours show it."""

    count: int
    frequency: Frequency
    calendar: bool


def infer_frequency(times: Times, breaks: Bools | None = None) -> Frequency:
    """Infer the frequency that most neighbouring times show.

    Months, quarters and years are recognised by the day that they keep, ends of months included; business days where no
    time lies on a weekend and several weekends were passed.

    Parameters
    ----------
    times : ndarray, shape [N], datetime64[s]
        Naive times, item after item, rising within each.
    breaks : ndarray, shape [N - 1], bool, or None
        True where a new item begins; None for one item.

    Returns
    -------
    Frequency
        Without an anchor.

    Raises
    ------
    InputError
        If there are no two times of one item, or two distances are equally frequent and neither fits every time.

    Examples
    --------
    >>> str(infer_frequency(np.array(["2026-01-31", "2026-02-28", "2026-03-31"], dtype="M8[s]")))
    '1mo'
    """
    within = np.ones(max(len(times) - 1, 0), dtype=np.bool_) if breaks is None else ~breaks
    candidates = _candidates(times, within)
    if not candidates:
        raise InputError("freq: expected at least two times of one series to infer it from; give it, such as 1h")
    most = candidates[0].count
    tied = [one for one in candidates if one.count == most]
    if any(one.calendar for one in tied):
        tied = [one for one in tied if one.calendar]
    if len(tied) > 1:
        fitting = [one for one in tied if _fits(one.frequency, times, within)]
        if not fitting:
            first, second = tied[0].frequency, tied[1].frequency
            raise InputError(
                f"freq: expected one distance that most times show, got {first} and {second} equally often; give it"
            )
        tied = fitting
    return _business_days(tied[0].frequency, times, within)


def calendar_steps(times: Times) -> NDArray[np.int64]:
    """Count the months from each time to the next.

    The last day of a month is the same day as any later one of a longer month.

    Parameters
    ----------
    times : ndarray, shape [N], datetime64
        Naive times.

    Returns
    -------
    ndarray, shape [N - 1], int64
        Months where both lie on the same day of their month at the same time of day, else 0.
    """
    seconds = times.astype("datetime64[s]").astype(np.int64)
    days = np.floor_divide(seconds, DAY)
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    day = days - months.astype("datetime64[D]").astype(np.int64)
    last = (months + 1).astype("datetime64[D]").astype(np.int64) - 1 == days
    early, late = day[:-1], day[1:]
    same = (early == late) | (last[:-1] & (late >= early)) | (last[1:] & (early >= late))
    same &= (seconds - days * DAY)[:-1] == (seconds - days * DAY)[1:]
    steps: NDArray[np.int64] = np.where(same, np.diff(months.astype(np.int64)), 0)
    return steps


def _candidates(times: Times, within: Bools) -> list[_Candidate]:
    """Every distance by how often it is seen, the shortest of equally frequent ones first."""
    seconds = times.astype("datetime64[s]").astype(np.int64)
    steps = seconds[1:] - seconds[:-1]
    found = [_Candidate(count, _of_seconds(step), False) for step, count in _counts(steps[within])]
    if (steps[within] >= _SHORTEST_MONTH).any():
        found += [_Candidate(count, _of_months(step), True) for step, count in _counts(calendar_steps(times)[within])]
    return sorted(found, key=lambda one: -one.count)


def _counts(steps: NDArray[np.int64]) -> list[tuple[int, int]]:
    values, counts = np.unique(steps[steps > 0], return_counts=True)
    most = counts == counts.max() if counts.size else np.zeros(0, dtype=np.bool_)
    return list(zip(values[most].tolist(), counts[most].tolist(), strict=True))[:100]


def _of_seconds(seconds: int) -> Frequency:
    unit, length = next((unit, length) for unit, length in _UNITS if seconds % length == 0)
    return Frequency(seconds // length, unit)


def _of_months(months: int) -> Frequency:
    if months % 12 == 0:
        return Frequency(months // 12, "y")
    return Frequency(1, "q") if months == 3 else Frequency(months, "mo")


def _fits(frequency: Frequency, times: Times, within: Bools) -> bool:
    """Whether every time is a whole number of steps after the one before it."""
    if frequency.seconds is not None:
        return not np.mod(np.diff(times.astype("datetime64[s]").astype(np.int64))[within], frequency.seconds).any()
    steps = calendar_steps(times)[within]
    return bool((steps > 0).all() and not np.mod(steps, frequency.months or 1).any())


def _business_days(frequency: Frequency, times: Times, within: Bools) -> Frequency:
    if frequency.seconds != DAY:
        return frequency
    week, weekday = np.divmod(np.floor_divide(times.astype("datetime64[s]").astype(np.int64), DAY) + 3, 7)
    skipped = int(((np.diff(week) > 0) & within).sum())
    return Frequency(1, "b") if (weekday < 5).all() and skipped >= _WEEKENDS else frequency
