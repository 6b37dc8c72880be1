"""Recurrent cells by name: a new one is one file in this package, named after the cell.

One from elsewhere registers itself when it is imported, or comes by an entry point of ``statecast.cells``.
"""

from typing import TypeVar

from statecast.layers.cells.cell import Cell
from statecast.registry import Registry

C = TypeVar("C", bound=type[Cell])

cells: Registry[type[Cell]] = Registry("cell", "statecast.layers.cells", "statecast.cells")


def register(cell: C) -> C:
    """Register a cell under its ``name``.

    Parameters
    ----------
    cell : subclass of Cell
        The class; this function decorates it.

    Returns
    -------
    subclass of Cell
        The class itself.

    Raises
    ------
    ValueError
        If the name is taken by another class.
    """
    cells.register(cell.name)(cell)
    return cell


def get(name: str) -> Cell:
    """Return a cell by name.

    Parameters
    ----------
    name : str
        Name of the cell, which is that of its file.

    Returns
    -------
    Cell
        An instance.

    Raises
    ------
    UnknownNameError
        If there is none of that name. It lists those that there are.

    Examples
    --------
    >>> get("gru").gates
    3
    """
    return cells[name]()


def names() -> tuple[str, ...]:
    """Names of all cells, in alphabetical order.

    Examples
    --------
    >>> names()
    ('gru', 'lstm', 'peephole', 'rnn', 'slstm')
    """
    return cells.names()
