"""A ``Panel``: many regular series of one freq, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.time.frequency import Frequency, Times

MANY = 50  # items from which on a panel is taken as one of many unlike series, as in the competitions


@dataclass(frozen=True)
class CoarseValues:
    """What a table of a coarser resolution holds of one item."""

    bucket: int
    """Number of the first bucket since 1970-01-01."""
    values: NDArray[np.float64]
    """Values ``[N]`` of consecutive buckets, NaN missing."""


@dataclass(frozen=True)
class Item:
    """One regular series. Row ``i`` stands at the clock ``clock + i``; a missing value is NaN."""

    item_id: str
    """Name of the item."""
    clock: int
    """Absolute step index of row 0."""
    offset: int
    """See ``statecast.time.axis.TimeAxis``, as ``zone``."""
    target: NDArray[np.float64]
    """Values ``[T]``."""
    past: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Raw covariates ``[T]`` known up to now, by name."""
    known: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Raw covariates ``[T]`` known ahead, by name."""
    static: Mapping[str, Any] = field(default_factory=dict)
    """One raw value per covariate of the item, by name."""
    mixed_frequency: Mapping[int, CoarseValues] = field(default_factory=dict)
    """Values of coarse resolutions that have a table of their own, by base steps per bucket."""
    zone: str = ""
    """Time zone of local days and coarser steps."""

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
    """Series that share a freq and the names of their covariates."""

    items: tuple[Item, ...]
    """The series."""
    freq: Frequency | None
    """Distance of two rows; None for counted steps without times."""
    notes: tuple[str, ...] = ()
    """What whoever brought the table should know of how it was read."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """Which column was the ``item_id``, the ``timestamp`` and the ``target``, and whether the table was ``wide``."""

    @property
    def rows(self) -> int:
        """Rows of all items together."""
        return sum(item.target.size for item in self.items)

    def describe(self) -> str:
        """Say in a line what was understood: how many series, their freq, their span, and the share of missing rows."""
        missing = sum(int(np.isnan(item.target[: item.last + 1]).sum()) for item in self.items)
        share = missing / max(sum(item.last + 1 for item in self.items), 1)
        count = f"{len(self.items)} series" if len(self.items) > 1 else "1 series"
        if self.freq is None:
            first, last = (pick(i.clock + step for i in self.items for step in (0, i.last)) for pick in (min, max))
            span = f"steps {first} to {last}"
        else:
            begins = [self.freq.times(np.array([i.clock, i.clock + i.last]), i.offset) for i in self.items]
            first, last = min(times[0] for times in begins), max(times[1] for times in begins)
            span = f"{self.freq} from {_short(first)} to {_short(last)}"
        return f"{count}, {self.rows} rows, {span}, {100 * share:.1f} % missing"

    def bare(self) -> "Panel":
        """Drop covariates and tables of coarser resolutions.

        Returns
        -------
        Panel
            The same targets at the same times.
        """
        return replace(self, items=tuple(Item(i.item_id, i.clock, i.offset, i.target, zone=i.zone) for i in self.items))

    def times(self, item: Item, ahead: int = 0) -> Times | None:
        """Give the times of an item's rows, and of steps after them.

        Parameters
        ----------
        item : Item
            One of the panel's.
        ahead : int
            Steps after the last row.

        Returns
        -------
        Times or None
            ``[T + ahead]`` on the item's axis; None without times.
        """
        if self.freq is None:
            return None
        return self.freq.times(np.arange(item.clock, item.clock + item.target.size + ahead), item.offset)


def _short(time: np.datetime64) -> str:
    return str(time).removesuffix("T00:00:00")
