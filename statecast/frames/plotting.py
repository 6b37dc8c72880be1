"""What came back as a frame, as a figure."""

import re
from collections.abc import Sequence
from typing import Any

import narwhals as nw

from statecast.errors import InputError
from statecast.plots.figure import Band, Line, draw, outer_band
from statecast.tables.layout import ITEMS, TARGETS, TIMES
from statecast.tables.reader import has_telling_index, is_pandas

_MIDDLE = ("mean", "expected")
_MOST = 6
"""Series that a figure shows where it is not said which."""


def plot(frame: Any, history: Any = None, *, ids: Sequence[Any] | None = None, last: int = 200) -> Any:
    """Draw what came back as a frame.

    Parameters
    ----------
    frame : Any
        What ``forecast``, ``cross_validation`` or ``anomalies`` gave, of pandas, polars or pyarrow.
    history : Any, optional
        The frame that it came of, whose values are drawn before it.
    ids : sequence, optional
        Series that are drawn; left out, the first six.
    last : int
        Values of the history that are drawn, of each series.

    Returns
    -------
    plotly.graph_objects.Figure or matplotlib.figure.Figure
        Plotly's where it is installed.

    Raises
    ------
    InputError
        If it is no such frame, or neither is installed.
    """
    own = _columns(frame)
    middle = next((name for name in _MIDDLE if name in own), None)
    if middle is None:
        raise InputError(
            f"plot: expected a frame with a column mean or expected, got {', '.join(own)}; pass a forecast"
        )
    item, time = _find(own, ITEMS), _time(own)
    before = None if history is None else _columns(history)
    names = [None] if item is None else list(dict.fromkeys(own[item])) if ids is None else list(ids)
    lines = []
    for name in names[: _MOST if ids is None else None]:
        shown = _rows(own, item, name)
        word = "" if name is None else f"{name} "
        if before is not None:
            seen = {one: values[-last:] for one, values in _rows(before, _find(before, ITEMS), name).items()}
            target = _find(seen, TARGETS) or next(one for one in seen if one not in (_time(seen), _find(seen, ITEMS)))
            lines.append(Line(f"{word}observed", seen[_time(seen)], seen[target], faint=True))
        lines.append(Line(f"{word}{middle}", shown[time], shown[middle], _bands(shown)))
        if "flag" in shown:
            flagged = [place for place, flag in enumerate(shown["flag"]) if flag]
            lines.insert(-1, Line(f"{word}observed", shown[time], shown["target"], faint=True))
            when, what = ([shown[column][place] for place in flagged] for column in (time, "target"))
            lines.append(Line(f"{word}anomalies", when, what, marks=True))
    return draw(lines)


def _columns(frame: Any) -> dict[str, list[Any]]:
    if is_pandas(frame):
        frame = frame.to_frame("target" if frame.name is None else frame.name) if frame.ndim == 1 else frame
        if has_telling_index(frame):
            frame = frame.reset_index(names=None if frame.index.names != [None] else "timestamp")
    found = nw.from_native(frame, eager_only=True)
    return {str(name): [getattr(one, "to_timestamp", lambda one=one: one)() for one in found[name].to_list()]
            for name in found.columns}  # fmt: skip


def _rows(columns: dict[str, list[Any]], item: str | None, name: Any) -> dict[str, list[Any]]:
    if item is None:
        return columns
    chosen = [place for place, one in enumerate(columns[item]) if one == name]
    return {column: [values[place] for place in chosen] for column, values in columns.items()}


def _find(columns: dict[str, list[Any]], known: Sequence[str]) -> str | None:
    return next((name for name in columns if name.lower() in known), None)


def _time(columns: dict[str, list[Any]]) -> str:
    found = _find(columns, TIMES) or next(
        (name for name, values in columns.items() if values and hasattr(values[0], "year") and name != "cutoff"), None
    )
    if found is None:
        raise InputError(f"plot: expected a column of times, such as ds, got {', '.join(columns)}; name one so")
    return found


def _bands(columns: dict[str, list[Any]]) -> list[Band]:
    """The interval of each level, of anomalies the one that they have, of quantiles the outermost."""
    levels = sorted((name[3:] for name in columns if re.fullmatch(r"lo-[\d.]+", name)), key=float, reverse=True)
    if levels:
        return [(f"{level} %", columns[f"lo-{level}"], columns[f"hi-{level}"]) for level in levels]
    if "lower" in columns:
        return [("interval", columns["lower"], columns["upper"])]
    return outer_band({float(name): values for name, values in columns.items() if re.fullmatch(r"0?\.\d+", name)})
