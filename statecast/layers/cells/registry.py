"""Recurrent cells by name: a new one is one file in this package, named after the cell.

One from elsewhere registers itself when it is imported, or comes by an entry point of ``statecast.cells``.

>>> get("gru").gates
3
"""

from statecast.layers.cells.cell import Cell
from statecast.registry import ClassRegistry

cells: ClassRegistry[Cell] = ClassRegistry("cell", "statecast.layers.cells", "statecast.cells")
register, get, names = cells.add, cells.new, cells.names
