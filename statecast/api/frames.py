"""A table by hand, a series at a time: a frame of pandas, of another library that speaks Arrow, or a file."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from statecast.api.history import read_options
from statecast.config import ForecasterConfig
from statecast.errors import InputError
from statecast.time.stamps import Stamps, TimeError, TimeOptions

if TYPE_CHECKING:
    from statecast.tables.series import SeriesTable

STATIC = "static:"
_TEXT_OPTIONS = ("separator", "decimal", "encoding")
_NAMES = ("item_id", "timestamp", "target", "wide")


class SeriesResult(Protocol):
    """What comes of one series."""

    def columns(self, timestamp: str) -> dict[str, NDArray[np.generic]]:
        """Lay it out as the columns of a table.

        Parameters
        ----------
        timestamp : str
            What the column of times is called.

        Returns
        -------
        dict of str to array
            All of one length.
        """


R = TypeVar("R", bound=SeriesResult)


@dataclass(frozen=True)
class TableResult(Generic[R]):
    """What came of the series of a table.

    Parameters
    ----------
    results : dict
        By item; by None where the table names none.
    notes : tuple of str
        How the table was read.
    names : tuple of (str, str)
        What the columns of items and times are called.
    """

    results: dict[str | None, R]
    notes: tuple[str, ...]
    names: tuple[str, str] = ("item_id", "timestamp")

    @property
    def forecasts(self) -> dict[str | None, R]:
        """The results, where they are forecasts."""
        return self.results

    def like(self, frame: Any) -> Any:
        """Lay them out one below the other, each item's columns beside its name; the notes become a warning.

        Parameters
        ----------
        frame : Any
            The frame that was read, or the path of a file.

        Returns
        -------
        Any
            A frame of the same library, pandas or polars, else a ``pyarrow.Table``; these results for a path.
        """
        if isinstance(frame, (str, Path)):
            return self
        from statecast.tables.reader import to_frame

        if self.notes:
            warnings.warn("; ".join(self.notes), UserWarning, stacklevel=4)
        item, timestamp = self.names
        parts = [one.columns(timestamp) for one in self.results.values()]
        lengths = [len(part[timestamp]) for part in parts]
        columns: dict[str, Any] = {
            item: [name for name, length in zip(self.results, lengths, strict=True) for _ in range(length)]
        }
        return to_frame(columns | {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, frame)


def is_table(history: Any) -> bool:
    """Say whether a history is a table, and no list of values.

    Parameters
    ----------
    history : Any
        What was passed.

    Returns
    -------
    bool
        True for the path of a file too.
    """
    return isinstance(history, (str, Path)) or (hasattr(history, "columns") and not isinstance(history, Mapping))


def run_table(
    run: Callable[..., R],
    config: ForecasterConfig | None,
    source: Any,
    manifest: Mapping[str, Any],
    ahead: int,
    *,
    freq: str | None = None,
    **options: Any,
) -> TableResult[R]:
    """Do the same with every series of a table, up to its last value.

    Parameters
    ----------
    run : callable
        Takes one series, with ``history`` and further arguments as of ``forecast_series``.
    config : ForecasterConfig or None
        Of the network; None for a family, which takes no covariates.
    source : Any
        A frame, or the path of a file; see ``statecast.tables.reader``.
    manifest : mapping of str to Any
        Of the artifact: what the columns were called that it was fitted on, and how they were read.
    ahead : int
        Rows after the last value of an item whose covariates are read too.
    freq : str, optional
        Distance of two rows; left out, the model's own, else the one that most rows show.
    **options
        ``item_id``, ``timestamp``, ``target``, ``wide``: names of columns; ``separator``, ``decimal``, ``encoding``;
        ``timezone``, ``timestamp_unit``, ``dayfirst``.

    Returns
    -------
    TableResult
        One result per item.

    Raises
    ------
    InputError
        If the table cannot be read, or ``run`` refuses a series; the item is named.
    """
    try:
        from statecast.tables.options import ColumnNames, TableOptions
        from statecast.tables.reader import of_frame, read_file
        from statecast.tables.series import read_series
    except ImportError:
        raise InputError("tables: need pyarrow; pip install 'statecast[tables]'") from None
    fitted: Any = manifest.get("training", {}).get("config", {}).get("data", {})
    told = {name: fitted.get(name) for name in ("item_id", "timestamp", "target")}
    own = told | dict(manifest.get("columns", {}))
    kept = (*_TEXT_OPTIONS, "timezone", "timestamp_unit", "dayfirst")
    options = {name: fitted[name] for name in kept if fitted.get(name) is not None} | options
    names = {name: options.pop(name) for name in _NAMES if name in options}
    text = {name: options.pop(name) for name in _TEXT_OPTIONS if name in options}
    said = TableOptions.read(**text, times=read_options(options))
    table = read_file(source, said) if isinstance(source, (str, Path)) else of_frame(source)
    wanted = ColumnNames(**names, optional=_covariates(config), own=own)
    series = read_series(table, wanted, said)
    order = np.argsort(series.codes, kind="stable")
    bounds = np.searchsorted(series.codes[order], np.arange(1, len(series.names)))
    found: dict[str | None, R] = {}
    notes = [detail for _, detail in series.notes]
    for item, rows in zip(series.names, np.split(order, bounds), strict=True):
        arguments = _arguments(series, rows, config, ahead)
        try:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always", UserWarning)
                found[item] = run(freq=freq, **arguments, **_zone(said.times))
        except InputError as error:
            whose = "" if item is None else f"item {item!r}: "
            at = error.index if isinstance(error, TimeError) else None
            raise InputError(f"{whose}{'' if at is None else f'{series.where(int(rows[at]))}: '}{error}") from None
        notes += [str(one.message) if item is None else f"item {item!r}: {one.message}" for one in warned]
    called = (series.layout.item_id or "item_id", series.layout.timestamp or "timestamp")
    return TableResult(found, tuple(notes), called)


def _covariates(config: ForecasterConfig | None) -> dict[str, str]:
    if config is None:
        return {}
    every = (*config.past_covariates, *config.future_covariates, *config.static_covariates)
    kinds = {covariate.name: "texts" if covariate.levels else "numbers" for covariate in every}
    return kinds | {STATIC + covariate.name: kinds[covariate.name] for covariate in config.static_covariates}


def _arguments(series: "SeriesTable", rows: Any, config: ForecasterConfig | None, ahead: int) -> dict[str, Any]:
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
    if config is None:
        return arguments
    held, known = series.covariates, rows[: end + ahead]
    unknown = [None] * (end + ahead - len(known))
    static = {}
    for covariate in config.static_covariates:
        column = next((name for name in (covariate.name, STATIC + covariate.name) if name in held), None)
        if column is not None:
            static[covariate.name] = held[column][rows[0]]
    past = {c.name: list(held[c.name][rows[:end]]) for c in config.past_covariates if c.name in held}
    future = {c.name: [*held[c.name][known], *unknown] for c in config.future_covariates if c.name in held}
    kinds = {"past_covariates": past, "future_covariates": future, "static_covariates": static}
    return arguments | {kind: values for kind, values in kinds.items() if values}


def _zone(options: TimeOptions) -> dict[str, Any]:
    return {} if options.timezone is None else {"timezone": options.timezone}
