"""Forecasts: takes rows of state, advances them, checks, keeps."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from service.engine.collate import ahead, levels_of, observed, spans
from service.engine.model_pool import LoadedModel, ModelPool
from service.engine.partial_forecast import PartialForecast, finished, not_forecastable, result_of
from service.engine.scratch import cache_of, gather_rows
from service.engine.session_committer import Computed, SessionCommitter
from service.engine.state_cache import rows_of, stored_rows
from service.errors import ServiceError
from service.metrics import Metrics
from service.scheduling.entry import Entry
from service.stores.interface import Store
from statecast.models.forecast_arrays import ForecastArrays

ROW_STEPS = 8_192
"""Rows times steps of one batch: for a compiled network 27 ms of one core, which a single step may have to wait."""

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
    stored : callable
        Reads the state of a session by its key, see ``StoredStates``; None where there is none.
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
        stored: Callable[[str], bytes | None],
        waiting: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self._waiting, self._stored = waiting, stored
        self._networks, self._metrics, self._threads = networks, metrics, threads
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
                return Computed(outcomes, torch.cat([part.rows for part in parts]), spans(len(p.rows) for p in parts))
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
        loaded = self._networks.of(batch[0].job.model)
        given = self._given(batch, loaded)
        errors = [one for one in given if isinstance(one, ServiceError)]
        if len(errors) == len(batch):
            return self._failed(errors, batch[0].job.model)
        entries = [entry for entry, one in zip(batch, given, strict=True) if not isinstance(one, ServiceError)]
        rows = gather_rows(entries, [one for one in given if not isinstance(one, ServiceError)], loaded)
        for entry, span in zip(entries, spans(entry.job.rows for entry in entries), strict=True):
            if entry.job.mark == entry.position:
                entry.marked = rows[span].cpu().numpy().tobytes()
        if batch[0].chunk:
            every = np.arange(len(rows))
            forgotten = [entry.last and entry.job.lease is None for entry in entries]
            final = np.repeat(forgotten, [entry.job.rows for entry in entries])
            target, past, known, *coarse = observed(entries)
            mixed, history = coarse or (None, None)
            loaded.slots.advance_slots(cache_of(rows), every, every, target, past, known, mixed, history, final=final)
        outcomes = self._forecast(entries, rows, loaded, began)
        if not errors:
            return Computed(outcomes, rows, spans(entry.job.rows for entry in entries))
        done = iter(outcomes)
        return Computed(
            [one if isinstance(one, ServiceError) else next(done) for one in given],
            rows,
            spans(0 if isinstance(s, ServiceError) else e.job.rows for e, s in zip(batch, given, strict=True)),
        )

    def _given(self, batch: Sequence[Entry], loaded: LoadedModel) -> list[Tensor | ServiceError | None]:
        """Rows that each entry goes on from: its partial state, or those in the store; None where neither is needed."""
        cache = loaded.state_cache
        found: list[Tensor | ServiceError | None] = []
        for entry in batch:
            job = entry.job
            if isinstance(entry.partial_state, Tensor):
                found.append(entry.partial_state)
            elif job.fresh or job.lease is None:
                found.append(None)
            elif job.origin:
                found.append(rows_of(job.origin, job.rows, cache.rows))
            elif cache.holds(job.lease):
                found.append(None)
            else:
                found.append(stored_rows(self._state, job.lease.key, len(job.lease.slots), cache.rows))
        return found

    def _state(self, key: str) -> bytes | None:
        return self._waiting(key) or self._stored(key)

    def _forecast(self, batch: Sequence[Entry], rows: Tensor, loaded: LoadedModel, began: float) -> list[object]:
        """Forecast as far as the longest request of those that are read to the end; of the others give their rows."""
        own = spans(entry.job.rows for entry in batch)
        outcomes: list[object] = [rows[span] for span in own]
        ready = [i for i, entry in enumerate(batch) if entry.forecasts]
        if not ready:
            return outcomes
        entries, slots = [batch[i] for i in ready], np.arange(len(rows))
        if len(ready) < len(batch):
            slots = np.concatenate([slots[own[i]] for i in ready])
        longest, horizon = max(len(entry.job.future) for entry in entries), loaded.slots.config.horizon
        known = ahead(entries, horizon, 0, min(longest, horizon))
        found = loaded.slots.forecast_slots(cache_of(rows), slots, known, baseline=longest)
        result = result_of(found.above(levels_of(entries)), began)
        for i, entry, span in zip(ready, entries, spans(entry.job.rows for entry in entries), strict=True):
            if not result.finite[span].all():
                outcomes[i] = not_forecastable()
            elif entry.last:
                outcomes[i] = (result, span, None)
            else:
                outcomes[i] = PartialForecast.start(rows[own[i]], found.rows(span), len(entry.job.future))
        return outcomes

    def _roll(self, batch: Sequence[Entry], began: float) -> Computed:
        """Forecast one more horizon of each entry, which then goes on or is finished."""
        slots = self._networks.of(batch[0].job.model).slots
        parts = [cast(PartialForecast, entry.partial_state) for entry in batch]
        own = spans(entry.job.rows for entry in batch)
        horizon, middle = slots.config.horizon, slots.config.quantile_levels.index(0.5)
        rows = torch.cat([part.rolled for part in parts])
        every = np.arange(len(rows))
        found = slots.roll_slots(
            cache_of(rows), every, every,
            near=ForecastArrays.join([part.near for part in parts]),
            median=np.concatenate([part.quantiles[-1][..., middle] for part in parts]),
            reached=np.repeat([entry.forecast * horizon for entry in batch], [entry.job.rows for entry in batch]),
            before=ahead(batch, horizon, -1),
            future=ahead(batch, horizon, 0),
        )  # fmt: skip
        parts = [part.extended(rows[span], found.rows(span)) for part, span in zip(parts, own, strict=True)]
        outcomes: list[object] = list(parts)
        ended = [i for i, entry in enumerate(batch) if entry.last]
        if ended:
            whole = finished([parts[i] for i in ended])
            result = result_of(whole.above(levels_of([batch[i] for i in ended])), began)
            for i, span in zip(ended, spans(batch[i].job.rows for i in ended), strict=True):
                outcomes[i] = (result, span, None) if result.finite[span].all() else not_forecastable()
        observed_rows = torch.cat([part.observed for part in parts]) if ended else rows[:0]
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
        slots, config, every = loaded.slots, loaded.slots.config, np.arange(rows)
        with torch.inference_mode():
            cache = cache_of(loaded.state_cache.rows.new_empty((rows, slots.spec.row_bytes)))
            slots.begin_slots(cache, every, np.zeros(rows, np.int64), np.zeros((rows, config.static_width), np.float32))
            target = np.tile(np.linspace(0, 1, steps, dtype=np.float32), (rows, 1))
            past, known, future = (
                np.zeros((rows, length, width), np.float32)
                for length, width in (
                    (steps, config.past_width), (steps, config.known_width), (config.horizon, config.known_width)
                )
            )  # fmt: skip
            slots.advance_slots(cache, every, every, target, past, known)
            slots.forecast_slots(cache, every, future, baseline=config.horizon)
