"""Which column of a table is what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from statecast.tables.options import ColumnNames, TableOptions
from statecast.time.stamps import TimeOptions


@dataclass(frozen=True)
class Columns:
    """The parts that the columns of a table play."""

    item_id: str = "item_id"
    """Column that names the item; the default stands for the usual names."""
    timestamp: str | None = None
    """Column of timestamps, or None for the first that is called like one or holds times."""
    target: str = "target"
    """Column to forecast; the default stands for the usual names, else for what numbers there are."""
    wide: bool | None = None
    """Whether each column is a series; None: if there is no target column, and several of numbers."""
    past: tuple[str, ...] = ()
    """Columns of covariates known up to now; in a wide table all series share them."""
    future: tuple[str, ...] = ()
    """Columns of covariates known ahead; in a wide table all series share them."""
    static: tuple[str, ...] = ()
    """Columns of covariates of the item."""
    timezone: str | None = None
    """See ``statecast.time.stamps.TimeOptions``, as the next two."""
    timestamp_unit: str | None = None
    """Unit of whole-number timestamps."""
    dayfirst: bool | None = None
    """Whether the day comes before the month."""
    separator: str | None = None
    """See ``statecast.tables.options.TableOptions``, as the next two."""
    decimal: str | None = None
    """Mark before decimals."""
    encoding: str | None = None
    """Encoding of the characters."""

    @property
    def options(self) -> TableOptions:
        """How the text of a table is read."""
        times = TimeOptions(self.timezone, self.timestamp_unit, self.dayfirst)
        return TableOptions.read(self.separator, self.decimal, self.encoding, times)

    def names(self, own: Mapping[str, Any]) -> ColumnNames:
        """Name the columns that a table has to have.

        Parameters
        ----------
        own : mapping of str to Any
            Names in the table that a model was fitted on.

        Returns
        -------
        ColumnNames
            Without the usual names.
        """
        return ColumnNames(
            item_id=None if self.item_id == Columns.item_id else self.item_id,
            timestamp=self.timestamp,
            target=None if self.target == Columns.target else self.target,
            wide=self.wide,
            covariates=(*self.past, *self.future),
            static=self.static,
            own=own,
        )

    @property
    def covariates(self) -> tuple[str, ...]:
        """All covariates by name."""
        return (*self.past, *self.future, *self.static)
