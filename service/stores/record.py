"""What is kept of a session beside its state: enough to tell a retry from news, and to score its forecasts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from service.stores.states.anchor import Anchor

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Scores = Mapping[str, NDArray[np.float64]]
"""Sums of accuracy metrics over the observations that met an earlier forecast, by the metric's name."""


@dataclass(frozen=True)
class PendingForecast:
    """The forecast that a session gave last, kept to be scored with what arrives.

    Parameters
    ----------
    start : int
        Time index of its first step.
    quantiles : array of float64, ``[V, F, 3]``
        Low, median and high, in the target's unit.
    scale : array of float64, ``[V]``
        Seasonal error when it was issued, the unit of MASE; NaN where it was unknown.
    """

    start: int
    quantiles: Doubles
    scale: Doubles


@dataclass(frozen=True)
class Request:
    """The last request that was applied, by which a retry of it is known.

    Parameters
    ----------
    begin : int
        Time index of its first step.
    end : int
        Time index of its last step.
    crc : int
        CRC-32 of its values on the regular grid, then of those of lower frequencies.
    """

    begin: int
    end: int
    crc: int


@dataclass(frozen=True, eq=False)
class Record:
    """One session, without its state.

    Parameters
    ----------
    key : str
        Hash of owner and id.
    model : str
        Digest of the artifact.
    model_name : str
        ``name@version``.
    freq : str or None
        Canonical frequency that later requests must agree with; None without times.
    offset : int
        Place of each time within its step, see ``Frequency.place``.
    variables : tuple of str
        Names of the V variables.
    static : array of float32, ``[S]``
        Encoded static covariates.
    interval : float
        Nominal coverage of the scored interval.
    first_index, last_index : int
        Time index of the first observation, and of the last one.
    count : int
        Observations applied, missing ones included, steps that a gap left out not.
    tail : array of float64, ``[V, K]``
        Last values as they were given, NaN where missing, K up to the model's look-back.
    checksum : int
        CRC-32 of the values before the tail, time-major.
    created_at : float
        Seconds since 1970. Stores keep this float64 to the bit, because a journal tells the lives of a key apart by it.
    last_used, expires_at : float
        Seconds since 1970.
    state_bytes : int
        Length of the state.
    digest : str
        ``sha256:…`` of the state.
    request : Request or None
        The last request that was applied.
    issued : PendingForecast or None
        The forecast to score.
    scores : mapping of str to array
        Sums of accuracy metrics.
    dropped : bool
        Whether the session expired and its state is gone; only this tombstone is left.
    kind : str
        Of the model. The session of a ``generator`` or a ``classifier`` counts what it has read, and has neither tail
        nor forecasts.
    given_tail : array of float64, ``[V, G, K]``
        Values of G lower frequencies that were read with the steps of the tail.
    season : int or None
        Steps per season with which the session began, where the model is a ``family``.
    zone : str
        Whose days its steps are and in which its times are written, see ``statecast.time.zones``.
    single_until : int or None
        Time index up to which an earlier release read the session, which kept its values in float32 only; None where
        all are kept as they came.
    level : tuple of float
        What the network counts the values of each variable from, see ``statecast.inputs.level``; NaN where a variable
        was never observed. Sessions that an earlier release opened have 0.
    below_zero : tuple of bool
        Whether a value of each variable was ever below 0, or might have been.
    owner : str
        Whose it is, see ``key_of``.
    name : str
        Its id; "" where an earlier release opened the session, until it is next used.
    anchor : Anchor or None
        What it can be read again from.
    covariates : str
        Those that a family's member reads, see ``service.sessions.updates.covariates``.
    """

    key: str
    model: str
    model_name: str
    freq: str | None
    offset: int
    variables: tuple[str, ...]
    static: Floats
    interval: float
    first_index: int
    last_index: int
    count: int
    tail: Doubles
    checksum: int
    created_at: float
    last_used: float
    expires_at: float
    state_bytes: int = 0
    digest: str = ""
    request: Request | None = None
    issued: PendingForecast | None = None
    scores: Scores = field(default_factory=dict)
    dropped: bool = False
    kind: str = "forecaster"
    given_tail: Doubles = field(default_factory=lambda: np.zeros((0, 0, 0)))
    season: int | None = None
    zone: str = ""
    single_until: int | None = None
    level: tuple[float, ...] = (0.0,)
    below_zero: tuple[bool, ...] = (True,)
    owner: str = ""
    name: str = ""
    anchor: Anchor | None = None
    covariates: str = ""

    @classmethod
    def of_state(
        cls, key: str, model: str, model_name: str, kind: str, now: float, *, owner: str, name: str
    ) -> "Record":
        """Give the record of a session that keeps a state alone, as that of a text does; it has read nothing yet.

        Parameters
        ----------
        key : str
            Hash of owner and id.
        model : str
            Digest of the artifact.
        model_name : str
            ``name@version``.
        kind : str
            Of the model.
        now : float
            Seconds since 1970.
        owner : str
            Whose it is.
        name : str
            Its id.

        Returns
        -------
        Record
            Its life ends now, see ``used``.
        """
        return cls(
            key=key, model=model, model_name=model_name, freq=None, offset=0, variables=("",),
            static=np.zeros(0, dtype=np.float32), interval=0.0, first_index=0, last_index=-1, count=0,
            tail=np.zeros((1, 0)), checksum=0, created_at=now, last_used=now, expires_at=now, kind=kind,
            owner=owner, name=name,
        )  # fmt: skip

    @property
    def tail_begin(self) -> int:
        """Time index of the tail's first value."""
        return self.last_index - int(self.tail.shape[1]) + 1

    def as_told_apart(self, values: Doubles) -> Doubles | Floats:
        """Give values in the precision of the session's checksum.

        Parameters
        ----------
        values : array of float64, ``[V, T]``
            Steps of it.

        Returns
        -------
        array, ``[V, T]``
            The same; in float32 where an earlier release opened the session.
        """
        return values if self.single_until is None else values.astype(np.float32)

    def rounded(self, time_index: int) -> bool:
        """Whether the value of a step was kept in float32 only.

        Parameters
        ----------
        time_index : int
            Of the step.
        """
        return self.single_until is not None and time_index <= self.single_until

    def named(self, owner: str, name: str) -> "Record":
        """Give the same session with its name, which one that an earlier release opened has not.

        Parameters
        ----------
        owner : str
            Whose it is.
        name : str
            Its id.

        Returns
        -------
        Record
            The same value where it has one.
        """
        return self if self.name else replace(self, owner=owner, name=name)

    def used(self, now: float, ttl: float) -> "Record":
        """Give the same session, its life renewed.

        Parameters
        ----------
        now : float
            Seconds since 1970.
        ttl : float
            Seconds without use after which it expires.

        Returns
        -------
        Record
            A new value.
        """
        return replace(self, last_used=now, expires_at=max(self.expires_at, now + ttl))
