"""Tables as the bodies of requests."""

import io

import pyarrow as pa
import pyarrow.csv as pa_csv


def arrow_bytes(table: pa.Table, compression: str | None = None, rows: int | None = None) -> bytes:
    """An Arrow stream of a table, in batches of so many rows if given."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


def csv_bytes(table: pa.Table) -> bytes:
    """A table as CSV."""
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink)
    return sink.getvalue()
