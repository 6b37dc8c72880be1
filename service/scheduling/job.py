"""What travels from a route to the engine and back: arrays and whole numbers, no text, no tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

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
class Coarse:
    """What came of one given coarse resolution: ``values`` ``[V, N]`` of the buckets from number ``first`` on."""

    first: int
    values: Floats


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
class Result:
    """A job's forecast in the target's unit, over its full horizon F and the trained levels Q; attention over the own.

    quantiles: ``[V, F, Q]``, ascending in Q.  mean: ``[V, F]``.  baseline: ``[V, F]`` seasonal naive.
    seasonal_error: ``[V]``, mean absolute change over one season so far, the scale of MASE; NaN while unknown.
    attention: name of an attention -> ``[V, segments, entries]``.  shares: of those that are the same for all segments,
    ``time`` and ``features``, entry -> ``[V]``; empty where a model has none.  queue_ms, compute_ms: time spent.
    """

    quantiles: NDArray[np.float64]
    mean: NDArray[np.float64]
    baseline: NDArray[np.float64]
    seasonal_error: NDArray[np.float64]
    attention: dict[str, Floats] = field(default_factory=dict)
    shares: dict[str, dict[str, Floats]] = field(default_factory=dict)
    queue_ms: float = 0.0
    compute_ms: float = 0.0


@dataclass(frozen=True)
class SeriesInput:
    """One series of a request, decoded and checked against the model's inputs, not yet against its session.

    variables: names of the V targets, ``("",)`` for a univariate one.  target: ``[V, T]``, NaN where missing.
    freq: canonical text, or None without times.  clocks: ``[T]`` absolute step indices, strictly ascending, gaps
    allowed; None where the request gives neither times nor ``from_index``: the values come next.
    offset: seconds that each instant lies after its step's start.
    past: ``[T, Cp]``, known: ``[T, Cf]``, future: ``[F, Cf]``, static: ``[S]``: encoded covariates without calendar.
    given: of coarse resolutions by the model's name.
    missing: ``mask``, ``ffill``, ``linear`` or ``error``.  session, owner: the session's id and whose it is, if any.
    horizon: steps ahead that are wanted; 0 for the network's own.
    season: steps a season with which a series begins, None for a model that has its own.  named: whether the request
    says so itself; a session that began with another one then refuses it.
    """

    target: Floats
    past: Floats
    known: Floats
    future: Floats
    static: Floats
    variables: tuple[str, ...] = ("",)
    freq: str | None = None
    clocks: NDArray[np.int64] | None = None
    offset: int = 0
    missing: str = "mask"
    session: str | None = None
    owner: str = ""
    deadline: float | None = None
    given: Mapping[str, Coarse] = field(default_factory=dict)
    horizon: int = 0
    season: int | None = None
    named: bool = False


@dataclass(frozen=True)
class Answer:
    """A series' forecast. start: clock of the first forecast step.  session: the ``session`` object of API.md, or None.

    freq, offset: the grid that ``start`` counts on, as in ``SeriesInput``; those of the session where the arrival
    gave no
    times, None without any.  warnings: ``(code, detail)`` pairs.  season: of the family's member that answered.
    """

    result: Result
    start: int
    session: dict[str, object] | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    freq: str | None = None
    offset: int = 0
    season: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a job came to: the forecast, and the session's record as the store holds it now.

    state: of a ``ReadJob``, its V rows after what it read; the engine's, opaque to all others.
    """

    result: Result
    record: Record | None = None
    state: object = None
