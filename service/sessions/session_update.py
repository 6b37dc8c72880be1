"""What a session will become."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.sessions.live_metrics import Observed, completed
from service.sessions.recent_surprise import with_surprises
from service.sessions.series_input import Doubles, Floats
from service.stores.interface import Record, Request, Scores
from service.stores.states.anchor import Anchor
from statecast.uncertainty.surprise import interval_surprise


@dataclass(frozen=True, eq=False)
class SessionUpdate:
    """What a session will become.

    Parameters
    ----------
    time_index : int
        Absolute index of the step before the first new one.
    values : array of float64, ``[V, T]``
        New steps as they were given, gaps between them included, NaN where missing.
    target : array of float64, ``[V, T]``
        What the network reads: ``values`` after imputation.
    past : array of float32, ``[T, Cp]``
        Encoded covariates of the same steps that are known up to now, zeros in gaps.
    known : array of float32, ``[T, Cf]``
        Encoded covariates of the same steps that are known ahead, zeros in gaps.
    mixed_frequency : array of float64, ``[V, G, T]``
        Values of G series of lower frequency, each with the last step of its bucket.
    coarse_history : array of float64, ``[V, G, K]``
        Their K values before these steps.
    applied : int
        Steps of the request that are new.
    duplicates : int
        Steps of the request that the session had already.
    gap : int
        Steps that nobody gave.
    first_index : int
        Time index of the session's first observation; from here on as the record will have it.
    tail : array of float64, ``[V, L]``
        Last values as they were given.
    given_tail : array of float64, ``[V, G, L]``
        Values of lower frequency that were read with the steps of the tail.
    checksum : int
        CRC-32 of the values before the tail.
    request : Request or None
        By which a retry is known.
    zone : str
        Whose days the steps are.
    sparse : str
        Words for a warning where most of the new steps are missing.
    level : tuple of float
        What the network counts each variable from, see ``Record``.
    below_zero : tuple of bool
        Whether a value of each variable was ever below 0.
    given : array of bool, ``[T - replayed]``, or None
        Steps that somebody gave; None for all.
    replayed : int
        The first so many of the T steps are read again.
    corrected : int
        Steps in ``applied`` that the session had counted already, with another value.
    fresh : bool
        Whether the network begins with the empty state.
    origin : Anchor or None
        Where it goes on from instead of the session's last state, None otherwise.
    anchor : Anchor or None
        What the session can be read again from afterwards, None where nothing is kept for that.
    mark : int or None
        The state after so many of the T steps is that of ``anchor``, which has none yet; None where it has.
    """

    time_index: int
    values: Doubles
    target: Doubles
    past: Floats
    known: Floats
    mixed_frequency: Doubles
    coarse_history: Doubles
    applied: int
    duplicates: int
    gap: int
    first_index: int
    tail: Doubles
    given_tail: Doubles
    checksum: int
    request: Request | None
    zone: str = ""
    sparse: str = ""
    level: tuple[float, ...] = (0.0,)
    below_zero: tuple[bool, ...] = (True,)
    given: NDArray[np.bool_] | None = None
    replayed: int = 0
    corrected: int = 0
    fresh: bool = False
    origin: Anchor | None = None
    anchor: Anchor | None = None
    mark: int | None = None

    @property
    def last_index(self) -> int:
        """Time index of the last step that the network will have read."""
        return self.time_index + int(self.target.shape[1])

    def observed(self, record: Record) -> Observed:
        """Give what the new observations are scored with.

        Parameters
        ----------
        record : Record
            The session as it stood before them.

        Returns
        -------
        Observed
            Its pending forecast and the new values.
        """
        values, start = self.values[:, self.replayed :], self.time_index + 1 + self.replayed
        return Observed(completed(record.scores), record.issued, values, start, record.interval)

    def surprise(self, record: Record, exponents: tuple[float, float]) -> Doubles:
        """Give how surprising the request's values are under the forecast that was made for them last.

        Parameters
        ----------
        record : Record
            The session as it stood before them.
        exponents : tuple of float
            Of the tails of the model's forecasts.

        Returns
        -------
        array of float64, ``[V, N]``
            One per step of the request, those that the session had or was to have had first; NaN for these, for missing
            values, where no forecast was made, and of a young series. See ``interval_surprise``.
        """
        found = self._surprises(record, exponents)
        if self.given is not None:
            found = found[:, self.given]
        before = self.applied + self.duplicates - found.shape[1]
        return np.concatenate([np.full((len(found), before), np.nan), found], axis=1)

    def _surprises(self, record: Record, exponents: tuple[float, float]) -> Doubles:
        """Those of all new steps."""
        observed = self.observed(record)
        found: Doubles = np.full(observed.values.shape, np.nan)
        pending, steps, skip = observed.pending, observed.steps, observed.skip
        if pending is not None and steps:
            known = pending.quantiles[:, skip : skip + steps]
            values, scale = observed.values[:, :steps], pending.scale[:, None]
            found[:, :steps] = interval_surprise(known, values, record.interval, exponents, scale)
        return found

    def advance(
        self, record: Record, scores: Scores, exponents: tuple[float, float], now: float, expires_at: float
    ) -> Record:
        """Give the record as it will stand, but for the state and the newly issued forecast.

        Parameters
        ----------
        record : Record
            The session as it stands.
        scores : mapping of str to array
            What ``live_metrics.score`` makes of its scores.
        exponents : tuple of float
            Of the tails of the model's forecasts.
        now : float
            When it was used, in seconds since 1970.
        expires_at : float
            When its life ends now, in seconds since 1970; never earlier than it did.

        Returns
        -------
        Record
            A new value.
        """
        return replace(
            record,
            last_used=now,
            expires_at=max(record.expires_at, expires_at),
            scores=with_surprises(scores, self._surprises(record, exponents), self.time_index + 1 + self.replayed),
            first_index=self.first_index,
            last_index=self.last_index,
            count=record.count + self.applied - self.corrected,
            tail=self.tail,
            given_tail=self.given_tail,
            checksum=self.checksum,
            request=self.request,
            zone=self.zone,
            level=self.level,
            below_zero=self.below_zero,
            anchor=self.anchor,
        )
