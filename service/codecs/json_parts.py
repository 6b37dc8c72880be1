"""Long lists as JSON, written in parts: a writer at work lets no other thread have the interpreter."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from numpy.typing import NDArray

PART_VALUES = 1 << 16
"""Numbers that are written at once, a few milliseconds of work."""


def write_list(items: Sequence[Any] | NDArray[Any], values: int, check: Callable[[], None] | None = None) -> Any:
    """Write a list as a piece of a larger document, unless it is short.

    Parameters
    ----------
    items : sequence or array
        What orjson writes, arrays included.
    values : int
        Numbers in one item, about.
    check : callable, optional
        Called before each part; what it raises ends the writing.

    Returns
    -------
    object
        A fragment for orjson, or ``items`` themselves where they are few.

    Examples
    --------
    >>> orjson.dumps({"a": write_list([1, 2, 3], PART_VALUES)})
    b'{"a":[1,2,3]}'
    >>> write_list([1, 2, 3], 1)
    [1, 2, 3]
    """
    size = max(1, PART_VALUES // max(1, values))
    if len(items) <= size:
        return items
    parts: list[bytes] = []
    for begin in range(0, len(items), size):
        if check is not None:
            check()
        parts.append(orjson.dumps(items[begin : begin + size], option=orjson.OPT_SERIALIZE_NUMPY)[1:-1])
    return orjson.Fragment(b"[" + b",".join(parts) + b"]")
