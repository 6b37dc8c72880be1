"""Arrays of one model's resident sessions, one row per session: tail, pending forecast, scores."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from service.resident.levels import SessionLevels, doubled
from service.resident.session import ResidentSession, last_alike
from service.scheduling.job import Lease
from service.sessions.live_metrics import Interval, metric_of, new_scores
from service.sessions.regular_series import checksum_of
from service.stores.digest import text_of
from service.stores.record import PendingForecast, Record, Request
from statecast.config import ForecasterConfig
from statecast.metrics import ForecastBatch

FIRST = 64
"""Rows to begin with."""


class SessionTable:
    """Sessions of one network that can be streamed: one variable, no covariates of the user's, no lower frequencies.

    Parameters
    ----------
    key : str
        Of the network, see ``member_key``.
    config : ForecasterConfig
        Its shape.
    metrics : tuple of str
        Accuracy metrics of new sessions beside the usual ones.

    Attributes
    ----------
    sessions : dict of str to ResidentSession
        By the session's key.
    levels : SessionLevels
        What their values are counted from.
    """

    def __init__(self, key: str, config: ForecasterConfig, metrics: Sequence[str] = ()) -> None:
        self.key, self.config = key, config
        self.interval = Interval.of(config.quantile_levels)
        self.sessions: dict[str, ResidentSession] = {}
        self.levels = SessionLevels(FIRST)
        # The loop takes sessions in while the engine's thread steps others, and arrays grow by being replaced.
        self._lock = Lock()
        self._free: list[int] = list(range(FIRST - 1, -1, -1))
        self._tail = np.full((FIRST, config.lookback_length), np.nan)
        self._pending = np.zeros((FIRST, config.horizon, 3))
        self._scale = np.zeros(FIRST)
        self._scores = {name: np.zeros((FIRST, state.size)) for name, state in new_scores(metrics).items()}

    @staticmethod
    def covers(config: ForecasterConfig) -> bool:
        """Whether sessions of a network can be streamed.

        Parameters
        ----------
        config : ForecasterConfig
            Its shape.
        """
        return not (config.past_width or config.user_known_width or config.mixed_frequency)

    def load(self, record: Record, lease: Lease) -> ResidentSession | None:
        """Take in a session.

        Parameters
        ----------
        record : Record
            As the store holds it.
        lease : Lease
            Its slot, idle.

        Returns
        -------
        ResidentSession or None
            None where it is of a kind that is not streamed.
        """
        length, kept = record.tail.shape[1], self._tail.shape[1]
        if (
            record.variables != ("",)
            or tuple(record.scores) != tuple(self._scores)
            or not 0 < length <= kept
            or record.dropped
            or not record.digest
        ):
            return None
        with self._lock:
            place = self._place()
            session = ResidentSession(record, place, lease)
            # Value i of a series lies in column i of the ring, counted around it.
            columns = np.arange(record.last_index - length + 1, record.last_index + 1) % kept
            self._tail[place] = np.nan
            self._tail[place, columns] = np.where(np.isnan(record.tail[0]), np.nan, record.tail[0])
            session.alike, session.last_value = last_alike(record.tail[0])
            session.tail_length = length
            self.levels.load(place, record)
            if record.issued is not None:
                steps = min(record.issued.quantiles.shape[1], self._pending.shape[1])
                self._pending[place, :steps] = record.issued.quantiles[0, :steps]
                self._scale[place] = record.issued.scale[0]
                session.pending_start, session.pending_steps = record.issued.start, steps
            for name, state in record.scores.items():
                self._scores[name][place] = state
        self.sessions[record.key] = session
        return session

    def record(self, session: ResidentSession) -> Record:
        """Give a session as a value.

        Parameters
        ----------
        session : ResidentSession
            Of this table.

        Returns
        -------
        Record
            What the general path reads and the store keeps.
        """
        place, last, length = session.place, session.last_index, session.tail_length
        with self._lock:
            columns = np.arange(last - length + 1, last + 1) % self._tail.shape[1]
            tail = self._tail[place, columns][None].astype(session.opened.tail.dtype)
            issued = None
            if session.pending_steps:
                quantiles = self._pending[None, place, : session.pending_steps].copy()
                issued = PendingForecast(session.pending_start, quantiles, self._scale[place : place + 1].copy())
            scores = {name: states[place].copy() for name, states in self._scores.items()}
        opened = session.opened
        same = last == opened.last_index
        return replace(
            opened,
            last_index=last,
            count=session.count,
            tail=tail,
            given_tail=opened.given_tail if same else np.full((1, 0, length), np.nan, dtype=opened.given_tail.dtype),
            checksum=session.checksum,
            last_used=session.last_used,
            expires_at=session.expires_at,
            digest=text_of(session.digest),
            request=opened.request if same else Request(last, last, checksum_of(tail[:, -1:])),
            issued=issued,
            scores=scores,
            below_zero=(bool(self.levels.below_zero([session])[0]),),
        )

    def drop(self, key: str) -> None:
        """Forget a session; the store, or whoever asked for its record before, knows it.

        Parameters
        ----------
        key : str
            Of the session; one that is not here is none.
        """
        session = self.sessions.pop(key, None)
        if session is not None:
            self._free.append(session.place)

    def score(self, sessions: Sequence[ResidentSession], values: NDArray[np.float64]) -> None:
        """Score the pending forecast of each session with its next observation.

        Parameters
        ----------
        sessions : sequence of ResidentSession
            B of them, not stepped yet.
        values : array of float64, ``[B]``
            The observations.
        """
        ahead = np.array([one.last_index + 1 - one.pending_start for one in sessions])
        met = (ahead >= 0) & (ahead < np.array([one.pending_steps for one in sessions]))
        if not met.any():
            return
        with self._lock:
            places = np.array([one.place for one in sessions])[met]
            quantiles = self._pending[places, ahead[met]][:, None]
            half = self.interval.coverage / 2
            batch = ForecastBatch(
                values[met, None],
                quantiles[..., 1],
                quantiles=quantiles,
                levels=(0.5 - half, 0.5, 0.5 + half),
                seasonal_error=self._scale[places],
            )
            for name, states in self._scores.items():
                metric = metric_of(name)
                if metric is not None:
                    states[places] = metric.update(states[places][:, None], batch)[:, 0]

    def step(
        self,
        sessions: Sequence[ResidentSession],
        values: NDArray[np.float64],
        quantiles: NDArray[np.float64],
        seasonal_error: NDArray[np.float64],
    ) -> None:
        """Count one observation of each session, and keep the forecast that followed it.

        Parameters
        ----------
        sessions : sequence of ResidentSession
            B of them.
        values : array of float64, ``[B]``
            The observations.
        quantiles : array of float64, ``[B, F, Q]``
            The forecasts, at the network's levels.
        seasonal_error : array of float64, ``[B]``
            Their unit of MASE.
        """
        kept = self._tail.shape[1]
        places = np.array([one.place for one in sessions])
        columns = np.array([one.last_index + 1 for one in sessions]) % kept
        with self._lock:
            leaving = self._tail[places, columns]
            self._tail[places, columns] = values
            self.levels.observe(places, values)
            steps = min(quantiles.shape[1], self._pending.shape[1])
            of = self.interval
            self._pending[places, :steps] = quantiles[:, :steps, [of.low, of.median, of.high]]
            self._scale[places] = seasonal_error
        block = leaving.astype("<f8", copy=False).tobytes()
        for place, (session, value) in enumerate(zip(sessions, values.tolist(), strict=True)):
            if session.tail_length < kept:
                session.tail_length += 1
            elif session.opened.single_until is None:
                session.checksum = zlib.crc32(block[8 * place : 8 * place + 8], session.checksum)
            else:
                session.checksum = zlib.crc32(leaving[place].astype("<f4").tobytes(), session.checksum)
            session.step(value, steps)

    def _place(self) -> int:
        if not self._free:
            size = len(self._tail)
            self._tail, self._pending = doubled(self._tail), doubled(self._pending)
            self._scale = doubled(self._scale)
            self.levels.grow()
            self._scores = {name: doubled(states) for name, states in self._scores.items()}
            self._free = list(range(2 * size - 1, size - 1, -1))
        return self._free.pop()
