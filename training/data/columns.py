"""Which column of a table is what."""

from collections.abc import Sequence
from dataclasses import dataclass

from statecast.time.stamps import TimeOptions
from training.errors import TableError

_TIMES = ("timestamp", "datetime", "date_time", "date", "time", "ds", "month")


@dataclass(frozen=True)
class Columns:
    """The parts that the columns of a table play."""

    item_id: str = "item_id"
    """Column that names the item."""
    timestamp: str | None = None
    """Column of timestamps, or None for the first that is called like one."""
    target: str = "target"
    """Column to forecast."""
    wide: bool | None = None
    """Whether each column is a series; None: if there is no target column."""
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

    @property
    def time_options(self) -> TimeOptions:
        """How the column of times is read."""
        return TimeOptions(self.timezone, self.timestamp_unit, self.dayfirst)

    @property
    def covariates(self) -> tuple[str, ...]:
        """All covariates by name."""
        return (*self.past, *self.future, *self.static)


@dataclass(frozen=True)
class Layout:
    """Columns as found in one table."""

    item_id: str | None
    """Column that names the item, or None where there is but one, or the table is wide."""
    timestamp: str
    """Column of times."""
    target: str
    """Column to forecast, of a long table."""
    series: tuple[str, ...]
    """Columns that are a series each, of a wide table; empty for a long one."""


def find_layout(columns: Columns, present: Sequence[str]) -> Layout:
    """Match the wanted columns with those that a table has.

    Parameters
    ----------
    columns : Columns
        What each column is wanted for.
    present : sequence of str
        Names of the table's columns.

    Returns
    -------
    Layout
        Of a wide table where ``columns.wide`` says so or, left open, where no column is named as target or item.

    Raises
    ------
    TableError
        If a named column is absent, or no column is known to hold the time.

    Examples
    --------
    >>> find_layout(Columns(), ["date", "north", "south"]).series
    ('north', 'south')
    """
    timestamp = columns.timestamp or next((name for known in _TIMES for name in present if name.lower() == known), None)
    if timestamp is None:
        raise TableError(
            f"timestamp: expected a column named one of {', '.join(_TIMES)}, got {_listed(present)}; "
            "name it with --timestamp-column"
        )
    for name in (timestamp, *columns.covariates):
        if name not in present:
            raise TableError(f"column {name!r}: not in the table, which has {_listed(present)}; check the name")
    twice = {name for name in columns.covariates if columns.covariates.count(name) > 1}
    if twice:
        raise TableError(f"column {min(twice)!r}: named as more than one kind of covariate; keep one of them")
    # Wide is only guessed where nothing suggests a long table: no target, no item, and neither is named.
    guess = columns.target == Columns.target and not {columns.target, columns.item_id} & set(present)
    wide = guess if columns.wide is None else columns.wide
    if wide:
        if columns.static:
            raise TableError(f"static {columns.static[0]!r}: not supported in a wide table; use a long one")
        taken = {timestamp, *columns.covariates}
        series = tuple(name for name in present if name not in taken)
        if not series:
            raise TableError(f"wide: expected a column per series beside {timestamp!r}, got none; is it a long table?")
        return Layout(None, timestamp, columns.target, series)
    if columns.target not in present:
        raise TableError(
            f"target: no column {columns.target!r} in the table, which has {_listed(present)}; "
            "name it with --target-column, or pass --wide for a column per series"
        )
    item_id = columns.item_id if columns.item_id in present else None
    if item_id is None and columns.item_id != Columns.item_id:
        raise TableError(f"item_id: no column {columns.item_id!r} in the table, which has {_listed(present)}")
    return Layout(item_id, timestamp, columns.target, ())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")
