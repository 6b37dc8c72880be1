"""A ``Panel``: many regular series of one freq, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.time.frequency import Frequency, Times

MANY = 50  # items from which on a panel is taken as one of many unlike series, as in the competitions


@dataclass(frozen=True)
class Given:
    """What a table of a coarser resolution says of one item: values ``[N]`` of buckets ``bucket ...``."""

    bucket: int
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Item:
    """One regular series. Row ``i`` stands at the clock ``clock + i``; a missing value is NaN.

    item_id: its name.  clock: absolute step index of row 0.  offset, zone: see ``statecast.time.axis.TimeAxis``.
    target: float32 ``[T]``.  past, known: raw covariates by name, ``[T]`` each.  static: one raw value a name.
    mixed_frequency: by base steps a bucket, of each coarse resolution that has a table of its own.
    """

    item_id: str
    clock: int
    offset: int
    target: NDArray[np.float32]
    past: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    known: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    static: Mapping[str, Any] = field(default_factory=dict)
    mixed_frequency: Mapping[int, Given] = field(default_factory=dict)
    zone: str = ""

    @property
    def first(self) -> int:
        """Row of the first observed value; the series' life begins there."""
        return int(np.argmax(~np.isnan(self.target)))

    @property
    def last(self) -> int:
        """Row of the last observed value; rows after it only carry covariates known ahead."""
        return int(self.target.size - 1 - np.argmax(~np.isnan(self.target[::-1])))


@dataclass(frozen=True)
class Panel:
    """Series that share a freq (None: counted steps without times) and the names of their covariates.

    notes: what whoever gave the table should know of how it was read.
    """

    items: tuple[Item, ...]
    freq: Frequency | None
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all items together."""
        return sum(item.target.size for item in self.items)

    def bare(self) -> "Panel":
        """The targets alone, without covariates and tables of coarser resolutions."""
        return replace(self, items=tuple(Item(i.item_id, i.clock, i.offset, i.target, zone=i.zone) for i in self.items))

    def times(self, item: Item, ahead: int = 0) -> Times | None:
        """Times of an item's rows and of ``ahead`` steps after them, on its axis, or None without times."""
        if self.freq is None:
            return None
        return self.freq.times(np.arange(item.clock, item.clock + item.target.size + ahead), item.offset)
