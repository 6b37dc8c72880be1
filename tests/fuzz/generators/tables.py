"""Tables: Arrow streams of every type that a column can have, and CSV that is almost CSV."""

from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from tests.fuzz.generators.documents import SESSIONS, damaged
from tests.fuzz.generators.values import NUMBERS, TEXTS, TIMES
from tests.tables import arrow_bytes

NAMES = (
    "item_id", "timestamp", "target", "session", "resolution", "wind", "static:site", "unique_id", "ds", "y", "",
    "x" * 300,
)  # fmt: skip


def arrow(draw: Random) -> bytes:
    """An Arrow stream."""
    rows = draw.choice((0, 1, 2, 40, 40, 300))
    names = ["timestamp", "target"] if draw.random() < 0.8 else ["target"]
    names += [name for name in NAMES if draw.random() < 0.12]
    columns = [_column(draw, name, rows) for name in names]
    table = pa.Table.from_arrays(columns, names=names)
    data = arrow_bytes(table, draw.choice((None, None, "zstd", "lz4")), draw.choice((1, 7, 1000)))
    return damaged(draw, data) if draw.random() < 0.2 else data


def _column(draw: Random, name: str, rows: int) -> pa.Array:
    if draw.random() < 0.75:
        return _usual(draw, name, rows)
    kind = draw.randrange(len(_ODD))
    try:
        return _ODD[kind](draw, rows)
    except (pa.ArrowException, OverflowError, ValueError):
        return pa.nulls(rows)


def _usual(draw: Random, name: str, rows: int) -> pa.Array:
    if name == "timestamp":
        times = np.datetime64("2026-01-01T00:00:00") + np.arange(rows) * np.timedelta64(1, "h")
        return pa.array(times.astype("datetime64[s]"))
    if name == "target":
        return pa.array(50 + np.arange(rows) % 7 * 1.5)
    if name == "session":
        return pa.array([draw.choice(SESSIONS)] * rows)
    if name == "resolution":
        return pa.array([draw.choice((None, "", "1d")) for _ in range(rows)], pa.string())
    return pa.array([draw.choice(("a", "b", "007")) for _ in range(rows)])


def _ints(draw: Random, rows: int) -> list[int]:
    return [draw.choice((0, 1, 2**63 - 1, -(2**63), 20260131, 253402300800)) for _ in range(rows)]


_ODD: tuple[Any, ...] = (
    lambda draw, rows: pa.array(_ints(draw, rows), pa.int64()),
    lambda draw, rows: pa.array([2**64 - 1] * rows, pa.uint64()),
    lambda draw, rows: pa.array(_ints(draw, rows), pa.timestamp(draw.choice(("s", "ms", "us", "ns")))),
    lambda draw, rows: pa.array(
        _ints(draw, rows), pa.timestamp("s", draw.choice(("UTC", "Europe/Berlin", "Nowhere/X")))
    ),
    lambda draw, rows: pa.array([0, 2**31 - 1, -(2**31)][:1] * rows, pa.date32()),
    lambda draw, rows: pa.array([[1, 2]] * rows),
    lambda draw, rows: pa.array([{"a": 1}] * rows),
    lambda draw, rows: pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int8()), pa.array([{"a": 1}])),
    lambda draw, rows: pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int8()), pa.array([[1]])),
    lambda draw, rows: pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int8()), pa.array([1.5])),
    lambda draw, rows: pa.array([b"\xff\x00"] * rows, pa.binary()),
    lambda draw, rows: pa.array([True, False][:1] * rows),
    lambda draw, rows: pa.nulls(rows),
    lambda draw, rows: pa.array(["12.5"] * rows, pa.large_string()),
    lambda draw, rows: pa.array(["x"] * rows, pa.string_view()),
    lambda draw, rows: pa.array([1] * rows, pa.decimal128(38, 2)),
    lambda draw, rows: pa.array([1] * rows, pa.decimal256(60, 2)),
    lambda draw, rows: pa.array(np.ones(rows, np.float16)),
    lambda draw, rows: pa.array([np.inf, -np.inf, np.nan, 1e308][:rows] + [1.0] * max(0, rows - 4)),
    lambda draw, rows: pa.array(_ints(draw, rows), pa.duration("s")),
    lambda draw, rows: pa.array([1] * rows, pa.time64("us")),
    lambda draw, rows: pa.array([[("a", 1)]] * rows, pa.map_(pa.string(), pa.int8())),
    lambda draw, rows: pa.RunEndEncodedArray.from_arrays([max(rows, 1)], [1.5]) if rows else pa.nulls(0),
    lambda draw, rows: pa.array([str(draw.choice(TIMES)) for _ in range(rows)]),
    lambda draw, rows: pa.array([draw.choice(TEXTS[:8]) for _ in range(rows)]),
)


def csv(draw: Random) -> bytes:
    """Something like CSV."""
    rows = draw.choice((0, 1, 3, 40, 40, 300))
    names = ["timestamp", "target"] + [name for name in NAMES if draw.random() < 0.1]
    if draw.random() < 0.05:
        names += [f"c{n}" for n in range(draw.choice((50, 3_000)))]
    comma = draw.choice((",", ",", ",", ";", "\t", "|"))
    lines = [comma.join(names)]
    for row in range(rows):
        cells = [f"2026-01-{1 + row // 24 % 31:02d}T{row % 24:02d}:00:00Z", str(50 + row % 7)]
        cells += [draw.choice(("a", "", "1", "NA")) for _ in names[2:]]
        if draw.random() < 0.01:
            cells[draw.randrange(len(cells))] = str(draw.choice((*NUMBERS, *TIMES)))
        if draw.random() < 0.005:
            cells.append("more")
        lines.append(comma.join(cells))
    end = draw.choice(("\n", "\r\n", "\r"))
    data = end.join(lines).encode(draw.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1")), "replace")
    return damaged(draw, data) if draw.random() < 0.2 else data
