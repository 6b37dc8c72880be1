"""JSON bodies of streamed observations: the plainest form of ``POST /forecast``, told apart from all others."""

from typing import Any

import numpy as np
import orjson

from service.codecs.field_types import identifier_fault
from service.protocols.forecast.histories.options import FIELDS, LARGEST, read_options
from service.streaming.body import StreamedBody

SERIES_FIELDS = frozenset({"target", "session", "start", "freq", "from_index", "item_id", "timestamps", "open"})


def read_json(body: bytes) -> StreamedBody | None:
    """Read a body if it is plainly one new observation of each of some sessions.

    What is refused here goes the general way, which says what is wrong with it, if anything is. Nothing may be taken
    here that is refused there.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8, not compressed.

    Returns
    -------
    StreamedBody or None
        None for everything else.

    Examples
    --------
    >>> read_json(b'{"series": [{"target": [5.0], "session": "pump-7"}]}').values
    array([5.])
    >>> read_json(b'{"series": [{"target": [5.0, null], "session": "pump-7"}]}') is None
    True
    """
    try:
        top: Any = orjson.loads(body) if b'"session"' in body else None
    except orjson.JSONDecodeError:
        return None
    series = top.get("series") if type(top) is dict and FIELDS.issuperset(top) else None
    if type(series) is not list or not series:
        return None
    found = StreamedBody([], np.zeros(0), [], [], [], [])
    values: list[float] = []
    # A field that is given twice shows in the number of quotes alone, because the parser keeps the last one.
    beside = read_options(top)
    if beside is None:
        return None
    found.options, texts = beside
    for one in series:
        own = _read_one(one, found, values) if type(one) is dict and SERIES_FIELDS.issuperset(one) else None
        if own is None:
            return None
        texts += own
    if len(set(found.sessions)) != len(found.sessions) or body.count(b'"') != 2 * texts:
        return None
    found.values = np.array(values)
    return found


def _read_one(one: dict[str, Any], found: StreamedBody, values: list[float]) -> int | None:
    """Take over one series; gives how many texts it holds, None where it is not plain."""
    target, session, start, freq = one.get("target"), one.get("session"), one.get("start"), one.get("freq")
    item_id, stamps = one.get("item_id"), one.get("timestamps")
    if type(target) is not list or len(target) != 1 or type(session) is not str or one.get("open") not in (None, False):
        return None
    value = target[0]
    if (type(value) is not float and type(value) is not int) or not -LARGEST < value < LARGEST:
        return None
    if stamps is not None:
        if type(stamps) is not list or len(stamps) != 1 or start is not None:
            return None
        start = stamps[0]
    texts, index = len(one) + 1, one.get("from_index")
    for text in (start, freq, item_id):
        if text is not None:
            if type(text) is not str:
                return None
            texts += 1
    if type(start) is str and start.endswith("+00:00"):
        start = f"{start[:-6]}Z"
    if not (index is None or type(index) is int) or (
        item_id is not None and (not item_id or identifier_fault(item_id))
    ):
        return None
    found.sessions.append(session)
    values.append(value + 0.0)  # which turns -0.0 into 0.0, so that equal values have equal bytes
    found.starts.append(start)
    found.freqs.append(freq)
    found.indices.append(index)
    found.item_ids.append(item_id)
    return texts
