"""The queue of whole series without a session: which requests are computed together, and who gets which answer."""

import asyncio
import logging
import time
from collections import deque

import numpy as np
from numpy.typing import NDArray

from service.engine import ROW_STEPS
from service.errors import Expired, Loading, QueueFull
from service.histories.request import HistoryRequest
from service.models.model import Model
from service.models.value_bounds import keep_inside
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.wait_estimate import WaitEstimate
from service.serving.runtime import Runtime
from service.threads import DRAINING
from statecast.config import ForecasterConfig
from statecast.models.forecast_arrays import ForecastArrays
from statecast.uncertainty.quantile_levels import quantiles_at

MOST_WORK = 2 * ROW_STEPS
"""Of one batch: a history that is read for its forecast alone takes half the time per step."""

_log = logging.getLogger(__name__)


class HistoryLane:
    """Takes requests of whole series that need only arrays. What it cannot answer it gives to the general way.

    One batch is at work at a time, and whatever arrives meanwhile is the next. ``turn`` and ``abandon`` belong to the
    engine's thread, all else to the event loop.

    Parameters
    ----------
    runtime : Runtime
        The engine and its thread.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._settings, self._metrics = runtime.settings, runtime.metrics
        self._any_length, self._runner, self._bridge = runtime.any_length, runtime.histories, runtime.bridge
        self._bridge.add(self)
        self._limiter = CapacityLimiter(self._settings.queue_rows, "series")
        self._estimate = WaitEstimate()
        self._waiting: deque[HistoryRequest] = deque()
        self._work: list[HistoryRequest] | None = None
        self._at_work = self._scheduled = False
        self._takes = True

    def start(self) -> None:
        """Belong to the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    async def stop(self, until: float) -> None:
        """Refuse new requests and finish those that there are.

        Parameters
        ----------
        until : float
            ``time.monotonic()`` at which this ends in any case.
        """
        if self._bridge.started:
            self._takes = False
            await DRAINING.run(self._limiter.close, until - time.monotonic())

    def takes(self, model: Model, config: ForecasterConfig) -> bool:
        """Whether series of a model go this way: its network reads any number of steps in one pass, and nothing else.

        Parameters
        ----------
        model : Model
            What is to forecast.
        config : ForecasterConfig
            The model's.
        """
        wide = config.past_covariates or config.future_covariates or config.static_covariates or config.mixed_frequency
        return self._takes and not wide and self._any_length(model)

    def refusal(self, work: float, deadline: float) -> QueueFull | None:
        """Refuse what could not be answered by its deadline.

        Parameters
        ----------
        work : float
            What it takes of the engine, about.
        deadline : float
            By ``time.monotonic()``.

        Returns
        -------
        QueueFull or None
            None where it is welcome.
        """
        return self._estimate.refusal(work, deadline)

    def accept(self, request: HistoryRequest) -> bool:
        """Take a request.

        Parameters
        ----------
        request : HistoryRequest
            Of a model that this takes.

        Returns
        -------
        bool
            False where it goes the general way.
        """
        if request.work > MOST_WORK or len(request.series) > self._settings.batch_rows:
            return False
        try:
            self._limiter.take(len(request.series))
        except QueueFull as error:
            request.answer(error)
            return True
        except Loading:
            return False
        self._estimate.begin(request.work)
        self._waiting.append(request)
        if not self._scheduled and not self._at_work:
            self._scheduled = True
            self._loop.call_soon(self._flush)
        return True

    def turn(self) -> bool:
        """Run the batch that waits, if one does; see ``PieceQueue``."""
        if self._work is None:
            return False
        batch, self._work = self._work, None
        began = time.monotonic()
        try:
            horizon = max(request.horizon for request in batch)
            found = self._runner.run([one for request in batch for one in request.series], horizon)
            _note(batch, found, began)
        except Exception:  # the general way finds out which series it was, and answers the others
            _log.exception("a batch of whole series failed")
        self._bridge.call_on_loop(self._deliver, batch, began)
        return True

    def abandon(self) -> None:
        """See ``PieceQueue``; the limiter has waited for all that could be finished."""

    def _flush(self) -> None:
        self._scheduled = False
        if self._at_work:
            return
        batch = self._form()
        if batch:
            self._at_work = True
            self._work = batch
            self._bridge.wake()

    def _form(self) -> list[HistoryRequest]:
        """Take the oldest request and those behind it that fit beside it; drop what comes too late."""
        batch: list[HistoryRequest] = []
        room, rows = MOST_WORK, self._settings.batch_rows
        # One that waits alone is tried.
        soon = self._estimate.soon(MOST_WORK) if len(self._waiting) > 1 else time.monotonic()
        while self._waiting:
            request = self._waiting[0]
            if request.client.closed or request.deadline <= soon:
                self._drop(self._waiting.popleft())
                continue
            if request.work > room or len(request.series) > rows:
                break
            if batch and request.series[0].model != batch[0].series[0].model:
                break
            room, rows = room - request.work, rows - len(request.series)
            batch.append(self._waiting.popleft())
        # Those of one length are one call of the network.
        batch.sort(key=lambda one: len(one.series[0].target))
        return batch

    def _drop(self, request: HistoryRequest) -> None:
        request.outcome = Expired("timeout_ms passed before the work was done; it was dropped and changed nothing")
        self._estimate.withdraw(request.work)
        self._answer(request)

    def _deliver(self, batch: list[HistoryRequest], began: float) -> None:
        """Answer what is done, and go on with what waits."""
        self._at_work = False
        self._estimate.finish(sum(request.work for request in batch))
        self._flush()  # the engine works on while replies are written
        for request in batch:
            self._metrics.queue_seconds.observe(began - request.client.began)
            self._answer(request)

    def _answer(self, request: HistoryRequest) -> None:
        self._limiter.give(len(request.series))
        if request.client.closed:
            return
        if request.outcome is None:
            request.client.decline()
        else:
            request.answer(request.outcome)


def _note(batch: list[HistoryRequest], found: ForecastArrays, began: float) -> None:
    """Write the replies of a batch, but for those of which a series did not come out as a number."""
    compute_ms = 1e3 * (time.monotonic() - began)
    made: dict[tuple[tuple[float, ...], int], tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}
    ends = np.array([(one.lower, one.upper) for request in batch for one in request.series])
    last = 0
    for request in batch:
        rows = slice(last, last := last + len(request.series))
        if not found.finite[rows].all():
            continue
        levels, horizon = request.levels, request.horizon
        whole = made.get((levels, horizon))
        if whole is None:
            quantiles = found.quantiles[:, :horizon]
            if levels != request.trained:
                quantiles = quantiles_at(quantiles, request.trained, levels, request.exponents)
            both = np.concatenate([found.mean[:, :horizon, None], quantiles], axis=2)
            values = np.ascontiguousarray(both.transpose(0, 2, 1))
            whole = made[levels, horizon] = keep_inside(values, ends[:, 0], ends[:, 1])
        values, kept = whole[0][rows], whole[1][rows].tolist()
        request.outcome = request.reply.encode(values, kept, 1e3 * (began - request.client.began), compute_ms)
