"""One series' work for the engine: arrays and whole numbers, no text, no tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from service.scheduling.forecast_result import ForecastResult
from service.stores.interface import Put, Touch
from statecast.inputs.measured import MeasuredCovariate
from statecast.regression.target_transform import TargetTransform

Floats = NDArray[np.float32]


def member_key(digest: str, season: int | None, regression: str = "") -> str:
    """Name a network to the engine.

    Parameters
    ----------
    digest : str
        Of the artifact.
    season : int or None
        Of a family's member; None for a network of its own.
    regression : str
        What a member reads of covariates, see ``regression_key``; "" for none.

    Returns
    -------
    str
        The digest, of a member with its season after a slash, and with what it reads of covariates after another.

    Examples
    --------
    >>> member_key("sha256:ab", 24), split_key("sha256:ab/24")
    ('sha256:ab/24', ('sha256:ab', 24, ''))
    >>> split_key(member_key("sha256:ab", 24, regression_key("1h", [0, 3], None)))
    ('sha256:ab', 24, '1h/0,3/')
    """
    return "/".join([digest, *([] if season is None else [str(season)]), *([regression] if regression else [])])


def regression_key(freq: str | None, levels: Sequence[int], transform: TargetTransform | None) -> str:
    """Name what a family's member reads of covariates: the same for all series that bring as many of each kind.

    Parameters
    ----------
    freq : str or None
        Of the series; None without times.
    levels : sequence of int
        Of each covariate the levels that it has, 0 for a number.
    transform : TargetTransform or None
        How the target is read beside them.

    Returns
    -------
    str
        "" of none.
    """
    read = "" if transform is None else f"{transform.name} {transform.unit}"
    return f"{freq or ''}/{','.join(map(str, levels))}/{read}" if levels else ""


def read_regression(regression: str) -> tuple[str | None, tuple[MeasuredCovariate, ...], TargetTransform | None]:
    """Read what ``regression_key`` wrote.

    Parameters
    ----------
    regression : str
        Not "".

    Returns
    -------
    str or None
        Freq of the series.
    tuple of MeasuredCovariate
        Numbered; with as many levels as the real ones.
    TargetTransform or None
        How the target is read.
    """
    freq, levels, read = regression.split("/")
    covariates = tuple(
        MeasuredCovariate(str(place), levels=tuple(map(str, range(int(number)))))
        for place, number in enumerate(levels.split(","))
    )
    name, _, unit = read.rpartition(" ")
    return freq or None, covariates, TargetTransform(name, float(unit)) if read else None


def split_key(key: str) -> tuple[str, int | None, str]:
    """Take a key apart again.

    Parameters
    ----------
    key : str
        What ``member_key`` gave.

    Returns
    -------
    str
        Digest of the artifact.
    int or None
        Season of the family's member.
    str
        What it reads of covariates.
    """
    digest, _, member = key.partition("/")
    season, _, regression = member.partition("/")
    return digest, int(season) if season else None, regression


class Lease(NamedTuple):
    """The right to use a session's rows in the state cache now.

    Parameters
    ----------
    key : str
        Name of the session in the store.
    slots : tuple of int
        Its rows, one per variable.
    generation : int
        Keeps a late result out of a reused slot.
    """

    key: str
    slots: tuple[int, ...]
    generation: int


class Writes(Protocol):
    """What a job that advances a session leaves in the store."""

    def write(
        self, result: ForecastResult, rows: slice, state: bytes | None, marked: bytes = b""
    ) -> Put | Touch | None:
        """Give the write, or None where nothing is to be written.

        Parameters
        ----------
        result : ForecastResult
            Forecasts of the job's batch.
        rows : slice
            The job's rows in it.
        state : bytes or None
            The V rows of state after the job; None where it read nothing.
        marked : bytes
            Those at the job's ``mark``, if that lies before its end.

        Returns
        -------
        Put, Touch or None
            To the store.
        """


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """One series to read on and to forecast.

    Parameters
    ----------
    model : str
        The network, see ``member_key``.
    target : array of float32, ``[V, T]``
        New steps of V variables as deviations from ``level``, NaN where missing; T may be 0.
    past : array of float32, ``[T, Cp]``
        Encoded covariates of the new steps that are known up to now.
    known : array of float32, ``[T, Ck]``
        Encoded covariates of the new steps that are known ahead.
    future : array of float32, ``[F, Ck]``
        The same over the forecast; where it has several horizons, F is ``horizons`` times the network's own.
    static : array of float32, ``[S]``
        Encoded covariates of the series as a whole.
    time_index : int
        Absolute index of the step before the first new one.
    lease : Lease or None
        Rows of the session that the job goes on from, None for a series without one.
    fresh : bool
        Whether the job begins with the empty state instead.
    deadline : float or None
        ``time.monotonic()`` after which the job is dropped unless it has begun to forecast.
    mixed_frequency : array of float32, ``[V, T, G]``, or None
        Values of G series of lower frequency, each with the last step of its bucket.
    coarse_history : array of float32, ``[V, G, K]``, or None
        Their K values before the first new step.
    horizons : int
        Horizons to forecast, one piece of work each.
    any_length : bool
        Whether a piece reads any number of steps. Else it reads powers of two, because a network in torch takes as long
        for one row as for many, and of histories of many lengths few are equally long.
    writes : Writes or None
        What the job leaves in the store, None for one that only reads.
    level : array of float64, ``[V]``, or None
        What is added to forecasts, see ``statecast.inputs.level``; None for zeros.
    origin : bytes
        V rows of state that the job goes on from instead of those of its lease; none where it does not.
    mark : int or None
        Steps after which the rows are kept, too.
    """

    model: str
    target: Floats
    past: Floats
    known: Floats
    future: Floats
    static: Floats
    time_index: int
    lease: Lease | None = None
    fresh: bool = True
    deadline: float | None = None
    mixed_frequency: Floats | None = None
    coarse_history: Floats | None = None
    horizons: int = 1
    any_length: bool = False
    writes: Writes | None = None
    level: NDArray[np.float64] | None = None
    origin: bytes = b""
    mark: int | None = None

    @property
    def rows(self) -> int:
        """Rows that this job takes in a batch: one per variable."""
        return int(self.target.shape[0])
