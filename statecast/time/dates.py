"""Dates that are not RFC 3339: whether day or month comes first in ``01.02.2021``, and months by name."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from statecast.time.infer import calendar_steps
from statecast.time.stamps import TimeError

Times = NDArray[np.datetime64]
Whole = NDArray[np.int64]

EXAMPLE = "expected an RFC 3339 time such as 2026-01-01T00:00:00Z"
"""How errors begin."""
# Rare ways of writing, read one by one.
_SPELLED = (
    "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %Y", "%b-%Y", "%B %Y", "%Y %b",
    "%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p",
    "%a, %d %b %Y %H:%M:%S GMT",
)  # fmt: skip


def order_of_day_and_month(
    texts: Sequence[str], groups: list[tuple[NDArray[np.intp], dict[str, Whole]]], dayfirst: bool | None
) -> bool:
    """Say whether the first of the two numbers ``a`` and ``b`` of each date is the day.

    A number above 12 shows it; without one, it is the only reading of the two that is evenly spaced.

    Parameters
    ----------
    texts : sequence of str
        Dates as they came, for errors.
    groups : list of tuple
        Rows among the texts, with their numbers ``a``, ``b`` and ``y``, one array per name; one entry per form.
    dayfirst : bool or None
        What the caller said; None to find out.

    Returns
    -------
    bool
        True for day before month.

    Raises
    ------
    TimeError
        If both readings are possible, or each is refuted by another date.
    """
    if dayfirst is not None:
        return dayfirst
    rows = np.concatenate([rows for rows, _ in groups])
    order = np.argsort(rows)
    rows = rows[order]
    a, b, year = (np.concatenate([parts[name] for _, parts in groups])[order] for name in ("a", "b", "y"))
    day_leads, month_leads = a > 12, b > 12
    if day_leads.any() and month_leads.any():
        one, other = (texts[int(rows[np.argmax(found)])] for found in (day_leads, month_leads))
        index = int(rows[max(np.argmax(day_leads), np.argmax(month_leads))])
        raise TimeError(f"expected day and month in one order, got both {one!r} and {other!r}; write RFC 3339", index)
    if day_leads.any() or month_leads.any() or (a == b).all():
        return not month_leads.any()
    first, second = _even(year, b, a), _even(year, a, b)
    if first != second:
        return first
    at = int(np.argmax(a != b))
    by_day, by_month = (f"{year[at]:04d}-{m[at]:02d}-{d[at]:02d}" for m, d in ((b, a), (a, b)))
    raise TimeError(
        f"expected a date that can be read in one way, got {texts[int(rows[at])]!r}, which is {by_day} with "
        f"dayfirst=true and {by_month} with dayfirst=false; say which, or write RFC 3339",
        int(rows[at]),
    )


def _even(year: Whole, month: Whole, day: Whole) -> bool:
    """Whether every rising pair of neighbours is one distance apart, in days or in months."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = (months.astype("datetime64[D]").astype(np.int64) + day - 1).astype("datetime64[D]")
    steps = np.diff(days.astype(np.int64))
    rising = steps > 0
    return rising.sum() > 1 and any(
        (kind[rising] == kind[rising][0]).all() and kind[rising][0] > 0 for kind in (steps, calendar_steps(days))
    )


def read_spelled(texts: Sequence[str], rows: NDArray[np.intp], wall: Times) -> None:
    """Read dates such as ``31 Jan 2026``, all of the form that the first one has.

    Parameters
    ----------
    texts : sequence of str
        All that came.
    rows : ndarray, shape [M], int
        Those of one pattern.
    wall : ndarray, shape [N], datetime64[s]
        What the clocks showed, one per text; the rows are filled in place.

    Raises
    ------
    TimeError
        If one is not of that form, with its index.
    """
    form = next((form for form in _SPELLED if _has_form(texts[int(rows[0])], form)), "")
    for index in rows.tolist():
        try:
            wall[index] = np.datetime64(datetime.strptime(texts[index], form), "s")
        except (ValueError, TypeError):
            message = f"{EXAMPLE}, got {shown(texts[index])}, which is not a date; write RFC 3339"
            raise TimeError(message, index) from None


def _has_form(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def shown(text: object) -> str:
    """Quote a value for an error, at most 40 characters of it.

    Parameters
    ----------
    text : object
        What came.

    Returns
    -------
    str
        Its text in quotes.
    """
    text = str(text)
    return repr(text if len(text) <= 40 else text[:40] + "…")
