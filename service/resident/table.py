"""Arrays of one model's resident sessions, one row per session: what a streamed observation reads and changes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.resident.axis import SessionAxis
from service.resident.network import ResidentNetwork
from service.resident.pending import PendingForecasts
from service.resident.step import SessionStep
from service.resident.tails import Tails
from service.scheduling.job import Lease
from service.sessions.regular_series import checksum_of
from service.stores.digest import bytes_of, extend_many, text_of
from service.stores.record import Record, Request
from statecast.config import ForecasterConfig

_axis = SessionAxis.of
_UNBOUNDED = np.iinfo(np.int64).max


class SessionTable:
    """Sessions of one network that can be streamed: one variable, no covariates of the user's, no lower frequencies.

    Arrays have their full length from the beginning, because memory that nobody has written to takes none: so nothing
    moves while the loop takes sessions in and the engine's thread steps others. A row belongs to whoever has its
    session's turn.

    Parameters
    ----------
    network : ResidentNetwork
        Whose sessions they are.
    capacity : int
        Sessions at most, N.
    metrics : tuple of str
        Accuracy metrics of new sessions beside the usual ones.

    Attributes
    ----------
    rows : dict of str to int
        By the session's key.
    keys, opened, axis : array of object, ``[N]``
        Key, the record that the session was loaded from, of which what never changes is read, and ``SessionAxis``.
    slot, spare, generation : array of int64, ``[N]``
        Of its lease, and the slot that its next state is written to while an observation is at work.
    first_index, last_index, count : array of int64, ``[N]``
        As a ``Record`` has them.
    digest : array of uint8, ``[N, 32]``
        See ``service.stores.digest``.
    birth, last_used, expires_at : array of float64, ``[N]``
        As a ``Record`` has them; a row of no session never expires.
    stored_until, put_until : array of float64, ``[N]``
        End of its life as the store has it, and as the snapshot that is being written has it.
    reach : array of int64, ``[N]``
        Last time index of which the session can still be read again from its anchor, a very large one without.
    level : array of float64, ``[N]``
        What the network counts values from, see ``Record.level``.
    below_zero, folded : array of bool, ``[N]``
        Whether one ever was below 0, or might have been; whether this process has put the session whole by now.
    tails, pending : Tails, PendingForecasts
        Last values; last forecasts and scores.
    """

    def __init__(self, network: ResidentNetwork, capacity: int, metrics: Sequence[str] = ()) -> None:
        self.key, self.config = network.key, network.config
        self.rows: dict[str, int] = {}
        self._free = list(range(capacity - 1, -1, -1))
        self.keys, self.opened, self.axis = (np.full(capacity, None, dtype=object) for _ in range(3))
        self.slot, self.spare, self.generation = np.zeros((3, capacity), dtype=np.int64)
        self.first_index, self.last_index, self.count, self.reach = np.zeros((4, capacity), dtype=np.int64)
        self.digest = np.zeros((capacity, 32), dtype=np.uint8)
        self.birth, self.last_used, self.put_until, self.level = np.zeros((4, capacity))
        self.below_zero, self.folded = np.zeros((2, capacity), dtype=np.bool_)
        self.expires_at, self.stored_until = np.full((2, capacity), np.inf)
        self.tails = Tails(capacity, network.config.lookback_length)
        self.pending = PendingForecasts(network, capacity, metrics)

    @staticmethod
    def covers(config: ForecasterConfig) -> bool:
        """Whether sessions of a network can be streamed.

        Parameters
        ----------
        config : ForecasterConfig
            Its shape.
        """
        return not (config.past_width or config.user_known_width or config.mixed_frequency)

    def load(self, record: Record, lease: Lease) -> int | None:
        """Take in a session.

        Parameters
        ----------
        record : Record
            As the store holds it.
        lease : Lease
            Its slot, idle.

        Returns
        -------
        int or None
            Its row; None where it is of a kind that is not streamed.
        """
        if (
            record.variables != ("",)
            or not self.pending.covers(record)
            or not 0 < record.tail.shape[1] <= self.tails.kept
            or record.dropped
            or not record.digest
            or not self._free
        ):
            return None
        row = self._free.pop()
        self.keys[row], self.opened[row], self.axis[row] = record.key, record, _axis(record)
        self.slot[row], self.generation[row] = lease.slots[0], lease.generation
        self.first_index[row], self.last_index[row] = record.first_index, record.last_index
        self.count[row] = record.count
        self.reach[row] = _UNBOUNDED if record.anchor is None else record.anchor.last_index + self.tails.kept
        self.digest[row] = np.frombuffer(bytes_of(record.digest), dtype=np.uint8)
        self.birth[row], self.last_used[row] = record.created_at, record.last_used
        self.expires_at[row] = self.stored_until[row] = self.put_until[row] = record.expires_at
        self.level[row], self.below_zero[row], self.folded[row] = record.level[0], record.below_zero[0], False
        self.tails.load(row, record)
        self.pending.load(row, record)
        self.rows[record.key] = row
        return row

    def lease(self, row: int) -> Lease:
        """Give the right to the row of state of a session that is not at work.

        Parameters
        ----------
        row : int
            Of the session.

        Returns
        -------
        Lease
            Of one slot.
        """
        return Lease(self.keys[row], (int(self.slot[row]),), int(self.generation[row]))

    def record(self, row: int) -> Record:
        """Give a session as a value.

        Parameters
        ----------
        row : int
            Of the session.

        Returns
        -------
        Record
            What the general path reads and the store keeps.
        """
        opened: Record = self.opened[row]
        last = int(self.last_index[row])
        tail = self.tails.of(row, last).astype(opened.tail.dtype)
        none_given = np.full((1, 0, tail.shape[1]), np.nan, dtype=opened.given_tail.dtype)
        same = last == opened.last_index
        return replace(
            opened,
            last_index=last,
            count=int(self.count[row]),
            tail=tail,
            given_tail=opened.given_tail if same else none_given,
            checksum=int(self.tails.checksum[row]),
            last_used=float(self.last_used[row]),
            expires_at=float(self.expires_at[row]),
            digest=text_of(self.digest[row].tobytes()),
            request=opened.request if same else Request(last, last, checksum_of(tail[:, -1:])),
            issued=self.pending.issued(row),
            scores=self.pending.scores(row),
            below_zero=(bool(self.below_zero[row]),),
        )

    def drop(self, key: str) -> None:
        """Forget a session; the store, or whoever asked for its record before, knows it.

        Parameters
        ----------
        key : str
            Of the session; one that is not here is none.
        """
        row = self.rows.pop(key, None)
        if row is not None:
            self.keys[row] = self.opened[row] = self.axis[row] = None
            self.expires_at[row] = self.stored_until[row] = np.inf
            self._free.append(row)

    def ahead(
        self,
        rows: NDArray[np.int64],
        values: NDArray[np.float64],
        used: float | NDArray[np.float64],
        expires_at: float | NDArray[np.float64],
    ) -> SessionStep:
        """Say what one more observation makes of sessions; nothing has changed yet.

        Parameters
        ----------
        rows : array of int64, ``[B]``
            Of the sessions.
        values : array of float64, ``[B]``
            The observations.
        used : float, or array of float64 ``[B]``
            When, in seconds since 1970.
        expires_at : float, or array of float64 ``[B]``
            When their lives end from now on, if they do not end later anyway.

        Returns
        -------
        SessionStep
            Of all.
        """
        index, tails = self.last_index[rows] + 1, self.tails
        return SessionStep(
            rows=rows,
            values=values,
            index=index,
            count=self.count[rows] + 1,
            digest=extend_many(self.digest[rows], index, values),
            alike=np.where(values == tails.last[rows], tails.alike[rows] + 1, 1),
            tail_length=np.minimum(tails.length[rows] + 1, tails.kept),
            below_zero=self.below_zero[rows] | (values < 0),
            used=np.full(len(rows), used),
            expires_at=np.maximum(self.expires_at[rows], expires_at),
        )

    def apply(
        self, step: SessionStep, quantiles: NDArray[np.float64], seasonal_error: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Count one observation of each session, score the forecast before it, and keep the one that followed.

        Parameters
        ----------
        step : SessionStep
            Of B sessions.
        quantiles : array of float64, ``[B, F, Q]``
            The forecasts, at the network's levels.
        seasonal_error : array of float64, ``[B]``
            Their unit of MASE.

        Returns
        -------
        array of float64, ``[B]``
            See ``PendingForecasts.score``.
        """
        rows = step.rows
        surprise = self.pending.score(step)
        self.pending.keep(step, quantiles, seasonal_error)
        self.tails.append(step)
        self.below_zero[rows] = step.below_zero
        self.last_index[rows], self.count[rows], self.digest[rows] = step.index, step.count, step.digest
        self.last_used[rows], self.expires_at[rows] = step.used, step.expires_at
        return surprise
