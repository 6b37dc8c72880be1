"""Whether the day or the month comes first in dates such as ``01.02.2021``."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statecast.time.infer import calendar_steps
from statecast.time.stamps import TimeError

Whole = NDArray[np.int64]


def order_of_day_and_month(
    texts: Sequence[str], groups: list[tuple[NDArray[np.intp], dict[str, Whole]]], dayfirst: bool | None
) -> bool:
    """Whether the first of the two numbers ``a`` and ``b`` of each date is the day.

    A number above 12 tells; else that only one of the readings is evenly spaced.

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
