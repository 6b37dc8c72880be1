"""Text tables: every field as the text that it is, every line as long as the header, or the first that is not named."""

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from statecast.tables.errors import OversizeError, TableError, UnreadableError
from statecast.tables.separator import choose_separator

_SAID = re.compile(r'"?sep=(.)"?[ \t]*(?:\r\n|\n|\r)')
_HEADER = 256 * 1024


@dataclass(frozen=True)
class Delimited:
    """A text table."""

    columns: Any
    """``pyarrow.Table`` of texts."""
    separator: str
    """Mark between its fields."""
    text: bytes
    """UTF-8, from the header on."""
    above: int
    """Lines above the header."""

    def line(self, row: int) -> int | None:
        """Find the line on which a row begins; reads the text again, so for messages only.

        Parameters
        ----------
        row : int
            Row below the header, from 0.

        Returns
        -------
        int or None
            Line of the file, from 1; None where a field before it is too long for this reader.
        """
        reader = csv.reader(_lines(self.text), delimiter=self.separator)
        count, before = -1, 0
        try:
            for record in reader:
                if record:
                    if count == row:
                        break
                    count += 1
                before = reader.line_num
        except csv.Error:
            if count < row:
                return None
        return self.above + before + 1


def parse_delimited(text: bytes, separator: str | None = None, max_columns: int | None = None) -> Delimited:
    r"""Cut a text into columns of texts.

    Parameters
    ----------
    text : bytes
        UTF-8 with a header line.
    separator : str, optional
        Mark between fields; left out, the lines show it.
    max_columns : int, optional
        Columns allowed.

    Returns
    -------
    Delimited
        The columns, and what it takes to name a line.

    Raises
    ------
    UnreadableError
        If it is empty, or a line has more or fewer fields than the header; the first such line is named.
    OversizeError
        If it has more columns than allowed.
    TableError
        If it has no header, a name comes twice, or the separator is unclear.

    Examples
    --------
    >>> parse_delimited(b"timestamp,target\n2026-01-01,1\n").columns.to_pydict()
    {'timestamp': ['2026-01-01'], 'target': ['1']}
    """
    plain = text.lstrip(b"\r\n")
    above = text[: len(text) - len(plain)].replace(b"\r\n", b"\n").count(b"\n")
    start = plain[:_HEADER].decode(errors="replace")
    if said := _SAID.match(start):
        separator, above = separator or said[1], above + 1
        plain = plain[len(said[0].encode()) :]
        start = start[len(said[0]) :]
    if not plain.strip():
        raise UnreadableError("expected a table with a header line, got an empty one; begin with timestamp,target")
    separator = separator or choose_separator(start)
    names = _header(plain, separator)
    if max_columns is not None and len(names) > max_columns:
        raise OversizeError(f"expected at most {max_columns} columns, got {len(names)}; send fewer at a time")
    keys = list(map(str, range(len(names))))
    quoted = b'"' in plain
    try:
        columns = pa_csv.read_csv(
            pa.py_buffer(plain),
            read_options=pa_csv.ReadOptions(
                column_names=keys, skip_rows_after_names=1, block_size=min(len(plain) + 1, 2**28)
            ),
            parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=quoted),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _ragged(plain, separator, len(names), above, error) from None
    return Delimited(columns.rename_columns(names), separator, plain, above)


def _header(text: bytes, separator: str) -> list[str]:
    """Names of the columns; those without any are called by their place, as pandas does."""
    try:
        cells = next(row for row in csv.reader(_lines(text), delimiter=separator) if row)
    except (csv.Error, StopIteration) as error:
        raise UnreadableError(f"expected a header line, {error}; check its quotes") from None
    names = [cell.strip() or f"Unnamed: {place}" for place, cell in enumerate(cells)]
    if all(_is_value(cell) for cell in cells):
        shown = separator.join(cells)[:60]
        raise TableError(
            f"header: expected names of columns, got {shown!r}; begin with a line such as timestamp,target"
        )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TableError(f"column {name[:80]!r}: named twice; rename one", name[:80])
        seen.add(name)
    return names


def _lines(text: bytes) -> io.TextIOWrapper:
    """Lines as they are asked for: ``io.StringIO`` would take four bytes for each character of the whole."""
    return io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")


def _is_value(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*[-+]?[0-9][-+0-9.,:/TZ eE]*\s*", cell))


def _ragged(text: bytes, separator: str, width: int, above: int, error: Exception) -> UnreadableError:
    """Name the first line that is longer or shorter than the header."""
    reader = csv.reader(_lines(text), delimiter=separator)
    begin = 1
    try:
        for record in reader:
            if record and len(record) != width:
                shown = separator.join(record)[:60]
                mend = "give it as many fields as the header, or name the others there"
                if len(record) == width + 1 and not record[-1]:
                    mend = "take the separator at its end away, or end the header with one too"
                elif len(record) < width:
                    mend = "fill it up, or take it out if it is a footer"
                many = "more" if len(record) > width else "fewer"
                return UnreadableError(
                    f"line {above + begin}: expected {width} fields, as the header has, got {len(record)}, {many}: "
                    f"{shown!r}; {mend}"
                )
            begin = reader.line_num + 1
    except csv.Error as wrong:
        return UnreadableError(f"line {above + begin}: expected CSV, {wrong}; check its quotes")
    return UnreadableError(f"expected CSV, {str(error).splitlines()[0][:120]}; check its quotes")
