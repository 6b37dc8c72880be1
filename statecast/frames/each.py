"""The same done with one series or each of several: of a frame, a file, a mapping, or the rows of an array."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from statecast.errors import InputError
from statecast.frames.reading import ModelColumns, TableItems, is_table, read_items
from statecast.frames.table_result import TableResult


def run_each(
    run: Callable[..., Any],
    history: Any,
    columns: ModelColumns,
    *,
    level: float | Sequence[float] | None = None,
    framed: bool = True,
    **options: Any,
) -> Any:
    """Do the same with one series or each of several.

    Parameters
    ----------
    run : callable
        Takes one series, with ``history`` and further arguments as of ``forecast_series``.
    history : Any
        Values; a frame, or a series of pandas with times; the path of a file; values by name; rows of values.
    columns : ModelColumns
        What is read of a table.
    level : float, sequence of float or None
        Percents of the intervals that were requested, after which a frame calls its columns.
    framed : bool
        Whether a frame comes of a frame; else the results by item.
    **options
        Of one series, or of a table as in ``read_items``.

    Returns
    -------
    Any
        What ``run`` gives; of a frame one like it; of a file a ``TableResult``; of a mapping one by name; of rows a
        list.

    Raises
    ------
    InputError
        If something cannot be read, or ``run`` refuses a series; the item is named.
    """
    if is_table(history):
        items = read_items(history, columns, **options)
        found = _of_items(run, items)
        return found.like(level) if framed else found.results
    several = as_several(history)
    if several is None:
        return run(history, **options)
    every = []
    for name, values in several:
        try:
            every.append(run(values, **options))
        except InputError as error:
            raise InputError(f"item {name!r}: {error}") from None
    return in_the_form_of(history, every)


def as_several(history: Any) -> list[tuple[str, Any]] | None:
    """Take values by name, or rows of values, as several series.

    Parameters
    ----------
    history : Any
        No table.

    Returns
    -------
    list of (str, Any), or None
        Name and values of each; rows are counted from 0. None where it is one series.
    """
    if isinstance(history, Mapping):
        return [(str(name), values) for name, values in history.items()]
    if isinstance(history, np.ndarray):
        rows = list(history) if history.ndim == 2 else None
    else:
        rows = list(history) if isinstance(history, list | tuple) and history and _is_list(history[0]) else None
    return None if rows is None else [(str(place), row) for place, row in enumerate(rows)]


def in_the_form_of(history: Any, found: Sequence[Any]) -> dict[Any, Any] | list[Any]:
    """Give results of several series the form in which they came.

    Parameters
    ----------
    history : Any
        A mapping, or rows.
    found : sequence
        One result per series.

    Returns
    -------
    dict or list
        By name where the series have names.
    """
    return dict(zip(history, found, strict=True)) if isinstance(history, Mapping) else list(found)


def _of_items(run: Callable[..., Any], items: TableItems) -> TableResult[Any]:
    found: list[Any] = []
    notes: list[list[str]] = []
    for place, arguments in enumerate(items.arguments):
        try:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always", UserWarning)
                found.append(run(**arguments))
        except InputError as error:
            raise items.refuse(place, error) from None
        notes.append([str(one.message) for one in warned])
    return TableResult.of(items, found, notes)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim == 1)
