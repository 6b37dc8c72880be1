"""A plain series that can be read, and what its reply says beside the numbers."""

from collections.abc import Callable
from dataclasses import dataclass

from service.engine import History
from service.models.model import Model
from service.protocols.forecast.histories.body import PlainSeries


@dataclass(eq=False, slots=True)
class Placed:
    """A series on its time axis.

    Parameters
    ----------
    history : History
        What the network reads.
    item_id : str or None
        As the client wrote it.
    start : str or None
        When the forecast begins; None without times.
    freq : str or None
        Canonical; None without times.
    season : int or None
        Of the family's member that reads it; None for a model with a season of its own.
    warnings : list of (str, str)
        Code and detail of each.
    """

    history: History
    item_id: str | None
    start: str | None
    freq: str | None
    season: int | None
    warnings: list[tuple[str, str]]


PlaceSeries = Callable[[PlainSeries, Model, int], Placed | None]
"""Places a series on its time axis and chooses its network, for a model and the steps ahead that are wanted; None where
the general way is to say what is wrong, if anything is."""
