"""The places of a grid: which series lies where, and which lie beside which."""

from dataclasses import dataclass
from functools import cached_property

from statecast.errors import ConfigError

CENTRE = "target"
UNKNOWN = ""
_AROUND = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0))
NEIGHBOURS = len(_AROUND)


@dataclass(frozen=True)
class SpatialGrid:
    """Rows of names, ``target`` once among them and ``""`` where nothing is known.

    A node is a place with a name. Node 0 is the target, the others follow row by row.

    Parameters
    ----------
    rows : tuple of tuple of str
        Names of past covariates beside ``target``.

    Raises
    ------
    ConfigError
        If rows differ in length, the target is not there once, a name is there twice, or a node has no way of
        neighbours to the target, which it could never reach.

    Examples
    --------
    >>> SpatialGrid((("west", "target", "east"),)).names
    ('west', 'east')
    """

    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        rows = self.rows
        named = all(isinstance(row, tuple) and all(isinstance(name, str) for name in row) for row in rows)
        _expect(named and bool(rows and rows[0]), 'rows of names, such as [["w", "target", "e"]]', rows)
        _expect(len({len(row) for row in rows}) == 1, 'rows of one length; write "" where nothing is known', rows)
        found = [name for row in rows for name in row if name != UNKNOWN]
        count = found.count(CENTRE)
        _expect(count == 1, f'"{CENTRE}" at one place, that of the series itself', f"it {count} times in {rows!r}")
        twice = sorted({name for name in found if found.count(name) > 1})
        _expect(not twice, "each name at one place", f"more of {', '.join(twice)}; leave them out but once")
        apart = [self.names[node - 1] for node in range(1, len(self.around)) if node not in self._linked()]
        _expect(
            not apart,
            "every name to be linked with the target by neighbours",
            f"{', '.join(apart)} apart from it; leave out what it cannot reach",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names at the nodes after the target."""
        return tuple(name for row in self.rows for name in row if name not in (CENTRE, UNKNOWN))

    @cached_property
    def around(self) -> list[list[int]]:
        """Per node, of K, the nodes at its ``NEIGHBOURS`` sides, row by row; K where there is none."""
        places = {name: (y, x) for y, row in enumerate(self.rows) for x, name in enumerate(row) if name != UNKNOWN}
        order = (CENTRE, *self.names)
        nodes = {places[name]: node for node, name in enumerate(order)}
        return [
            [nodes.get((places[name][0] + down, places[name][1] + right), len(order)) for down, right in _AROUND]
            for name in order
        ]

    def _linked(self) -> set[int]:
        linked, queue = {0, len(self.around)}, [0]
        while queue:
            new = set(self.around[queue.pop()]) - linked
            linked |= new
            queue += new
        return linked


def _expect(holds: bool, expected: str, got: object) -> None:
    if not holds:
        raise ConfigError(f"spatial_grid: expected {expected}, got {got}")
