"""Forecasts: takes rows of state, advances them, checks, keeps."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from typing import cast

import torch
from torch import Tensor

from service.engine.collate import ahead, observed, openings
from service.engine.model_pool import ModelPool
from service.engine.partial_forecast import (
    PartialForecast,
    attention_of,
    finished_result,
    not_forecastable,
    result_of,
    together,
)
from service.engine.session_committer import Computed, SessionCommitter
from service.engine.state_cache import stored_rows, tensor_of
from service.errors import ServiceError
from service.metrics import Metrics
from service.scheduling.entry import Entry
from service.scheduling.job import Lease
from service.stores.interface import Store
from statecast.models.interface import SeriesNetwork
from statecast.models.roll_out import RollOut
from statecast.state.lookback import Observations
from statecast.state.state import State

ROW_STEPS = 16_384
"""Rows times steps of one batch: about 30 ms on one core, which bounds how long a single step waits for its turn."""

_log = logging.getLogger(__name__)


class ForecastRunner:
    """Runs one piece of each entry of a batch (see ``batcher.Runner``).

    Parameters
    ----------
    networks : ModelPool
        All models.
    store : Store
        Where sessions live.
    metrics : Metrics
        Where batches and commits are counted.
    threads : int
        Threads of one network call.
    waiting : callable
        Gives the state of a session that the store does not know yet; None where it does.
    """

    def __init__(
        self,
        networks: ModelPool,
        store: Store,
        metrics: Metrics,
        *,
        threads: int,
        waiting: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self._waiting = waiting
        self._networks, self._store, self._metrics, self._threads = networks, store, metrics, threads
        self._committer = SessionCommitter(store, metrics)
        self._computes = False

    @property
    def healthy(self) -> bool:
        """Whether the last step worked."""
        return self._computes and self._committer.healthy

    def warm_up(self) -> None:
        """Prepare this thread and run every model at a few shapes, so that no request pays for the first."""
        torch.set_num_threads(self._threads)
        # The processor's own mode, one per thread: without it states that fade to denormals slow steps many times.
        torch.set_flush_denormal(True)
        for key in self._networks.usual():
            for rows, steps in ((1, 1), (1, 1024), (2, 1), (8, 64), (64, 1)):
                self._probe(key, rows, steps)
        self._computes = True

    def run(self, batch: Sequence[Entry]) -> list[object]:
        """Run one piece of each entry; one that fails does so alone.

        Parameters
        ----------
        batch : sequence of QueueEntry
            Of one bucket.

        Returns
        -------
        list of object
            See ``batcher.Runner``.
        """
        began = time.perf_counter()
        with torch.inference_mode():
            computed = self._isolated(batch, began)
            cache = self._networks.of(batch[0].job.model).state_cache
            outcomes = self._committer.commit(batch, computed, cache)
        self._metrics.batch_rows.observe(sum(entry.job.rows for entry in batch))
        self._metrics.batch_seconds.observe(time.perf_counter() - began)
        return outcomes

    def _isolated(self, batch: Sequence[Entry], began: float) -> Computed:
        """Compute a piece of a batch; where the network fails on that, of each entry alone."""
        try:
            computed = self._roll(batch, began) if batch[0].rolling else self._read(batch, began)
        except Exception:
            if len(batch) > 1:
                parts = [self._isolated([entry], time.perf_counter()) for entry in batch]
                outcomes = [outcome for part in parts for outcome in part.outcomes]
                return Computed(outcomes, torch.cat([part.rows for part in parts]), _spans(len(p.rows) for p in parts))
            _log.exception("a forecast failed on %s", batch[0].job.model)
            self._check(batch[0].job.model)
            failed = ServiceError("the forecast failed in the network; the session, if any, is unchanged")
            return self._failed([failed], batch[0].job.model)
        self._computes = True
        return computed

    def _failed(self, errors: Sequence[ServiceError], model: str) -> Computed:
        none = self._networks.of(model).state_cache.rows[:0]
        return Computed(list(errors), none, [slice(0, 0)] * len(errors))

    def _read(self, batch: Sequence[Entry], began: float) -> Computed:
        """Read the next chunk of each history, and forecast the first horizon of those that are read to the end."""
        starts = self._starts(batch)
        errors = [start for start in starts if isinstance(start, ServiceError)]
        if len(errors) == len(batch):
            return self._failed(errors, batch[0].job.model)
        entries = [entry for entry, start in zip(batch, starts, strict=True) if isinstance(start, Tensor)]
        outcomes, rows = self._advance(entries, torch.cat([s for s in starts if isinstance(s, Tensor)]), began)
        if not errors:
            return Computed(outcomes, rows, _spans(entry.job.rows for entry in entries))
        done = iter(outcomes)
        return Computed(
            [start if isinstance(start, ServiceError) else next(done) for start in starts],
            rows,
            _spans(0 if isinstance(s, ServiceError) else e.job.rows for e, s in zip(batch, starts, strict=True)),
        )

    def _state(self, key: str) -> bytes | None:
        return self._waiting(key) or self._store.state(key)

    def _starts(self, batch: Sequence[Entry]) -> list[Tensor | ServiceError]:
        """Rows that each entry goes on from: its partial state, its slots, the store, or fresh ones."""
        loaded = self._networks.of(batch[0].job.model)
        cache, network = loaded.state_cache, loaded.network
        starts: list[Tensor | ServiceError | None] = [None] * len(batch)
        held, fresh = [], []
        for i, entry in enumerate(batch):
            job = entry.job
            if isinstance(entry.partial_state, Tensor):
                starts[i] = entry.partial_state
            elif job.fresh or job.lease is None:
                fresh.append(i)
            elif cache.holds(job.lease):
                held.append(i)
            else:
                starts[i] = stored_rows(self._state, job.lease.key, len(job.lease.slots), cache.rows)
        if held:
            leases = [cast(Lease, batch[i].job.lease) for i in held]
            rows = cache.take([slot for lease in leases for slot in lease.slots])
            _deal(starts, held, rows, batch)
        if fresh:
            time_index, static = openings([batch[i].job for i in fresh])
            state = network.fresh(tensor_of(time_index, cache.device), tensor_of(static, cache.device))
            _deal(starts, fresh, state.rows, batch)
        return [start for start in starts if start is not None]

    def _advance(self, batch: Sequence[Entry], rows: Tensor, began: float) -> tuple[list[object], Tensor]:
        """Advance rows by each entry's chunk. Gives partial states, results or errors, and the rows afterwards."""
        loaded = self._networks.of(batch[0].job.model)
        network, device = loaded.network, loaded.state_cache.device
        state = State(network.spec, rows)
        if batch[0].chunk:
            seen = Observations(*(tensor_of(array, device) for array in observed(batch)))
            state = network.prime(seen, state)
        own = _spans(entry.job.rows for entry in batch)
        outcomes: list[object] = [state.rows[span] for span in own]
        ready = [i for i, entry in enumerate(batch) if entry.forecasts]
        if ready:
            whole = len(ready) == len(batch)
            index = [row for i in ready for row in range(own[i].start, own[i].stop)]
            ending = state if whole else state.take(torch.tensor(index, device=device))
            forecasts = self._forecast(network, ending, [batch[i] for i in ready], began)
            for i, outcome in zip(ready, forecasts, strict=True):
                outcomes[i] = outcome
        return outcomes, state.rows

    def _forecast(self, network: SeriesNetwork, state: State, batch: Sequence[Entry], began: float) -> list[object]:
        """Forecast the first horizon: results of those that want no more, partial forecasts of the others."""
        known = ahead(batch, network.config.horizon, 0)
        prediction = network.decode(state, tensor_of(known, state.rows.device))
        roll, weights = RollOut.start(state, prediction), attention_of(prediction)
        result = result_of(network, state, roll.quantiles.cpu().numpy(), roll.mean.cpu().numpy(), weights, began)
        outcomes: list[object] = []
        for entry, rows in zip(batch, _spans(entry.job.rows for entry in batch), strict=True):
            if not result.finite[rows].all():
                outcomes.append(not_forecastable())
            elif entry.last:
                outcomes.append((result, rows, None))
            else:
                outcomes.append(PartialForecast.start(roll, rows, *weights))
        return outcomes

    def _roll(self, batch: Sequence[Entry], began: float) -> Computed:
        """Forecast one more horizon of each entry, which then goes on or is finished."""
        loaded = self._networks.of(batch[0].job.model)
        network, device = loaded.network, loaded.state_cache.device
        before, known = (tensor_of(ahead(batch, network.config.horizon, number), device) for number in (-1, 0))
        roll = together(batch).advance(network, before, known)
        own = _spans(entry.job.rows for entry in batch)
        parts = [
            cast(PartialForecast, entry.partial_state).extended(roll, rows)
            for entry, rows in zip(batch, own, strict=True)
        ]
        outcomes: list[object] = list(parts)
        ended = [i for i, entry in enumerate(batch) if entry.last]
        if ended:
            result = finished_result(network, [parts[i] for i in ended], began)
            for i, rows in zip(ended, _spans(batch[i].job.rows for i in ended), strict=True):
                outcomes[i] = (result, rows, None) if result.finite[rows].all() else not_forecastable()
        observed_rows = torch.cat([part.observed for part in parts]) if ended else roll.state.rows[:0]
        return Computed(outcomes, observed_rows, own)

    def _check(self, key: str) -> None:
        """Find out after a failure whether it was the request's or the device's."""
        try:
            self._probe(key, 1, 1)
        except Exception:
            _log.exception("the engine fails on a plain step too")
            self._computes = False

    def _probe(self, key: str, rows: int, steps: int) -> None:
        loaded = self._networks.of(key)
        network, config = loaded.network, loaded.network.config
        with torch.inference_mode(), loaded.state_cache.device:
            state = network.fresh(torch.zeros(rows, dtype=torch.int64), torch.zeros((rows, config.static_width)))
            target = torch.linspace(0, 1, steps).expand(rows, steps)
            past, known = torch.zeros((rows, steps, config.past_width)), torch.zeros((rows, steps, config.known_width))
            future = torch.zeros((rows, config.horizon, config.known_width))
            state = network.prime(Observations(target, past, known), state)
            prediction = network.decode(state, future)
            prediction.quantiles(), prediction.mean(), network.seasonal_naive(state), network.seasonal_error(state)


def _deal(starts: list[Tensor | ServiceError | None], places: list[int], rows: Tensor, batch: Sequence[Entry]) -> None:
    for i, part in zip(places, rows.split([batch[i].job.rows for i in places]), strict=True):
        starts[i] = part


def _spans(rows: Iterable[int]) -> list[slice]:
    """Rows of each of several entries that lie one after the other."""
    return [slice(begin, end) for begin, end in pairwise(accumulate(rows, initial=0))]
