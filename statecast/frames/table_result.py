"""What came of the series of a table, and as a frame like the one that was read."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from statecast.frames.reading import TableItems
from statecast.uncertainty.interval_levels import name_intervals

_MOST_NOTES = 5
"""Notes that a warning shows."""


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
            All of one length; times are instants, or steps counted from the first of the series.
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
        How the table was read, and what else should be known.
    items : TableItems
        What was read.
    """

    results: dict[str | None, R]
    notes: tuple[str, ...]
    items: TableItems

    @property
    def forecasts(self) -> dict[str | None, R]:
        """The results, where they are forecasts."""
        return self.results

    @classmethod
    def of(cls, items: TableItems, results: Sequence[R], notes: Sequence[Sequence[str]]) -> "TableResult[R]":
        """Put results together.

        Parameters
        ----------
        items : TableItems
            What was read.
        results : sequence
            One per series.
        notes : sequence of sequence of str
            What should be known of each.

        Returns
        -------
        TableResult
            With notes that name their items.
        """
        every = [detail for _, detail in items.series.notes]
        for item, own in zip(items.names, notes, strict=True):
            every += [one if item is None else f"item {item!r}: {one}" for one in own]
        return cls(dict(zip(items.names, results, strict=True)), tuple(every), items)

    def like(self, level: float | Sequence[float] | None = None) -> Any:
        """Lay them out one below the other, as a frame like the one that was read; the notes become a warning.

        Parameters
        ----------
        level : float, sequence of float or None
            Percents of the intervals that were requested: their ends are called ``lo-80`` and ``hi-80``.

        Returns
        -------
        Any
            A frame of the same library; these results where it was a file.
        """
        if self.items.native is None:
            return self
        from statecast.frames.shape import FrameShape

        if self.notes:
            more = f"; and {len(self.notes) - _MOST_NOTES} more" if len(self.notes) > _MOST_NOTES else ""
            warnings.warn("; ".join(self.notes[:_MOST_NOTES]) + more, UserWarning, stacklevel=4)
        series = self.items.series
        timestamp = series.layout.timestamp or "timestamp"
        parts = [name_intervals(one.columns(timestamp), level) for one in self.results.values()]
        times = (timestamp, "cutoff")
        if isinstance(series.times, np.ndarray):  # steps that the table counts itself
            for part, rows in zip(parts, self.items.rows, strict=True):
                part |= {name: part[name] + series.times[rows[0]] for name in times if name in part}
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return FrameShape.of(self.items.native, series).fill([len(part[timestamp]) for part in parts], columns, times)
