"""What a person says about a table: what its columns are, and how its text is to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from statecast.tables.errors import TableError
from statecast.time.stamps import AS_THEY_ARE, TimeOptions

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " ", "\\t": "\t"}
"""Words for separators, beside the characters themselves."""
DECIMALS = {"point": ".", "comma": ","}
"""Words for decimal marks, likewise."""


@dataclass(frozen=True)
class ColumnNames:
    """What the columns of a table are wanted for; None for what is to be found out."""

    item_id: str | None = None
    """Column that names the item."""
    timestamp: str | None = None
    """Column of times."""
    target: str | None = None
    """Column to forecast."""
    wide: bool | None = None
    """Whether each column is a series of its own."""
    covariates: tuple[str, ...] = ()
    """Columns that have to be there."""
    static: tuple[str, ...] = ()
    """Columns that have to be there and hold one value per item."""
    optional: Mapping[str, str] = field(default_factory=dict)
    """Columns that are read where they are there; ``texts`` or ``numbers``, empty to go by what they hold."""
    every: bool = False
    """Whether all further columns are covariates."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """Names in the table that a model was fitted on, by the fields above: tried first, not insisted on."""


@dataclass(frozen=True)
class TableOptions:
    """How the text of a table is to be read; None for what its text shows."""

    separator: str | None = None
    """Mark between fields."""
    decimal: str | None = None
    """Mark before decimals, ``.`` or ``,``."""
    encoding: str | None = None
    """Encoding of the characters, by one of Python's names."""
    times: TimeOptions = AS_THEY_ARE
    """How its times are read."""

    @classmethod
    def read(
        cls,
        separator: str | None = None,
        decimal: str | None = None,
        encoding: str | None = None,
        times: TimeOptions = AS_THEY_ARE,
    ) -> "TableOptions":
        r"""Check options as people write them.

        Parameters
        ----------
        separator : str, optional
            One character, or one of ``SEPARATORS``.
        decimal : str, optional
            One of ``DECIMALS``, or what it stands for.
        encoding : str, optional
            Name of an encoding.
        times : TimeOptions
            How times are read.

        Returns
        -------
        TableOptions
            The options.

        Raises
        ------
        TableError
            If one is none of these.

        Examples
        --------
        >>> TableOptions.read("semicolon", "comma").separator
        ';'
        """
        mark = SEPARATORS.get(separator, separator) if separator else None
        if mark is not None and (len(mark) != 1 or mark.isalnum() or mark in '"\r\n' or not mark.isascii()):
            known = ", ".join(list(SEPARATORS)[:5])
            raise TableError(f"separator: expected one character such as ; or one of {known}, got {separator!r}")
        point = DECIMALS.get(decimal, decimal) if decimal else None
        if point not in (None, *DECIMALS.values()):
            raise TableError(f"decimal: expected . or , (point or comma), got {decimal!r}")
        return cls(mark, point, encoding or None, times)

    def filled(self, other: "TableOptions") -> "TableOptions":
        """Fill in what these options leave out.

        Parameters
        ----------
        other : TableOptions
            Where to take it from.

        Returns
        -------
        TableOptions
            A copy.
        """
        own = {name: value for name, value in vars(self).items() if value is not None and name != "times"}
        return replace(other, **own, times=self.times.filled(other.times))
