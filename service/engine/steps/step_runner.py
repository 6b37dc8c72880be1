"""Streamed observations: one step and one forecast of many sessions, committed together."""

import logging
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from service.engine.model_pool import ModelPool
from service.engine.state_cache import StateCache
from service.engine.steps.shared_commit import SharedCommit
from service.engine.steps.step_batch import StepBatch
from service.metrics import Metrics
from service.resident.step import SessionStep
from service.resident.table import SessionTable
from service.scheduling.job import Lease
from service.stores.digest import text_of
from service.stores.interface import Append, Put, SharedStore, Store, StoreError, Trim, Write, not_written
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
        self._shares = isinstance(store, SharedStore)

    def run(self, batch: StepBatch) -> None:
        """Advance, forecast, commit, and only then let the sessions know; a failed commit leaves all as it was.

        Parameters
        ----------
        batch : StepBatch
            Its outcome is noted in it.
        """
        began = time.perf_counter()
        table, rows = batch.table, batch.rows
        if table is None:
            self._commit(batch, self._snapshots(batch))
            return
        loaded = self._networks.of(table.key)
        cache, read, write = loaded.state_cache, table.slot[rows], table.spare[rows]
        if not cache.holds_all(read, table.generation[rows]):
            batch.lost = True
            return
        states = cache.hold(int(max(read.max(), write.max())))
        found = step_slots(loaded.slots, states, read, write, batch.values, batch.known, table.level[rows])
        batch.quantiles, batch.mean, batch.finite = found.quantiles, found.mean, found.finite
        finite = found.finite
        batch.compute_ms = 1e3 * (time.perf_counter() - began)
        batch.step = table.ahead(rows, batch.values, batch.now, batch.expires_at)
        step = batch.step.of(finite)
        if self._shares:
            self._keep_shared(batch, step, found, cache)
        else:
            if not self._commit(batch, [*self._snapshots(batch), *_appended(batch.sequence, table, step)]):
                return
            if len(step.rows):
                self._apply(batch, step, found)
                cache.move(read[finite], write[finite])
        self._metrics.batch_rows.observe(len(step.rows))
        self._metrics.batch_seconds.observe(time.perf_counter() - began)

    def holds(self, model: str, slots: NDArray[np.int64], generations: NDArray[np.int64]) -> bool:
        """Whether the rows of state of sessions that are not at work lie in the cache of their network.

        Parameters
        ----------
        model : str
            Key of the network.
        slots : array of int64, ``[B]``
            Slot of each session.
        generations : array of int64, ``[B]``
            Of their leases.
        """
        loaded = self._networks.find(model)
        return loaded is not None and loaded.state_cache.holds_all(slots, generations)

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
                Put(table.record(row), self._networks.of(table.key).state_cache.bytes_of(table.lease(row)))
                for table, row in batch.snapshots
            ),
        ]

    def _apply(self, batch: StepBatch, step: SessionStep, found: ForecastArrays) -> None:
        """Let the sessions know what came of them, and the batch how surprising that was."""
        assert batch.table is not None
        if len(step.rows) == len(batch.rows):
            batch.surprise = batch.table.apply(step, found.quantiles, found.seasonal_error)
            return
        batch.surprise, finite = np.full(len(batch.rows), np.nan), found.finite
        batch.surprise[finite] = batch.table.apply(step, found.quantiles[finite], found.seasonal_error[finite])

    def _keep_shared(self, batch: StepBatch, step: SessionStep, found: ForecastArrays, cache: StateCache) -> None:
        """Write every session, held to what it goes on from: where others write too, a journal has no order.

        What is refused has been applied here already: it is stale, and read anew.
        """
        table, rows, finite = batch.table, step.rows, found.finite
        assert table is not None
        if not len(rows):
            return
        before = [text_of(digest.tobytes()) for digest in table.digest[rows]]
        batch.stale = finite.copy()
        self._apply(batch, step, found)
        began = time.perf_counter()
        try:
            of = np.arange(len(rows)) if batch.of is None else batch.of[finite]
            kept = SharedCommit(table, step, before, cache).run(self._store, of)
        except StoreError as error:
            _log.error("sessions were not written: %s", error)
            batch.error = not_written(error)
            return
        self._metrics.commit_seconds.observe(time.perf_counter() - began)
        batch.stale[finite] = ~kept
        table.stored_until[rows] = table.expires_at[rows]
        cache.move(table.slot[rows[kept]], table.spare[rows[kept]])

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
            batch.error = not_written(error)
            return False
        self._metrics.commit_seconds.observe(time.perf_counter() - began)
        return True


def _appended(sequence: int, table: SessionTable, step: SessionStep) -> Iterator[Append]:
    """Give a batch's entry in the journal; none where no row came out as a number."""
    rows = step.rows
    if len(rows):
        keys: list[str] = table.keys[rows].tolist()
        yield Append(sequence, keys, table.birth[rows], step.index, step.values[:, None], float(step.used[0]))


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
