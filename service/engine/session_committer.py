"""What a batch did to sessions: one group write to the store, then the state cache."""

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from service.engine.state_cache import StateCache
from service.errors import Overtaken
from service.metrics import Metrics
from service.scheduling.entry import Entry
from service.scheduling.job import Lease
from service.stores.interface import Put, Store, StoreError, Touch, commit_unmoved, not_written

_log = logging.getLogger(__name__)


class Computed(NamedTuple):
    """What a piece of work came to.

    Parameters
    ----------
    outcomes : list of object
        One per entry: a partial state, what a finished job came to, or an exception.
    rows : Tensor, ``[M, bytes]``
        States after the history.
    spans : list of slice
        Rows of each entry in ``rows``.
    """

    outcomes: list[object]
    rows: Tensor
    spans: list[slice]


class _Pending(NamedTuple):
    """A write, which of the entries it is of, and where its rows of state lie."""

    write: Put | Touch
    entry: int
    lease: Lease | None
    rows: slice


class SessionCommitter:
    """Writes what sessions came to.

    The store is written before anything else remembers a step, so a failure anywhere leaves what was true before.

    Parameters
    ----------
    store : Store
        Where sessions live.
    metrics : Metrics
        Where commits are counted.
    """

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store, self._seconds = store, metrics.commit_seconds
        self.healthy = True

    def commit(self, batch: Sequence[Entry], computed: Computed, cache: StateCache) -> list[object]:
        """Write what the finished jobs of a batch leave.

        Parameters
        ----------
        batch : sequence of QueueEntry
            What was run.
        computed : Computed
            What it came to.
        cache : StateCache
            Of the batch's network.

        Returns
        -------
        list of object
            Outcomes of all entries as they stand then: failures where the store could not be written, ``Overtaken``
            where it holds a later state of the session.
        """
        outcomes = list(computed.outcomes)
        pending: list[_Pending] = []
        host = None
        for i, (entry, rows) in enumerate(zip(batch, computed.spans, strict=True)):
            job, outcome = entry.job, outcomes[i]
            if job.writes is None or not isinstance(outcome, tuple):
                continue
            host = computed.rows.cpu().numpy() if host is None else host
            state = host[rows].tobytes() if job.target.shape[1] else None
            write = job.writes.write(outcome[0], outcome[1], state, entry.marked)
            if write is not None:
                pending.append(_Pending(write, i, job.lease, rows))
        written = self._write(pending, outcomes)
        leases: list[Lease] = []
        index: list[int] = []
        for write, i, lease, rows in written:
            outcome = outcomes[i]
            if isinstance(write, Put) and lease is not None and isinstance(outcome, tuple):
                outcomes[i] = (outcome[0], outcome[1], write.record)
                leases.append(lease)
                index.extend(range(rows.start, rows.stop))
        if leases:
            try:
                cache.put(leases, index, computed.rows)
                self.healthy = True
            except RuntimeError:  # the steps are stored, so they count; the rows are read from the store next time
                _log.exception("states were stored but not kept in the cache")
                self.healthy = False
        return outcomes

    def _write(self, pending: list[_Pending], outcomes: list[object]) -> list[_Pending]:
        """Commit what can be; gives that, and notes for all else why not."""
        if not pending:
            return []
        began = time.perf_counter()
        try:
            moved = commit_unmoved(self._store.commit, [one.write for one in pending])
        except StoreError as error:
            _log.error("sessions were not written: %s", error)
            failed = not_written(error)
            for one in pending:
                outcomes[one.entry] = failed
            return []
        self._seconds.observe(time.perf_counter() - began)
        for one in pending if moved else ():
            if one.write.session in moved:
                outcomes[one.entry] = Overtaken()
        return [one for one in pending if one.write.session not in moved] if moved else pending
