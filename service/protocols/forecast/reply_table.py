"""A reply as a long table: ``item_id, timestamp, mean`` and one column a quantile, as an Arrow stream or CSV."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from statecast.time.axis import instant_texts


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of one series and variable, or the one row of a series that failed.

    steps: ``[F]`` step indices.  instants: ``[F]`` seconds since 1970, None without times.  zone: to write them in.
    numbers: ``[F, 1 + levels]``, the mean and the quantiles.
    """

    item_id: str | None
    variable: str | None = None
    steps: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    instants: NDArray[np.int64] | None = None
    numbers: NDArray[np.float64] | None = None
    error: str | None = None
    zone: str = ""


def write_table(blocks: Iterable[Block], levels: Sequence[float], *, arrow: bool) -> bytes:
    """Write blocks one below the other.

    ``timestamp`` is a time where any series has times, else a step index; ``variable`` and ``error`` are columns only
    where there is one. In CSV a time is RFC 3339 text.
    """
    rows = list(blocks)
    lengths = [len(block.steps) for block in rows]

    def texts(values: list[str | None]) -> pa.Array:
        codes = pa.array(np.repeat(np.arange(len(values), dtype=np.int32), lengths))
        return pa.DictionaryArray.from_arrays(codes, pa.array(values, pa.string())).cast(pa.string())

    columns: dict[str, pa.Array] = {"item_id": texts([block.item_id for block in rows])}
    if any(block.variable for block in rows):
        columns["variable"] = texts([block.variable for block in rows])
    columns["timestamp"] = _times(rows, arrow)
    blank = np.full((1, 1 + len(levels)), np.nan)
    numbers = np.concatenate([blank if block.numbers is None else block.numbers for block in rows])
    for name, column in zip(["mean", *map(repr, levels)], numbers.T, strict=True):
        columns[name] = pa.array(np.ascontiguousarray(column), from_pandas=True)
    if any(block.error for block in rows):
        columns["error"] = texts([block.error for block in rows])
    return _written(pa.table(columns), arrow)


def _times(rows: list[Block], arrow: bool) -> pa.Array:
    if not any(block.instants is not None for block in rows):
        steps = np.concatenate([block.steps for block in rows])
        return pa.array(
            steps, mask=np.repeat([block.error is not None for block in rows], [len(b.steps) for b in rows])
        )
    seconds = np.concatenate([block.steps if block.instants is None else block.instants for block in rows])
    absent = np.repeat([block.instants is None for block in rows], [len(block.steps) for block in rows])
    zones = {block.zone for block in rows if block.instants is not None}
    if arrow:
        # A column has one zone; items of several are written in UTC.
        zone = zones.pop() if len(zones) == 1 else ""
        kind = pa.timestamp("s", zone or "UTC")
        return pa.array(seconds.astype("datetime64[s]"), pa.timestamp("s", "UTC"), mask=absent).cast(kind)
    if zones <= {""}:
        texts = np.char.add(np.datetime_as_string(seconds.astype("datetime64[s]"), unit="s"), "Z")
        return pa.array(texts, pa.string(), mask=absent)
    written = [
        text
        for block in rows
        for text in (
            [None] if block.instants is None else instant_texts(block.instants.astype("datetime64[s]"), block.zone)
        )
    ]
    return pa.array(written, pa.string(), mask=absent)


def _written(table: pa.Table, arrow: bool) -> bytes:
    sink = io.BytesIO()
    if arrow:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        pa_csv.write_csv(table, sink, pa_csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()
