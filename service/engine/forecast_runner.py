"""Forecasts: takes rows of state, advances them, checks, keeps."""

import logging
import time
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from service.engine.collate import ahead, observed, openings
from service.engine.model_pool import ModelPool
from service.engine.pausing import pausing
from service.engine.split import not_forecastable, result_of
from service.engine.state_cache import stored_rows, tensor_of
from service.errors import Loading, ServiceError
from service.metrics import Metrics
from service.scheduling.entry import QueueEntry
from service.scheduling.forecast_result import ForecastResult
from service.scheduling.job import Outcome, ReadJob
from service.sessions.commit import CommitJob
from service.stores.interface import Put, Store, StoreError, Write
from statecast.models.interface import SeriesNetwork
from statecast.models.scenarios import roll_on
from statecast.state.lookback import Observations
from statecast.state.state import State

ROW_STEPS = 16_384
"""Rows times steps of one batch: about 30 ms on one core, which bounds how long a single step waits for its turn."""

_log = logging.getLogger(__name__)

Tickets = Sequence[QueueEntry[Outcome]]


class ForecastRunner:
    """Runs batches of tickets (see ``batcher.Runner``): compute, one store commit, then the slab.

    The store is written before anything else remembers a step, so a failure anywhere leaves what was true before.

    pause: called between two horizons of a forecast that rolls on past its own, so that it holds nobody up; it may run
    other batches.  threads: of one network call.
    """

    def __init__(
        self, networks: ModelPool, store: Store, metrics: Metrics, *, pause: Callable[[], None], threads: int
    ) -> None:
        self._networks, self._store, self._metrics = networks, store, metrics
        self._pause, self._threads = pause, threads
        self.healthy = False

    def warm_up(self) -> None:
        """Prepare this thread and run every model at a few shapes, so that no request pays for the first."""
        torch.set_num_threads(self._threads)
        # The processor's own mode, one a thread: without it states that fade to denormals make steps many times slower.
        torch.set_flush_denormal(True)
        for key in self._networks.usual():
            for rows, steps in ((1, 1), (1, 1024), (2, 1), (8, 64), (64, 1)):
                self._probe(key, rows, steps)
        self.healthy = True

    def run(self, batch: Tickets) -> list[object]:
        """Run one batch; a ticket that fails does so alone."""
        began = time.perf_counter()
        with torch.inference_mode():
            outcomes = self._run(batch, began)
        self._metrics.batch_rows.observe(sum(ticket.job.rows for ticket in batch))
        self._metrics.batch_seconds.observe(time.perf_counter() - began)
        return outcomes

    def _run(self, batch: Tickets, began: float) -> list[object]:
        starts = self._starts(batch)
        usable = [i for i, start in enumerate(starts) if isinstance(start, Tensor)]
        outcomes: list[object] = list(starts)
        if not usable:
            return outcomes
        tickets = [batch[i] for i in usable]
        try:
            rows = torch.cat([start for start in starts if isinstance(start, Tensor)])
            computed, after = self._compute(tickets, rows, began)
            self.healthy = True
        except Exception:
            if len(batch) > 1:
                return [outcome for ticket in batch for outcome in self._run([ticket], time.perf_counter())]
            _log.exception("a forecast failed on %s", batch[0].job.model)
            self._check(batch[0].job.model)
            return [ServiceError("the forecast failed in the network; the session, if any, is unchanged")]
        for i, outcome in zip(usable, self._keep(tickets, computed, after), strict=True):
            outcomes[i] = outcome
        return outcomes

    def _starts(self, batch: Tickets) -> list[Tensor | ServiceError]:
        """Rows that each ticket goes on from: its carry, its slots, the store, or fresh ones."""
        place = self._networks.of(batch[0].job.model)
        slab, network = place.slab, place.network
        starts: list[Tensor | ServiceError | None] = [None] * len(batch)
        held, fresh = [], []
        for i, ticket in enumerate(batch):
            job = ticket.job
            if isinstance(ticket.carry, Tensor):
                starts[i] = ticket.carry
            elif job.fresh or job.lease is None:
                fresh.append(i)
            elif slab.holds(job.lease):
                held.append(i)
            else:
                starts[i] = stored_rows(self._store, job.lease.key, len(job.lease.slots), slab.rows)
        if held:
            leases = [lease for i in held if (lease := batch[i].job.lease) is not None]
            rows = slab.take([slot for lease in leases for slot in lease.slots])
            _deal(starts, held, rows, batch)
        if fresh:
            clock, static = openings([batch[i].job for i in fresh])
            state = network.fresh(tensor_of(clock, slab.device), tensor_of(static, slab.device))
            _deal(starts, fresh, state.rows, batch)
        return [start for start in starts if start is not None]

    def _compute(self, batch: Tickets, rows: Tensor, began: float) -> tuple[list[object], Tensor]:
        """Advance rows by the tickets' next chunk. Gives carries, results or errors, and the rows afterwards."""
        place = self._networks.of(batch[0].job.model)
        network, device = place.network, place.slab.device
        state = State(network.spec, rows)
        if batch[0].chunk:
            seen = Observations(*(tensor_of(array, device) for array in observed(batch)))
            state = network.prime(seen, state)
        begins = accumulate((ticket.job.rows for ticket in batch), initial=0)
        spans = [slice(a, b) for a, b in pairwise(begins)]
        outcomes: list[object] = [state.rows[span] for span in spans]
        last = [i for i, ticket in enumerate(batch) if ticket.last]
        if last:
            whole = len(last) == len(batch)
            index = [row for i in last for row in range(spans[i].start, spans[i].stop)]
            ending = state if whole else state.take(torch.tensor(index, device=device))
            result = self._forecast(network, ending, tensor_of(ahead([batch[i] for i in last]), device), began)
            begin = 0
            for i in last:
                rows_here = batch[i].job.rows
                part = slice(begin, begin + rows_here)
                outcomes[i] = Outcome(result, part) if result.finite[part].all() else not_forecastable()
                begin += rows_here
        return outcomes, state.rows

    def _forecast(self, network: SeriesNetwork, state: State, future: Tensor, began: float) -> ForecastResult:
        prediction = network.decode(state, future[:, : network.config.horizon])
        quantiles, mean = roll_on(pausing(network, self._pause), state, future, prediction)
        naive, error = network.seasonal_naive(state, future.shape[1]), network.seasonal_error(state)
        return result_of(prediction, quantiles, mean, baseline=naive, seasonal_error=error, began=began)

    def _keep(self, batch: Tickets, computed: list[object], after: Tensor) -> list[object]:
        """Commit what the sessions came to, all at once, then remember their rows."""
        outcomes = list(computed)
        host = after.cpu().numpy()
        writes: list[Write] = []
        places: list[tuple[int, int]] = []
        begin = 0
        for i, ticket in enumerate(batch):
            job, outcome = ticket.job, computed[i]
            if isinstance(job, ReadJob) and isinstance(outcome, Outcome):
                outcomes[i] = Outcome(outcome.result, outcome.rows, state=after[begin : begin + job.rows])
            if isinstance(job, CommitJob) and isinstance(outcome, Outcome):
                state = host[begin : begin + job.rows].tobytes() if ticket.chunk else b""
                write = job.kept(outcome.result, outcome.rows, state)
                if write is not None:
                    writes.append(write)
                if isinstance(write, Put):
                    outcomes[i] = Outcome(outcome.result, outcome.rows, write.record)
                    places.append((i, begin))
            begin += job.rows
        if not writes:
            return outcomes
        began = time.perf_counter()
        try:
            self._store.commit(writes)
        except StoreError as error:
            _log.error("sessions were not written: %s", error)
            failed = Loading(f"sessions: {error}; nothing was applied, send the request again", code="store_failed")
            return [
                failed if isinstance(ticket.job, CommitJob) else o for ticket, o in zip(batch, outcomes, strict=True)
            ]
        self._metrics.commit_seconds.observe(time.perf_counter() - began)
        leases = [lease for i, _ in places if (lease := batch[i].job.lease) is not None]
        if leases:
            index = [row for i, first in places for row in range(first, first + batch[i].job.rows)]
            try:
                self._networks.of(batch[0].job.model).slab.put(leases, index, after)
            except RuntimeError:  # the steps are stored, so they count; the rows are read from the store next time
                _log.exception("states were stored but not kept at hand")
                self.healthy = False
        return outcomes

    def _check(self, key: str) -> None:
        """Find out after a failure whether it was the request's or the device's."""
        try:
            self._probe(key, 1, 1)
        except Exception:
            _log.exception("the engine fails on a plain step too")
            self.healthy = False

    def _probe(self, key: str, rows: int, steps: int) -> None:
        place = self._networks.of(key)
        network, config = place.network, place.network.config
        with torch.inference_mode(), place.slab.device:
            state = network.fresh(torch.zeros(rows, dtype=torch.int64), torch.zeros((rows, config.static_width)))
            target = torch.linspace(0, 1, steps).expand(rows, steps)
            past, known = torch.zeros((rows, steps, config.past_width)), torch.zeros((rows, steps, config.known_width))
            future = torch.zeros((rows, config.horizon, config.known_width))
            state = network.prime(Observations(target, past, known), state)
            self._forecast(network, state, future, time.perf_counter())


def _deal(starts: list[Tensor | ServiceError | None], places: list[int], rows: Tensor, batch: Tickets) -> None:
    for i, part in zip(places, rows.split([batch[i].job.rows for i in places]), strict=True):
        starts[i] = part
