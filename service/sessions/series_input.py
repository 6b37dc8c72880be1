"""One series of a request as arrays: decoded and checked against its model, not yet against its session."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.regression.target_transform import TargetTransform
from statecast.time.stamps import Stamps
from statecast.uncertainty.bounds import Bounds

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
"""Observations as they came: sessions tell two values apart to the bit."""


@dataclass(frozen=True)
class Coarse:
    """Values of one series of lower frequency that the model reads.

    Parameters
    ----------
    first : int
        Number of the first bucket.
    values : array of float64, ``[V, N]``
        Value of each of N consecutive buckets, NaN where missing.
    """

    first: int
    values: Doubles


@dataclass(frozen=True, eq=False)
class SeriesCovariates:
    """Covariates known ahead, as they came, where the model has none of its own.

    Parameters
    ----------
    history : mapping of str to array, ``[T]``
        Over the target: numbers, NaN where missing, or texts, None where missing. A name may be left out.
    ahead : mapping of str to array, ``[F]``
        Over the horizon; likewise.
    transform : TargetTransform or None
        How a session that begins here reads the target beside them.
    """

    history: Mapping[str, NDArray[Any]]
    ahead: Mapping[str, NDArray[Any]]
    transform: TargetTransform | None = None


@dataclass(frozen=True, eq=False)
class SeriesInput:
    """One series of a request, every array checked against the model's inputs.

    Parameters
    ----------
    target : array of float64, ``[V, T]``
        Observations of V variables, NaN where missing. T may be 0 where a session is forecast again.
    past : array of float32, ``[T, Cp]``
        Encoded covariates that are known up to now.
    known : array of float32, ``[T, Cf]``
        Encoded covariates that are known ahead, over the history.
    future : array of float32, ``[F, Cf]``
        The same over the horizon.
    static : array of float32, ``[S]``
        Encoded covariates of the series as a whole.
    variables : tuple of str
        Names of the V variables, ``("",)`` for a univariate series.
    freq : str or None
        Canonical frequency, None for a series without times.
    time_index : array of int64, ``[T]``, or None
        Absolute step index of each observation, strictly ascending, gaps allowed. None where the request gives neither
        times nor ``from_index``: the observations follow those that the session has.
    offset : int
        Place of each time within its step, see ``Frequency.place``.
    zone : str
        Whose days the steps are and in which times are written, see ``TimeAxis``.
    stamps : Stamps or None
        The times as they came: one per observation, or that of the first alone.
    unclear : str
        Why no frequency is seen in them; then only an open session knows it.
    inferred : bool
        Whether ``freq`` was left out and seen from them; an open session knows better.
    missing : str
        Imputation policy: ``mask``, ``ffill``, ``linear`` or ``error``.
    session : str or None
        Id of the session that the series opens or continues.
    open : bool or None
        Whether the session is to be opened (True) or to be there already (False); None for either.
    on_conflict : str
        ``error``, or ``replay``: late and corrected observations take their place, and all is read again.
    on_model_change : str
        ``error``, or ``reprime``: a new version of the session's model reads what the session keeps.
    match : tuple of str
        Digests of the session of which it must have one, see ``SessionTurn.check_match``.
    receipt : str
        Of a request with an ``Idempotency-Key``, see ``receipt_key``.
    follows : int or None
        Time index of the first observation where ``time_index`` is None and the request was applied before.
    owner : str
        Whose session it is.
    deadline : float or None
        ``time.monotonic()`` after which the work is dropped.
    given : mapping of str to Coarse
        Series of lower frequency, by the model's name of their frequency.
    horizon : int
        Steps ahead that are wanted; 0 for the model's own horizon.
    season : int or None
        Steps per season with which a series begins, None for a model that has a season of its own.
    named : bool
        Whether the request names the season itself. A session that began with another one then refuses it.
    warnings : tuple of (str, str)
        Code and detail of each thing that makes a forecast less than it could be.
    bounds : Bounds or None
        What forecasts are kept inside of; None where the request does not say.
    anomaly_level : float or None
        Nominal coverage, in per cent, of the interval outside of which a value is an anomaly; None to flag nothing.
    covariates : SeriesCovariates or None
        None where the model has its own or none came; see ``with_covariates``, which fills in the rest.
    unknown : array of float32, ``[Cf]``
        What ``known`` holds of a step of which nobody said anything; zeros where it is empty.
    described : str
        What the covariates are, see ``service.sessions.updates.covariates``.
    """

    target: Doubles
    past: Floats
    known: Floats
    future: Floats
    static: Floats
    variables: tuple[str, ...] = ("",)
    freq: str | None = None
    time_index: NDArray[np.int64] | None = None
    offset: int = 0
    zone: str = ""
    stamps: Stamps | None = None
    unclear: str = ""
    inferred: bool = False
    missing: str = "mask"
    session: str | None = None
    open: bool | None = None
    on_conflict: str = "error"
    on_model_change: str = "error"
    match: tuple[str, ...] = ()
    receipt: str = ""
    follows: int | None = None
    owner: str = ""
    deadline: float | None = None
    given: Mapping[str, Coarse] = field(default_factory=dict)
    horizon: int = 0
    season: int | None = None
    named: bool = False
    warnings: tuple[tuple[str, str], ...] = ()
    bounds: Bounds | None = None
    anomaly_level: float | None = None
    covariates: SeriesCovariates | None = None
    unknown: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    described: str = ""

    def again(self, begin: int) -> "SeriesInput":
        """Give the same series as one that its session has read already.

        Parameters
        ----------
        begin : int
            Time index of its first observation.

        Returns
        -------
        SeriesInput
            It is no longer about the state that the session had before.
        """
        return replace(self, open=None, match=(), follows=begin)
