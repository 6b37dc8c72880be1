"""Parquet within limits: what its pages will take is read off their headers before anything is unpacked.

A page says how long it will be once it is unpacked, a run of one long text says how often it comes, and a text may
repeat the beginning of the one before it: a file of a kilobyte can ask for gigabytes. Arrow's own reader believes it.
So headers are walked first, texts stay references into their dictionary, and texts that repeat one another's beginnings
are refused.
"""

import pyarrow as pa
from pyarrow import parquet

from service.codecs.parquet.pages import unpacked_sizes
from service.errors import Malformed, TooLarge

MAX_PAGES = 200_000
"""Pages of one file; each costs more than its values once they are this many."""
_MAX_FOOTER = 16 * 2**20
_MAX_FIXED = 16
"""Bytes of a value of fixed length: what a decimal takes."""
_MARK = b"PAR1"


def read_parquet(body: bytes, max_bytes: int, max_values: int, max_columns: int) -> pa.Table:
    """Read a Parquet file, row group by row group.

    Parameters
    ----------
    body : bytes
        The file.
    max_bytes : int
        Bytes that its pages may unpack to.
    max_values : int
        Rows times columns allowed.
    max_columns : int
        Columns allowed.

    Returns
    -------
    pyarrow.Table
        Every value validated; texts refer to dictionaries.

    Raises
    ------
    Malformed
        If the body is none, is cut off, or has columns of lists.
    TooLarge
        If it is over a limit.
    """
    try:
        _check_footer(body)
        metadata = parquet.read_metadata(pa.BufferReader(body))
        _check_shape(metadata, max_values, max_columns)
        _check_pages(body, metadata, max_bytes)
        texts = [one.path for one in map(metadata.schema.column, range(metadata.num_columns)) if _is_text(one)]
        with parquet.ParquetFile(pa.BufferReader(body), read_dictionary=texts, pre_buffer=False) as file:
            groups = [file.read_row_group(place, use_threads=False) for place in range(metadata.num_row_groups)]
            table = pa.concat_tables(groups) if groups else file.schema_arrow.empty_table()
        table.validate(full=True)
    except MemoryError:
        raise TooLarge("body: the Parquet file unpacks to more than the memory; send fewer rows at a time") from None
    except (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise Malformed(f"body: expected a Parquet file, {reason}; write it again") from None
    return table


def _check_footer(body: bytes) -> None:
    if len(body) < 12 or not body.startswith(_MARK) or not body.endswith(_MARK):
        raise ValueError("got none, or one that is cut off or encrypted")
    footer = int.from_bytes(body[-8:-4], "little")
    if footer > len(body) - 12:
        raise ValueError("got one whose metadata is longer than it is")
    if footer > _MAX_FOOTER:
        raise TooLarge(f"body: expected at most {_MAX_FOOTER} bytes of metadata in a Parquet file; write larger groups")


def _check_shape(metadata: parquet.FileMetaData, max_values: int, max_columns: int) -> None:
    columns, rows = metadata.num_columns, metadata.num_rows
    if columns > max_columns:
        raise TooLarge(f"body: expected at most {max_columns} columns, got {columns}; send fewer")
    counted = sum(metadata.row_group(place).num_rows for place in range(metadata.num_row_groups))
    if max(rows, counted) * max(1, columns - 1) > max_values:
        raise TooLarge(f"body: expected at most {max_values} values, got more; send fewer rows at a time")
    for field in metadata.schema.to_arrow_schema():
        if pa.types.is_nested(field.type):
            raise ValueError(f"column {field.name[:80]!r} holds lists or records")
    for one in map(metadata.schema.column, range(columns)):
        if one.physical_type == "FIXED_LEN_BYTE_ARRAY" and one.length > _MAX_FIXED:
            raise ValueError(f"column {one.path[:80]!r} holds values of {one.length} bytes")


def _check_pages(body: bytes, metadata: parquet.FileMetaData, most: int) -> None:
    """Sum what all pages will hold."""
    size = pages = 0
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            begins = [one for one in (chunk.dictionary_page_offset, chunk.data_page_offset) if one]
            for own in unpacked_sizes(body, min(begins), chunk.total_compressed_size):
                size, pages = size + own, pages + 1
                if pages > MAX_PAGES:
                    raise TooLarge(f"body: expected at most {MAX_PAGES} pages in a Parquet file; write larger ones")
                if size > most:
                    raise TooLarge(
                        f"body: expected at most {most} bytes after decompression, got a Parquet file that unpacks to "
                        "more; send fewer rows at a time"
                    )


def _is_text(column: parquet.ColumnSchema) -> bool:
    return bool(column.physical_type == "BYTE_ARRAY")
