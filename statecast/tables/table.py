"""A table as it came: typed columns of a frame or file, or texts; numbers and texts are read out of either."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from statecast.tables.delimited import Delimited
from statecast.tables.errors import OversizeError
from statecast.tables.numbers import choose_decimal, plain_floats, shapes_of

_MOST_TEXT = 2**30
UNNAMED = "Unnamed: "
"""How the names of columns begin that have none."""


@dataclass(frozen=True)
class Table:
    """Columns before anything is known of them."""

    columns: Any
    """``pyarrow.Table``, with plain names that differ."""
    source: Delimited | None = None
    """The text that it was cut out of; None for typed columns."""
    taken: tuple[str, ...] = ()
    """Words on what its bytes were taken for."""
    decimal: str = "."
    """Mark before the decimals of its texts."""
    shown: dict[str, Any] = field(default_factory=dict, compare=False)
    """Shapes of columns that were looked at, by name."""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        found: list[str] = self.columns.column_names
        return found

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def where(self, row: int) -> str:
        """Name a row as a person finds it.

        Parameters
        ----------
        row : int
            Row below the header, from 0.

        Returns
        -------
        str
            ``line 8 (row 6)`` of a text, ``row 6`` of anything else.
        """
        line = None if self.source is None else self.source.line(row)
        return f"row {row}" if line is None else f"line {line} (row {row})"

    def kind(self, name: str) -> str:
        """Say what a column is by its type.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        str
            ``numbers``, ``booleans``, ``texts``, ``times``, ``nothing`` (all missing), or ``others``.
        """
        kind = _plain(self.columns.schema.field(name).type)
        tests = {
            "booleans": (pa.types.is_boolean,),
            "numbers": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
            "texts": (pa.types.is_string, pa.types.is_large_string),
            "times": (pa.types.is_timestamp, pa.types.is_date),
            "nothing": (pa.types.is_null,),
        }
        return next((word for word, checks in tests.items() if any(check(kind) for check in checks)), "others")

    def column(self, name: str) -> Any:
        """Give a column without dictionaries.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        pyarrow.ChunkedArray
            Its values.

        Raises
        ------
        OversizeError
            If it repeats long texts more often than memory allows.
        """
        column = self.columns[name]
        if not pa.types.is_dictionary(column.type) or self.kind(name) == "others":
            return column
        if self.kind(name) == "texts":
            longest = max(
                (pc.max(pc.binary_length(chunk.dictionary)).as_py() or 0 for chunk in column.chunks), default=0
            )
            if longest * len(column) > _MOST_TEXT:
                raise OversizeError(f"column {name!r}: repeats a text of {longest} bytes too often; use shorter ones")
        return column.cast(column.type.value_type)

    def shapes(self, name: str) -> dict[str, str] | None:
        """Find the shapes of a column of texts, once.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        dict of str to str, or None
            See ``statecast.tables.numbers.shapes_of``.
        """
        if name not in self.shown:
            self.shown[name] = shapes_of(self.column(name))
        found: dict[str, str] | None = self.shown[name]
        return found

    def holds_numbers(self, name: str) -> bool:
        """Say whether a column can be read as numbers.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        bool
            False for one in which all is missing.
        """
        kind = self.kind(name)
        if kind != "texts":
            return kind == "numbers"
        return bool(self.shapes(name))

    def holds_nothing(self, name: str) -> bool:
        """Say whether all values of a column are missing.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        bool
            True too for a column without rows.
        """
        kind = self.kind(name)
        return kind == "nothing" or (kind == "texts" and self.shapes(name) == {})

    def with_decimal(self, said: str | None, names: Iterable[str]) -> "Table":
        """Settle which mark stands before decimals.

        Parameters
        ----------
        said : str or None
            What a person said.
        names : iterable of str
            Columns that are to be read as numbers where they can be.

        Returns
        -------
        Table
            The same, with its mark.

        Raises
        ------
        TableError
            If it can be either, see ``choose_decimal``.
        """
        if said is not None:
            return replace(self, decimal=said)
        texts = [name for name in names if self.kind(name) == "texts"]
        separator = None if self.source is None else self.source.separator
        if separator in (",", None) and all(plain_floats(self.column(name)) is not None for name in texts):
            return self
        shapes = {name: found for name in texts if (found := self.shapes(name))}
        return replace(self, decimal=choose_decimal(shapes, separator))


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
