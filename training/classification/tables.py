"""Labelled tables: a text per row, a series per row, or a step of a series per row."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.tables.errors import TableError as ReadingError
from statecast.tables.reader import read_file
from statecast.tables.table import Table
from statecast.tables.times import read_times
from statecast.tables.values import read_floats, read_texts
from statecast.time.stamps import Stamps, TimeOptions
from training.classification.config import ClassificationConfig
from training.classification.examples import PARTS, LabelledExamples
from training.errors import TableError


def read_examples(path: str | Path, config: ClassificationConfig, inputs: str) -> LabelledExamples:
    """Read a labelled table.

    Parameters
    ----------
    path : str or Path
        Delimited text, Parquet or Arrow, packed or not.
    config : ClassificationConfig
        What its columns are.
    inputs : str
        What a step is; ``values`` for series.

    Returns
    -------
    LabelledExamples
        One per text or series.

    Raises
    ------
    TableError
        If the file cannot be read, a column is absent, or a row lacks its label or its input.
    """
    try:
        table = read_file(path)
        if inputs != "values":
            return _texts(table, config)
        return _wide(table, config) if config.wide else _long(table, config)
    except ReadingError as error:
        raise TableError(str(error)) from None


def _texts(table: Table, config: ClassificationConfig) -> LabelledExamples:
    texts = _column(table, config.text, "text")
    answers = _column(table, config.label, "label")
    return LabelledExamples(texts.tolist(), answers.tolist(), (), _parts(table, config))


def _wide(table: Table, config: ClassificationConfig) -> LabelledExamples:
    answers = _column(table, config.label, "label")
    beside = {config.label, config.split, config.item_id, config.text}
    columns = list(config.channels) or [name for name in table.names if name not in beside]
    table = table.with_decimal(None, columns)
    values = np.column_stack([read_floats(table, name) for name in columns])
    # Rows of shorter series are filled up with nothing at their end.
    ends = values.shape[1] - np.argmax(~np.isnan(values[:, ::-1]), axis=1)
    _refuse_empty(table, np.asarray(np.isnan(values).all(axis=1)))
    series = [row[:end, None] for row, end in zip(values, ends.tolist(), strict=True)]
    return LabelledExamples(series, answers.tolist(), ("target",), _parts(table, config))


def _long(table: Table, config: ClassificationConfig) -> LabelledExamples:
    items, answers = _column(table, config.item_id, "item_id"), _column(table, config.label, "label")
    timestamp = config.timestamp or ("timestamp" if "timestamp" in table.names else "")
    beside = {config.item_id, config.label, config.split, timestamp, config.text}
    channels = config.channels or tuple(name for name in table.names if name not in beside)
    if not channels:
        raise TableError(f"channels: expected a column of values, got only {', '.join(table.names)}; name one")
    table = table.with_decimal(None, channels)
    values = np.column_stack([read_floats(table, name) for name in channels])
    parts = _parts(table, config)
    names, codes = np.unique(items.astype(str), return_inverse=True)
    order = np.lexsort((_order(table, timestamp), codes))
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    inputs, found, own = [], [], list[str]()
    for name, rows in zip(names, np.split(order, cuts), strict=True):
        inputs.append(values[rows])
        found.append(_only(answers[rows].tolist(), "label", name))
        if parts is not None:
            own.append(_only([parts[row] for row in rows], "part", name))
    return LabelledExamples(inputs, found, tuple(channels), None if parts is None else own)


def _only(values: list[str], what: str, series: str) -> str:
    """What all rows of a series say."""
    own = set(values)
    if len(own) > 1:
        raise TableError(
            f"series {str(series)!r}: expected one {what}, got {', '.join(sorted(own)[:3])}; one per series"
        )
    return own.pop()


def _order(table: Table, timestamp: str) -> NDArray[Any]:
    if not timestamp:
        return np.arange(len(table))
    if timestamp not in table.names:
        raise TableError(f"timestamp: expected a column {timestamp!r}, got {', '.join(table.names[:12])}")
    times = read_times(table, timestamp, TimeOptions())
    return times.instants if isinstance(times, Stamps) else times


def _column(table: Table, name: str, role: str) -> NDArray[np.object_]:
    if name not in table.names:
        raise TableError(
            f"{role}: expected a column {name!r}, got {', '.join(repr(one[:40]) for one in table.names[:12])}; name it "
            f"with {role} in [classification]"
        )
    found = read_texts(table, name)
    _refuse_empty(table, np.asarray([one is None or not str(one).strip() for one in found]), name)
    return found


def _refuse_empty(table: Table, empty: NDArray[np.bool_], name: str = "values") -> None:
    if empty.any():
        row = int(np.argmax(empty))
        raise TableError(f"{name}: {table.where(row)} is empty, and {int(empty.sum())} in all; fill or leave out")


def _parts(table: Table, config: ClassificationConfig) -> list[str] | None:
    if not config.split:
        return None
    parts = [str(part).strip().lower() for part in _column(table, config.split, "split")]
    for row, part in enumerate(parts):
        if part not in PARTS:
            raise TableError(f"{config.split}: {table.where(row)}: expected train, validation or test, got {part!r}")
    return parts
