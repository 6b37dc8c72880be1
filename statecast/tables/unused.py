"""Columns that are not read: the index of a saved frame, empty ones without a name, and all that nobody asked for."""

import numpy as np

from statecast.tables.table import UNNAMED, Table
from statecast.tables.values import read_floats

_INDEX = ("index", "level_0", "__index_level_0__", "id", "row", "no", "nr", "#")
_SHOWN = 8


def is_index(table: Table, name: str) -> bool:
    """Say whether a column only counts the rows, or is empty and has no name.

    Parameters
    ----------
    table : Table
        With the column.
    name : str
        Of the column.

    Returns
    -------
    bool
        True too for any whole numbers in a column without a name.
    """
    unnamed = name.startswith(UNNAMED)
    if unnamed and table.holds_nothing(name):
        return True
    if not (unnamed or name.lower() in _INDEX) or not table.holds_numbers(name):
        return False
    numbers = read_floats(table, name)
    whole = bool(np.isfinite(numbers).all() and (numbers == np.rint(numbers)).all())
    return whole and (unnamed or bool((np.diff(numbers) == 1).all()))


def describe_unused(table: Table, names: tuple[str, ...]) -> list[str]:
    """Say which columns were not read.

    Parameters
    ----------
    table : Table
        With the columns.
    names : tuple of str
        Those that were not read.

    Returns
    -------
    list of str
        A sentence for those that count rows, and one for the others; none where all were read.
    """
    counting = [name for name in names if is_index(table, name) and not table.holds_nothing(name)]
    others = [name for name in names if name not in counting]
    found = []
    if counting:
        found.append(f"{_listed(counting)}: the index of a saved table is left out; save without it")
    if others:
        found.append(f"{_listed(others)}: not used, so left out")
    return found


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"
