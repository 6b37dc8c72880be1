"""Streamed observations: one step and one forecast of many sessions, committed together."""

import logging
import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from service.engine.model_pool import ModelPool
from service.engine.step_batch import StepBatch
from service.errors import Loading
from service.metrics import Metrics
from service.resident.session import ResidentSession
from service.scheduling.job import Lease
from service.stores.digest import extend_many
from service.stores.interface import Append, Put, Store, StoreError, Trim, Write
from statecast.inputs.level import deviations
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.slot_network import Cache, SlotNetwork

_log = logging.getLogger(__name__)


class StepRunner:
    """Runs batches of streamed observations. Belongs to the engine's thread.

    Parameters
    ----------
    networks : ModelPool
        All models.
    store : Store
        Where sessions live.
    metrics : Metrics
        Where batches and commits are counted.
    """

    def __init__(self, networks: ModelPool, store: Store, metrics: Metrics) -> None:
        self._networks, self._store, self._metrics = networks, store, metrics

    def run(self, batch: StepBatch) -> None:
        """Advance, forecast, commit, and only then let the sessions know; a failed commit leaves all as it was.

        Parameters
        ----------
        batch : StepBatch
            Its outcome is noted in it.
        """
        began = time.perf_counter()
        if batch.table is None:
            self._commit(batch, self._snapshots(batch))
            return
        loaded = self._networks.of(batch.table.key)
        if not all(loaded.state_cache.holds(session.lease) for session in batch.sessions):
            batch.lost = True
            return
        read = np.array([session.slot for session in batch.sessions])
        write = np.array([session.spare for session in batch.sessions])
        rows = loaded.state_cache.hold(int(max(read.max(), write.max())))
        values = np.array(batch.values)
        found = step_slots(loaded.slots, rows, read, write, values, batch.known, batch.table.levels.of(batch.sessions))
        batch.quantiles, batch.mean, batch.finite = found.quantiles, found.mean, found.finite
        batch.compute_ms = 1e3 * (time.perf_counter() - began)
        sessions, issued = batch.sessions, (found.quantiles, found.seasonal_error)
        if not found.finite.all():
            kept = np.flatnonzero(found.finite)
            sessions, values = [sessions[i] for i in kept], values[kept]
            issued = (found.quantiles[kept], found.seasonal_error[kept])
        stepped = digests(sessions, values) if sessions else []
        if not self._commit(batch, [*self._snapshots(batch), *_appended(batch, sessions, values)]):
            return
        if sessions:
            batch.table.score(sessions, values)
            batch.table.step(sessions, values, *issued)
            for session, digest in zip(sessions, stepped, strict=True):
                session.digest, session.last_used = digest, batch.now
                session.expires_at = max(session.expires_at, batch.expires_at)
            loaded.state_cache.move(sessions)
        self._metrics.batch_rows.observe(len(values))
        self._metrics.batch_seconds.observe(time.perf_counter() - began)

    def generations(self, model: str) -> Sequence[int]:
        """Whose rows lie in the slots of a network's cache; see ``StateCache``. Empty where it is not at hand."""
        loaded = self._networks.find(model)
        return () if loaded is None else loaded.state_cache.generations

    def row_bytes(self, model: str, lease: Lease) -> bytes:
        """Copy a session's rows of state; from any thread, while the session is not at work.

        Parameters
        ----------
        model : str
            Key of the network.
        lease : Lease
            Of the session.

        Returns
        -------
        bytes
            As the store keeps them.
        """
        loaded = self._networks.find(model)
        assert loaded is not None, "a network whose cache holds what the store does not know stays at hand"
        return loaded.state_cache.bytes_of(lease)

    def _snapshots(self, batch: StepBatch) -> list[Write]:
        return [
            *batch.puts,
            *batch.again,
            *(
                Put(table.record(session), self._networks.of(table.key).state_cache.bytes_of(session.lease))
                for table, session in batch.snapshots
            ),
        ]

    def _commit(self, batch: StepBatch, writes: list[Write]) -> bool:
        began = time.perf_counter()
        if batch.trim:
            writes.append(Trim(batch.trim))
        if not writes:
            return True
        try:
            self._store.commit(writes)
        except StoreError as error:
            _log.error("sessions were not written: %s", error)
            batch.error = Loading(
                f"sessions: {error}; nothing was applied, send the request again", code="store_failed"
            )
            return False
        self._metrics.commit_seconds.observe(time.perf_counter() - began)
        return True


def _appended(batch: StepBatch, sessions: Sequence[ResidentSession], values: NDArray[np.float64]) -> Iterator[Append]:
    """Give the batch's entry in the journal; none where no row came out as a number."""
    if sessions:
        yield Append(
            batch.sequence,
            [session.key for session in sessions],
            np.array([session.opened.created_at for session in sessions]),
            np.array([session.last_index + 1 for session in sessions]),
            values[:, None],
            batch.now,
        )


def step_slots(
    network: SlotNetwork,
    cache: Cache,
    read: NDArray[np.int64],
    write: NDArray[np.int64],
    values: NDArray[np.float64],
    known: NDArray[np.float32],
    level: NDArray[np.float64],
) -> ForecastArrays:
    """Advance rows of state by one observation each, and forecast from there.

    Parameters
    ----------
    network : SlotNetwork
        Without covariates of the user's.
    cache : Cache
        Changed in place.
    read : array of int64, ``[B]``
        Rows to go on from.
    write : array of int64, ``[B]``
        Rows that are written.
    values : array of float64, ``[B]``
        The observations.
    known : array of float32, ``[B, 1 + F, Ck]``
        Calendar features of the observation and of the F steps ahead.
    level : array of float64, ``[B]``
        What the network counts each series from, see ``statecast.inputs.level``.

    Returns
    -------
    ForecastArrays
        F steps ahead, of values.
    """
    past = np.zeros((len(values), 1, network.config.past_width), dtype=np.float32)
    network.advance_slots(cache, read, write, deviations(values[:, None], level), past, known[:, :1])
    return network.forecast_slots(cache, write, known[:, 1:]).above(level)


def digests(sessions: Sequence[ResidentSession], values: NDArray[np.float64]) -> list[bytes]:
    """Give the digests of sessions after one more observation each.

    Parameters
    ----------
    sessions : sequence of ResidentSession
        Not stepped yet.
    values : array of float64, ``[B]``
        The observations.

    Returns
    -------
    list of bytes
        See ``service.stores.digest``.
    """
    before = np.frombuffer(b"".join([session.digest for session in sessions]), dtype=np.uint8).reshape(-1, 32)
    index = np.array([session.last_index + 1 for session in sessions], dtype=np.int64)
    block = extend_many(before, index, values).tobytes()
    return [block[begin : begin + 32] for begin in range(0, len(block), 32)]
