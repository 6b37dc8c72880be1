"""Parts of a result as Arrow streams, and the result as one table of all of them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
from pyarrow.parquet import ParquetWriter

from service.http.body import ARROW, PARQUET

_NOTE = b"statecast-note"
_FIRST = ("item_id", "variable", "cutoff", "timestamp")
_LAST = "error"


def write_part(table: pa.Table, note: Mapping[str, Any]) -> bytes:
    """Write a part.

    Parameters
    ----------
    table : pyarrow.Table
        Its rows; times as texts where the result is text.
    note : mapping
        What is to be known of it later, as JSON has it.

    Returns
    -------
    bytes
        An Arrow stream.
    """
    sink = pa.BufferOutputStream()
    noted = table.replace_schema_metadata({_NOTE: orjson.dumps(note)})
    with pa.ipc.new_stream(sink, noted.schema) as writer:
        writer.write_table(noted)
    return bytes(sink.getvalue())


def read_note(path: Path) -> dict[str, Any]:
    """Read what a part noted, and nothing else of it.

    Parameters
    ----------
    path : Path
        Of the part.
    """
    return dict(orjson.loads(_schema(path).metadata[_NOTE]))


def write_result(parts: Sequence[Path], content_type: str, file: BinaryIO) -> None:
    """Write all parts as one table.

    Parameters
    ----------
    parts : sequence of Path
        In their order. One may have columns that another has not; there they are null.
    content_type : str
        ``ARROW``, ``PARQUET`` or ``CSV``.
    file : BinaryIO
        Where to.
    """
    schema = _joined(map(_schema, parts))
    if content_type == ARROW:
        writer: Any = pa.ipc.new_stream(file, schema)
    elif content_type == PARQUET:
        writer = ParquetWriter(file, schema)
    else:
        writer = pa_csv.CSVWriter(file, schema, write_options=pa_csv.WriteOptions(quoting_style="needed"))
    with writer:
        for path in parts:
            with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
                writer.write_table(_fitted(stream.read_all(), schema))


def _schema(path: Path) -> pa.Schema:
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
        return stream.schema


def _joined(schemas: Iterator[pa.Schema]) -> pa.Schema:
    kinds: dict[str, pa.DataType] = {}
    for schema in schemas:
        for one in schema:
            kinds[one.name] = _wider(kinds.get(one.name, one.type), one.type)
    between = [name for name in kinds if name not in (*_FIRST, _LAST)]
    return pa.schema([(name, kinds[name]) for name in (*_FIRST, *between, _LAST) if name in kinds])


def _wider(kind: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Times count more than steps, which stand where no series of a part has times; of several zones UTC is left."""
    if kind == other or pa.types.is_integer(other):
        return kind
    return other if pa.types.is_integer(kind) else pa.timestamp("s", "UTC")


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = []
    for one in schema:
        column = table.column(one.name) if one.name in table.column_names else None
        if column is None or (pa.types.is_integer(column.type) and not pa.types.is_integer(one.type)):
            column = pa.nulls(len(table), one.type)
        columns.append(column.cast(one.type))
    return pa.table(columns, schema=schema)
