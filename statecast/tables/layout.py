"""Which column of a table is what: by what was said, by the model's names, by the usual ones, by what columns hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from statecast.tables.errors import TableError
from statecast.tables.options import ColumnNames
from statecast.tables.table import Table
from statecast.tables.times import reads_as_times
from statecast.tables.unused import is_index
from statecast.time.stamps import TimeOptions

ITEMS = ("item_id", "unique_id")
TIMES = ("timestamp", "ds", "datetime", "date_time", "date", "time", "month")
TARGETS = ("target", "y")
PARTS = ("year", "month", "day", "hour", "minute", "second")
_CLOCKS = ("time", "hour", "hours", "hr", "time_of_day", "hour_of_day")


@dataclass(frozen=True)
class Layout:
    """Columns as found in one table."""

    item_id: str | None = None
    """Column that names the item; None where there is but one, or the table is wide."""
    timestamp: str | None = None
    """Column of times; None where there is none."""
    parts: tuple[tuple[str, str], ...] = ()
    """Columns that hold a part of the time each, by part; instead of ``timestamp``."""
    clock: str | None = None
    """Column of hours that may go with a ``timestamp`` of days."""
    target: str | None = None
    """Column to forecast; None where the table is wide."""
    series: tuple[str, ...] = ()
    """Columns that are a series each."""
    covariates: tuple[str, ...] = ()
    """Columns that are read beside."""
    ignored: tuple[str, ...] = ()
    """Columns that are not read."""
    guessed: tuple[str, ...] = ()
    """What was told by what columns hold, in words."""


def find_layout(table: Table, wanted: ColumnNames, options: TimeOptions, *, times: bool) -> Layout:
    """Find out what the columns of a table are.

    Parameters
    ----------
    table : Table
        The table.
    wanted : ColumnNames
        What was said of them.
    options : TimeOptions
        How times are read.
    times : bool
        Whether there has to be a column of times.

    Returns
    -------
    Layout
        Of a wide table where that was said or, left open, where no column is called as an item or a target.

    Raises
    ------
    TableError
        If a column that was named is not there, or what is needed cannot be told.
    """
    names = table.names
    for name in (wanted.item_id, wanted.timestamp, wanted.target, *wanted.covariates, *wanted.static):
        if name is not None and name not in names:
            role = "target: " if name == wanted.target else ""
            mend = "name it with target_column (--target-column)" if role else "check the name"
            raise TableError(f"{role}column {name!r}: not in the table, which has {listed(names)}; {mend}", name)
    asked = (*wanted.covariates, *wanted.static)
    if twice := {name for name in asked if asked.count(name) > 1}:
        raise TableError(f"column {min(twice)!r}: named as more than one kind of covariate; keep one of them")
    layout = _find_times(table, wanted, options)
    if times and layout.timestamp is None and not layout.parts:
        raise TableError(
            f"timestamp: expected a column named one of {', '.join(TIMES)}, or one that holds times, got "
            f"{listed(names)}; name it with timestamp_column (--timestamp-column)", "timestamp",
        )  # fmt: skip
    item_id = wanted.item_id or _own(table, wanted, "item_id") or _named(table, ITEMS)
    layout = replace(layout, item_id=item_id)
    layout = _find_targets(table, wanted, layout)
    return _find_rest(table, wanted, layout)


def used(layout: Layout) -> set[str]:
    """Name the columns that are read for items, times and targets.

    Parameters
    ----------
    layout : Layout
        As far as it is found.

    Returns
    -------
    set of str
        Their names.
    """
    single = {layout.item_id, layout.timestamp, layout.clock, layout.target} - {None}
    return {str(name) for name in single} | {name for _, name in layout.parts} | set(layout.series)


def listed(names: Sequence[str]) -> str:
    """List names in a message, the first dozen.

    Parameters
    ----------
    names : sequence of str
        The names.

    Returns
    -------
    str
        In quotes.
    """
    shown = ", ".join(repr(name[:40]) for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "") if names else "none"


def _named(table: Table, known: Sequence[str]) -> str | None:
    lower = {name.strip().lower(): name for name in reversed(table.names)}
    return next((lower[name] for name in known if name in lower), None)


def _own(table: Table, wanted: ColumnNames, role: str) -> str | None:
    name = wanted.own.get(role)
    return name if isinstance(name, str) and name in table.names else None


def _find_times(table: Table, wanted: ColumnNames, options: TimeOptions) -> Layout:
    asked = {*wanted.covariates, *wanted.static, *wanted.optional}
    lower = {name.strip().lower(): name for name in table.names if name not in asked}
    found = wanted.timestamp or _own(table, wanted, "timestamp")
    if found is None:
        named = _named(table, TIMES)
        parts = tuple((part, lower[part]) for part in _prefix(lower))
        whole = bool(parts) and all(table.holds_numbers(name) for _, name in parts)
        if whole and (named is None or named.lower() in (*PARTS, "time")) and not _stands_alone(table, parts, options):
            return Layout(parts=parts)
        found = named
    guessed: tuple[str, ...] = ()
    if found is None:
        others = (name for name in table.names if name not in asked and name not in (wanted.target, wanted.item_id))
        found = next((name for name in others if reads_as_times(table, name, options)), None)
        guessed = () if found is None else (f"timestamp from column {found!r}, the first that holds times",)
    clock = next((lower[name] for name in _CLOCKS if name in lower and lower[name] != found), None)
    return Layout(timestamp=found, clock=clock if found is not None else None, guessed=guessed)


def _stands_alone(table: Table, parts: tuple[tuple[str, str], ...], options: TimeOptions) -> bool:
    return len(parts) == 1 and reads_as_times(table, parts[0][1], options)


def _prefix(lower: dict[str, str]) -> tuple[str, ...]:
    """Parts of the time from the year down, as far as each has a column."""
    count = next((place for place, part in enumerate(PARTS) if part not in lower), len(PARTS))
    return PARTS[:count]


def _find_targets(table: Table, wanted: ColumnNames, layout: Layout) -> Layout:
    target = wanted.target or (None if wanted.wide else _own(table, wanted, "target") or _named(table, TARGETS))
    if target is not None and not wanted.wide:
        return replace(layout, target=target)
    if wanted.wide is False or (layout.item_id is not None and wanted.wide is None):
        return _only_number(table, wanted, layout)
    asked = {*wanted.covariates, *wanted.static, *wanted.optional}
    beside = [name for name in table.names if name not in used(layout) | asked and not is_index(table, name)]
    series = tuple(beside if wanted.wide else _numbers(table, beside))
    if wanted.static and series:
        raise TableError(f"static {wanted.static[0]!r}: not supported in a wide table; use a long one")
    if not series:
        raise TableError(
            f"target: expected a column named target or y, or one of numbers, got {listed(table.names)}; "
            "name it with target_column (--target-column)", "target",
        )  # fmt: skip
    if len(series) == 1 and not wanted.wide:
        guess = f"target from column {series[0]!r}, the only one of numbers"
        return replace(layout, target=series[0], guessed=(*layout.guessed, guess))
    guesses = () if wanted.wide else (f"a series from each of the columns {listed(series)}",)
    return replace(layout, item_id=None, series=series, guessed=(*layout.guessed, *guesses))


def _only_number(table: Table, wanted: ColumnNames, layout: Layout) -> Layout:
    asked = {*wanted.covariates, *wanted.static, *wanted.optional}
    beside = [name for name in table.names if name not in used(layout) | asked and not is_index(table, name)]
    numbers = _numbers(table, beside)
    if len(numbers) == 1:
        guess = f"target from column {numbers[0]!r}, the only one of numbers"
        return replace(layout, target=numbers[0], guessed=(*layout.guessed, guess))
    what = f"{len(numbers)} columns of numbers, {listed(numbers)}" if numbers else listed(table.names)
    raise TableError(
        f"target: no column 'target' in the table, which has {what}; name it with "
        "target_column (--target-column)", "target",
    )  # fmt: skip


def _numbers(table: Table, names: Sequence[str]) -> list[str]:
    """Columns of numbers; where there are several, or none, those in which all is missing count too."""
    numbers = [name for name in names if table.holds_numbers(name)]
    if len(numbers) == 1:
        return numbers
    return [name for name in names if name in numbers or table.holds_nothing(name)]


def _find_rest(table: Table, wanted: ColumnNames, layout: Layout) -> Layout:
    taken = used(layout)
    asked = dict.fromkeys((*wanted.covariates, *wanted.static))
    present = dict.fromkeys(name for name in wanted.optional if name in table.names)
    covariates = tuple(name for name in (asked | present) if name not in taken)
    beside = [name for name in table.names if name not in taken and name not in covariates]
    if wanted.every:
        further = tuple(name for name in beside if not is_index(table, name))
        return replace(layout, covariates=(*covariates, *further), ignored=tuple(set(beside) - set(further)))
    return replace(layout, covariates=covariates, ignored=tuple(beside))
