"""Rows of a request whose sessions are of one network."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.resident.residents import Place
from service.resident.table import SessionTable


class RowGroup(NamedTuple):
    """Some rows of a request.

    Parameters
    ----------
    table : SessionTable
        Of the network.
    places : array of int64, ``[N]``
        The rows, counted in the request, ascending.
    rows : array of int64, ``[N]``
        Their sessions in the table.
    """

    table: SessionTable
    places: NDArray[np.int64]
    rows: NDArray[np.int64]


def grouped(found: Sequence[Place]) -> list[RowGroup]:
    """Sort the rows of a request by their networks.

    Parameters
    ----------
    found : sequence of (SessionTable, int)
        Table and row of each session.

    Returns
    -------
    list of RowGroup
        One per network.
    """
    tables, rows = zip(*found, strict=True)
    whole = np.array(rows)
    if tables.count(tables[0]) == len(tables):
        return [RowGroup(tables[0], np.arange(len(whole)), whole)]
    groups = []
    for table in dict.fromkeys(tables):
        places = np.flatnonzero([one is table for one in tables])
        groups.append(RowGroup(table, places, whole[places]))
    return groups
