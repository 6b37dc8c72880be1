"""What a streamed request asks for, however it was written."""

from dataclasses import dataclass
from typing import Any


@dataclass(eq=False, slots=True)
class StreamedBody:
    """One new observation of each of N sessions.

    Parameters
    ----------
    sessions : list of str
        Ids of the sessions, as the client wrote them.
    values : list of float
        The observations.
    starts : list
        Time of each as the body has it; None where it gives none.
    freqs : list
        Likewise.
    indices : list
        Step index of each likewise.
    item_ids : list of (str or None)
        Likewise.
    model : str or None
        As the body names it.
    horizon : int or None
        Likewise.
    levels : tuple of float, or None
        Quantile levels, likewise.
    timeout_ms : int or None
        Likewise.
    """

    sessions: list[str]
    values: list[float]
    starts: list[Any]
    freqs: list[str | None]
    indices: list[Any]
    item_ids: list[str | None]
    model: str | None = None
    horizon: int | None = None
    levels: tuple[float, ...] | None = None
    timeout_ms: int | None = None
