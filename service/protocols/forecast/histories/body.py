"""JSON bodies of whole series without a session: the plainest form of them, told apart from all others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.codecs.field_types import MAX_WHOLE, identifier_fault
from service.models.terms import Options
from service.protocols.forecast.histories.options import FIELDS, LARGEST, read_options

SERIES_FIELDS = frozenset({"target", "start", "freq", "season", "from_index", "item_id"})
LONGEST = 1024
"""Values of a series that goes the short way."""
MOST = 64
"""Series of a request that does."""
_LONGEST_TEXT = 64


@dataclass(eq=False, slots=True)
class PlainSeries:
    """One series as its client wrote it.

    Parameters
    ----------
    values : array of float64, ``[T]``
        NaN where missing.
    start, freq, item_id : str or None
        As the body has them.
    season, from_index : int or None
        Likewise.
    """

    values: NDArray[np.float64]
    start: str | None
    freq: str | None
    item_id: str | None
    season: int | None
    from_index: int | None


@dataclass(eq=False, slots=True)
class HistoryBody:
    """A body of plain series.

    Parameters
    ----------
    series : list of PlainSeries
        In the order of the body.
    options : Options
        What stands beside them.
    """

    series: list[PlainSeries]
    options: Options


def read_histories(body: bytes) -> HistoryBody | None:
    """Read a body if it is plainly some series of one variable each, without a session.

    What is refused here goes the general way, which says what is wrong with it, if anything is. Nothing may be taken
    here that is refused there.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8, not compressed.

    Returns
    -------
    HistoryBody or None
        None for everything else.

    Examples
    --------
    >>> read_histories(b'{"series": [{"target": [5.0, null], "freq": "1h"}]}').series[0].values
    array([ 5., nan])
    >>> read_histories(b'{"series": [{"target": [5.0], "session": "pump-7"}]}') is None
    True
    """
    # In an array truth would count as a number.
    if b"true" in body or b"false" in body:
        return None
    try:
        top: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    series = top.get("series") if type(top) is dict and FIELDS.issuperset(top) else None
    if type(series) is not list or not 0 < len(series) <= MOST:
        return None
    # A field that is given twice, and a text among the values, show in the number of quotes alone.
    beside = read_options(top)
    if beside is None:
        return None
    found, texts = HistoryBody([], beside[0]), beside[1]
    for one in series:
        own = _read_one(one, found) if type(one) is dict and SERIES_FIELDS.issuperset(one) else None
        if own is None:
            return None
        texts += own
    return found if body.count(b'"') == 2 * texts else None


def _read_one(one: dict[str, Any], found: HistoryBody) -> int | None:
    """Take over one series; gives how many texts it holds, None where it is not plain."""
    values = _read_values(one.get("target"))
    start, freq, item_id = one.get("start"), one.get("freq"), one.get("item_id")
    season, index = one.get("season"), one.get("from_index")
    if values is None:
        return None
    named = [text for text in (start, freq, item_id) if text is not None]
    if any(type(text) is not str or not text for text in named):
        return None
    if len(start or "") > _LONGEST_TEXT or len(freq or "") > _LONGEST_TEXT or (item_id and identifier_fault(item_id)):
        return None
    if any(whole is not None and type(whole) is not int for whole in (season, index)):
        return None
    if (season is not None and not 1 <= season < MAX_WHOLE) or (index is not None and not 0 <= index < MAX_WHOLE):
        return None
    found.series.append(PlainSeries(values, start, freq, item_id, season, index))
    return len(one) + len(named)


def _read_values(target: Any) -> NDArray[np.float64] | None:
    if type(target) is not list or not 0 < len(target) <= LONGEST:
        return None
    try:
        values = np.array(target, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    if values.ndim != 1:
        return None
    # A sum of squares is the cheapest proof that every value is there and none is too large.
    if not values.dot(values) < LARGEST**2:
        most, least = np.fmax.reduce(values), np.fmin.reduce(values)
        if not (most < LARGEST and least > -LARGEST):
            return None  # as is a series of which nothing was seen
    return values
