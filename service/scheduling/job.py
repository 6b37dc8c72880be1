"""What travels from a route to the engine and back: arrays and whole numbers, no text, no tensors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.scheduling.forecast_result import ForecastResult
from service.stores.record import Record

Floats = NDArray[np.float32]


def member_key(digest: str, season: int | None) -> str:
    """Name a network to the engine: an artifact's digest; of a family's member with its season after a slash."""
    return digest if season is None else f"{digest}/{season}"


def split_key(key: str) -> tuple[str, int | None]:
    """Give back digest and season."""
    digest, _, season = key.partition("/")
    return digest, int(season) if season else None


@dataclass(frozen=True)
class Lease:
    """The right to advance one session now. ``generation`` keeps a late result out of a reused slot.

    ``slots`` has one entry a variable (V).
    """

    key: str
    slots: tuple[int, ...]
    generation: int


@dataclass(frozen=True)
class Job:
    """One series to advance and forecast: V variables (1 for a univariate target), T new steps, F horizon steps.

    model: the network, see ``member_key``.  target: ``[V, T]``, NaN where missing; T is 0 to ask a session again.
    past: ``[T, Cp]`` and known: ``[T, Ck]`` encoded covariates of the new steps; future: ``[F, Ck]`` of the horizon.
    given: ``[V, T, G]``, earlier: ``[V, G, K]`` of given resolutions, as ``statecast.Observations``; None without any.
    beyond: steps of F past the network's own horizon, over which it rolls on; whole horizons.
    static: ``[S]``.  clock: absolute step index of the step *before* the first new one.
    lease: the session that this advances, or None for a series that is forgotten after the answer.
    fresh: start from the empty state (a new series or session) rather than from the lease's slots.
    deadline: ``time.monotonic()`` after which the work is dropped, or None.
    """

    model: str
    target: Floats
    past: Floats
    known: Floats
    future: Floats
    static: Floats
    clock: int
    lease: Lease | None = None
    fresh: bool = True
    deadline: float | None = None
    given: Floats | None = None
    earlier: Floats | None = None
    beyond: int = 0

    @property
    def rows(self) -> int:
        """Rows that this job takes in a batch: one a variable."""
        return int(self.target.shape[0])


@dataclass(frozen=True)
class ReadJob(Job):
    """A job that keeps nothing, even of its session: its state is handed out, for paths to go on from."""


@dataclass(frozen=True)
class Outcome:
    """What a job came to: its rows of the batch's forecasts, and the session's record as the store holds it now.

    state: of a ``ReadJob``, its V rows after what it read; the engine's, opaque to all others.
    """

    result: ForecastResult
    rows: slice
    record: Record | None = None
    state: object = None
