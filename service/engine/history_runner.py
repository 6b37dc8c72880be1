"""Whole series without sessions: read and forecast on rows of state that nobody keeps."""

import time
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import torch

from service.engine.history import History
from service.engine.model_pool import ModelPool
from service.engine.scratch import cache_of
from service.metrics import Metrics
from statecast.models.forecast_arrays import ForecastArrays


class HistoryRunner:
    """Runs batches of whole series. Belongs to the engine's thread.

    Parameters
    ----------
    networks : ModelPool
        All models.
    metrics : Metrics
        Where batches are counted.
    """

    def __init__(self, networks: ModelPool, metrics: Metrics) -> None:
        self._networks, self._metrics = networks, metrics

    def run(self, batch: Sequence[History], horizon: int) -> ForecastArrays:
        """Read series and forecast each.

        Parameters
        ----------
        batch : sequence of History
            B series of one network; those of one length should be beside one another, because they are one call.
        horizon : int
            Steps F, at most the network's own; each series knows the calendar of as many or fewer.

        Returns
        -------
        ForecastArrays
            Of values of the B series, in their order.
        """
        began = time.perf_counter()
        loaded = self._networks.of(batch[0].model)
        slots, config, every = loaded.slots, loaded.slots.config, np.arange(len(batch))
        with torch.inference_mode():
            cache = cache_of(loaded.state_cache.rows.new_empty((len(batch), loaded.state_cache.rows.shape[1])))
            static = np.zeros((len(batch), config.static_width), np.float32)
            slots.begin_slots(cache, every, np.array([one.before for one in batch]), static)
            future = np.zeros((len(batch), horizon, config.known_width), np.float32)
            first = 0
            for steps, group in groupby(batch, key=lambda one: len(one.target)):
                alike = list(group)
                rows = every[first : first + len(alike)]
                target = np.stack([one.target for one in alike])
                past = np.zeros((len(alike), steps, config.past_width), np.float32)
                known = np.zeros((len(alike), steps, config.known_width), np.float32)
                for row, one in enumerate(alike if config.known_width else ()):
                    known[row] = one.known[:steps]
                    ahead = one.known[steps : steps + horizon]
                    future[first + row, : len(ahead)] = ahead
                slots.advance_slots(cache, rows, rows, target, past, known, final=np.ones(len(rows), np.bool_))
                first += len(alike)
            found = slots.forecast_slots(cache, every, future)
        self._metrics.batch_rows.observe(len(batch))
        self._metrics.batch_seconds.observe(time.perf_counter() - began)
        return found.above(np.array([one.level for one in batch]))
