"""A table as series, each with the arguments of a forecast: a frame of pandas, polars, pyarrow, ..., or a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from statecast.api.history import read_options
from statecast.errors import InputError
from statecast.inputs.covariates import Covariate
from statecast.time.stamps import Stamps, TimeError, TimeOptions

if TYPE_CHECKING:
    from statecast.tables.series import SeriesTable

STATIC = "static:"
_TEXT_OPTIONS = ("separator", "decimal", "encoding")
_NAMES = ("item_id", "timestamp", "target", "wide")


@dataclass(frozen=True)
class ModelColumns:
    """What a model reads of a table.

    Parameters
    ----------
    past, future, static : sequence of Covariate
        Covariates by when they are known.
    ahead : int
        Rows after the last value of an item whose covariates are read too.
    fitted : mapping
        ``item_id``, ``timestamp``, ``target``: what those columns were called that it was fitted on; and how their text
        was read.
    """

    past: Sequence[Covariate] = ()
    future: Sequence[Covariate] = ()
    static: Sequence[Covariate] = ()
    ahead: int = 0
    fitted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, str]:
        """``texts`` or ``numbers`` of each covariate."""
        every = (*self.past, *self.future, *self.static)
        kinds = {covariate.name: "texts" if covariate.levels else "numbers" for covariate in every}
        return kinds | {STATIC + covariate.name: kinds[covariate.name] for covariate in self.static}


@dataclass(frozen=True, eq=False)
class TableItems:
    """The series of a table.

    Parameters
    ----------
    series : SeriesTable
        As it was read.
    arguments : list of dict
        Of each series, what ``forecast_series`` takes.
    rows : list of NDArray
        Rows of each in the table.
    native : Any
        The frame; None of a file.
    """

    series: "SeriesTable"
    arguments: list[dict[str, Any]]
    rows: list[NDArray[np.int64]]
    native: Any

    @property
    def names(self) -> tuple[str | None, ...]:
        """Item of each series."""
        return self.series.names

    def refuse(self, place: int, error: InputError) -> InputError:
        """Name the item, and the row, that an error is about.

        Parameters
        ----------
        place : int
            Which series.
        error : InputError
            What is wrong with it.

        Returns
        -------
        InputError
            To be raised in its place.
        """
        item, at = self.names[place], error.index if isinstance(error, TimeError) else None
        whose = "" if item is None else f"item {item!r}: "
        return InputError(f"{whose}{'' if at is None else f'{self.series.where(int(self.rows[place][at]))}: '}{error}")


def is_table(history: Any) -> bool:
    """Say whether a history is a table, and no list of values.

    Parameters
    ----------
    history : Any
        What was passed.

    Returns
    -------
    bool
        True for the path of a file too, and for a series of pandas whose index says when its values were.
    """
    if isinstance(history, (str, Path)):
        return True
    if isinstance(history, Mapping):
        return False
    if type(history).__name__ == "LazyFrame" or hasattr(history, "columns"):
        return True
    if not hasattr(history, "index") or type(history).__module__.partition(".")[0] != "pandas":
        return False
    from statecast.tables.reader import has_telling_index

    return has_telling_index(history)


def read_items(source: Any, model: ModelColumns, *, freq: str | None = None, **options: Any) -> TableItems:
    """Read the series of a table, each up to its last value.

    Parameters
    ----------
    source : Any
        A frame, or the path of a file; see ``statecast.tables.reader``.
    model : ModelColumns
        What is read of it.
    freq : str, optional
        Distance of two rows; left out, the model's own, else the one that most rows show.
    **options
        ``item_id``, ``timestamp``, ``target``, ``wide``: names of columns; ``separator``, ``decimal``, ``encoding``;
        ``timezone``, ``timestamp_unit``, ``dayfirst``.

    Returns
    -------
    TableItems
        In the order of their first rows.

    Raises
    ------
    InputError
        If the table cannot be read.
    """
    try:
        from statecast.tables.options import ColumnNames, TableOptions
        from statecast.tables.reader import of_frame, read_file
        from statecast.tables.series import read_series
    except ImportError:
        raise InputError("tables: need pyarrow; pip install 'statecast[tables]'") from None
    kept = (*_TEXT_OPTIONS, "timezone", "timestamp_unit", "dayfirst")
    options = {name: model.fitted[name] for name in kept if model.fitted.get(name) is not None} | options
    names = {name: options.pop(name) for name in _NAMES if name in options}
    text = {name: options.pop(name) for name in _TEXT_OPTIONS if name in options}
    said = TableOptions.read(**text, times=read_options(options))
    file = isinstance(source, (str, Path))
    if not file:
        _check_eager(source)
    table = read_file(source, said) if file else of_frame(source)
    series = read_series(table, ColumnNames(**names, optional=model.kinds, own=model.fitted), said)
    order = np.argsort(series.codes, kind="stable")
    rows = np.split(order, np.searchsorted(series.codes[order], np.arange(1, len(series.names))))
    items = TableItems(series, [], rows, None if file else source)
    for place, own in enumerate(rows):
        try:
            items.arguments.append({"freq": freq, **_arguments(series, own, model), **_zone(said.times)})
        except InputError as error:
            raise items.refuse(place, error) from None
    return items


def _arguments(series: "SeriesTable", rows: Any, model: ModelColumns) -> dict[str, Any]:
    """One item's rows as arguments of ``forecast_series``."""
    target = series.target[rows]
    seen = np.flatnonzero(~np.isnan(target))
    end = int(seen[-1]) + 1 if len(seen) else len(target)
    arguments: dict[str, Any] = {"history": target[:end]}
    if isinstance(series.times, Stamps):
        arguments["timestamps"] = series.times.take(rows[:end])
    elif series.times is not None:
        steps = series.times[rows[:end]]
        if (np.diff(steps) != 1).any():
            raise InputError("timestamp: expected counted steps without gaps; add the missing ones, their target empty")
    held, known = series.covariates, rows[: end + model.ahead]
    unknown = [None] * (end + model.ahead - len(known))
    static = {}
    for covariate in model.static:
        column = next((name for name in (covariate.name, STATIC + covariate.name) if name in held), None)
        if column is not None:
            static[covariate.name] = held[column][rows[0]]
    past = {c.name: list(held[c.name][rows[:end]]) for c in model.past if c.name in held}
    future = {c.name: [*held[c.name][known], *unknown] for c in model.future if c.name in held}
    kinds = {"past_covariates": past, "future_covariates": future, "static_covariates": static}
    return arguments | {kind: values for kind, values in kinds.items() if values}


def _check_eager(frame: Any) -> None:
    """Refuse a frame whose rows are not there yet."""
    if type(frame).__name__ == "LazyFrame":
        raise InputError("history: expected a frame with its rows, got a lazy one; call .collect() on it")


def _zone(options: TimeOptions) -> dict[str, Any]:
    return {} if options.timezone is None else {"timezone": options.timezone}
