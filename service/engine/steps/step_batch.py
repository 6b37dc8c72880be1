"""Streamed observations that are computed and committed together."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.errors import ServiceError
from service.resident.residents import Place
from service.resident.step import SessionStep
from service.resident.table import SessionTable
from service.stores.interface import Append, Put


@dataclass(eq=False, slots=True)
class StepBatch:
    """One observation of each of B sessions of one network, whose turns whoever made this holds.

    Parameters
    ----------
    table : SessionTable or None
        Of the network; None where B is 0.
    rows : array of int64, ``[B]``
        Of the sessions in the table, each once and with a spare slot.
    values : array of float64, ``[B]``
        Their observations.
    horizon : int
        Steps F to forecast.
    known : array of float32, ``[B, 1 + F, Ck]``
        Calendar features of the observation and of the horizon.
    expires_at : float
        When their lives end from now on, in seconds since 1970.
    now : float
        Seconds since 1970.
    of : array of int64, ``[B]``, or None
        Which request each is of; where others write too, the rows of one are kept together or not at all.
    sequence : int
        Number of its entry in the journal.
    snapshots : list of (SessionTable, int)
        Sessions that are put whole on this occasion, as they stand before the step; their turns are held too.
    puts : list of Put
        Sessions that lost their slots and are put whole.
    again : list of Append
        Entries of the journal that are written anew, in place of those before ``trim``.
    trim : int
        Entries of the journal up to this one are in snapshots then.
    step : SessionStep or None
        What becomes of the sessions; None until it has run.
    quantiles : array of float64, ``[B, F, Q]``, or None
        The forecasts, at the network's levels; None until it has run.
    mean : array of float64, ``[B, F]``, or None
        Likewise.
    finite : array of bool, ``[B]``, or None
        Rows that came out as numbers; the others are as they were.
    stale : array of bool, ``[B]``, or None
        Rows that other processes have advanced, or may have: they are to be read from the store anew. None for none.
    surprise : array of float64, ``[B]``, or None
        How surprising the observations are, see ``PendingForecasts.score``; NaN where that is not known, None where
        none counts.
    error : ServiceError or None
        Why nothing was done.
    lost : bool
        Whether rows of state were not in the cache; nothing was done then.
    compute_ms : float
        Milliseconds of computation.
    """

    table: SessionTable | None
    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    horizon: int
    known: NDArray[np.float32]
    expires_at: float
    now: float
    of: NDArray[np.int64] | None = None
    sequence: int = 0
    snapshots: list[Place] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)
    again: list[Append] = field(default_factory=list)
    trim: int = 0
    step: SessionStep | None = None
    quantiles: NDArray[np.float64] | None = None
    mean: NDArray[np.float64] | None = None
    finite: NDArray[np.bool_] | None = None
    stale: NDArray[np.bool_] | None = None
    surprise: NDArray[np.float64] | None = None
    error: ServiceError | None = None
    lost: bool = False
    compute_ms: float = 0.0

    @classmethod
    def empty(cls) -> "StepBatch":
        """Make a batch without observations, for what else is to be written."""
        known = np.zeros((0, 1, 0), dtype=np.float32)
        return cls(None, np.zeros(0, dtype=np.int64), np.zeros(0), 0, known, 0.0, 0.0)

    @property
    def keys(self) -> list[str]:
        """Keys of the sessions."""
        return [] if self.table is None else self.table.keys[self.rows].tolist()

    @property
    def moved(self) -> NDArray[np.bool_] | None:
        """Sessions whose observation counts, ``[B]``; None where none does."""
        if self.error is not None or self.finite is None:
            return None
        return self.finite if self.stale is None else self.finite & ~self.stale
