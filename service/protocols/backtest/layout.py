"""How series lie in a reply: blocks of a table, times as texts, an object where there are several variables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from service.codecs.table_writer import TableRows
from service.errors import ServiceError
from service.protocols.forecast.series import SeriesRequest
from statecast.time.axis import TimeAxis


def blocks_of(
    pairs: Sequence[tuple[SeriesRequest, Any]],
    each: Sequence[int],
    steps: Any,
    columns: Mapping[str, Any],
    cutoffs: Any = None,
    *,
    apart: bool = True,
) -> TableRows:
    """Lay series out as blocks of a table, a row for each that failed.

    Parameters
    ----------
    pairs : sequence of (SeriesRequest, Hindcast or ServiceError)
        The series and what came of them.
    each : sequence of int
        Rows per block of each series.
    steps : array of int64
        Step index of each row.
    columns : mapping of str to array
        Numbers of each row.
    cutoffs : array of int64, optional
        Step index of each row's cut-off.
    apart : bool
        Whether each variable has a block of its own.

    Returns
    -------
    TableRows
        In the order of the request.
    """
    blocks: list[tuple[str | None, str | None, Any, int]] = []
    for (series, one), rows in zip(pairs, each, strict=True):
        if isinstance(one, ServiceError):
            blocks.append((series.item_id, None, one, 1))
        else:
            names = one.series.variables if apart else ("",)
            blocks += [(series.item_id, name, one, rows) for name in names]
    return TableRows(
        item_ids=[item for item, *_ in blocks],
        variables=[name for _, name, *_ in blocks],
        errors=[f"{one.code}: {one.detail}" if isinstance(one, ServiceError) else None for *_, one, _ in blocks],
        axes=[None if isinstance(one, ServiceError) else one.series.axis for *_, one, _ in blocks],
        lengths=np.array([rows for *_, rows in blocks]),
        steps=steps,
        numbers=columns,
        cutoffs=cutoffs,
    )


def times_of(axis: TimeAxis | None, steps: Any) -> list[Any]:
    """Write steps as times, or as their indices where there are none.

    Parameters
    ----------
    axis : TimeAxis or None
        Of the series.
    steps : array of int64
        Absolute indices.
    """
    return steps.tolist() if axis is None else axis.texts(steps)


def by_variable(own: tuple[str, ...], values: Any) -> Any:
    """Give one list per variable the shape of the target.

    Parameters
    ----------
    own : tuple of str
        Names of the variables.
    values : array, ``[V, ...]``
        One list each.
    """
    return values[0] if own == ("",) else dict(zip(own, values, strict=True))


def column(values: Any) -> pa.Array:
    """Make a column of numbers, null where they are missing.

    Parameters
    ----------
    values : array of float64, ``[N]``
        NaN where missing.
    """
    return pa.array(np.ascontiguousarray(values), from_pandas=True)
