"""What is captured for one batch size: three kinds of step, and the forecast."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.graphed.capture import Pool, Replay, capture
from statecast.graphed.staging import Inbox, Outbox
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from statecast.state.lookback import Observations
from statecast.state.slot_state import SlotState
from statecast.state.state import Field

LOOKS = ((False, False), (True, False), (True, True))
"""Kinds of step: whether hindcasts may begin, and whether some may mature; the last is any network's whole step."""


class Programs:
    """Steps and forecasts of b rows of one cache.

    Parameters
    ----------
    network : SeriesNetwork
        In evaluation mode, on the cache's device.
    cache : Tensor
        ``[N + 1, bytes]`` uint8; its last row is nobody's, which rows of a batch that is not full write to.
    size : int
        Rows of the batch, b.
    pool : tuple of int or None
        Memory that the graphs of a cache share, because no two run at once; None on the CPU.
    bfloat16 : bool
        Whether products are computed in bfloat16.

    Attributes
    ----------
    steps : dict of tuple to Replay
        By kind of step, what advances the rows that were sent.
    decode : Replay
        What forecasts from the rows that were sent.
    """

    def __init__(
        self, network: SeriesNetwork, cache: Tensor, size: int, pool: Pool = None, bfloat16: bool = False
    ) -> None:
        self._network, self._cache, config = network, cache, network.config
        self._bfloat16, device, groups = bfloat16, cache.device, len(config.mixed_frequency)
        slots = Field("slots", (), torch.int64)
        self._seen = Inbox(
            (
                slots,
                Field("target", (1,), torch.float32),
                Field("past", (1, config.past_width), torch.float32),
                Field("known", (1, config.known_width), torch.float32),
                Field("mixed_frequency", (1, groups), torch.float32),
            ),
            size,
            device,
        )
        self._asked = Inbox((slots, Field("future", (config.horizon, config.known_width), torch.float32)), size, device)
        self._nobody = len(cache) - 1
        for inbox in (self._seen, self._asked):
            inbox.send(0, {}, {"slots": self._nobody})
        self._names: dict[str, list[Any]] = {}
        self._outbox: Outbox | None = None
        looks = LOOKS if isinstance(network, Forecaster) and config.adaptation else LOOKS[-1:]
        self.steps: dict[tuple[bool, bool], Replay] = {
            look: capture(self._within(self._advance(*look)), device, pool)[0] for look in looks
        }
        self.decode, packed = capture(self._within(self._decode), device, pool)
        assert packed is not None
        self._packed = packed

    def advance(self, look: tuple[bool, bool], slots: NDArray[np.int64], arrays: dict[str, NDArray[Any]]) -> None:
        """Advance rows by one step where they lie.

        Parameters
        ----------
        look : tuple of bool
            Which of ``LOOKS``.
        slots : ndarray
            ``[B]`` int64, at most b.
        arrays : dict of str to ndarray
            ``target`` ``[B, 1]``, ``past``, ``known``, ``mixed_frequency`` ``[B, 1, ...]``.
        """
        self._seen.send(len(slots), {"slots": slots, **arrays}, {"slots": self._nobody})
        self.steps[look]()

    def forecast(self, slots: NDArray[np.int64], future: NDArray[np.float32], baseline: int) -> ForecastArrays:
        """Forecast from rows.

        Parameters
        ----------
        slots : ndarray
            ``[B]`` int64, at most b.
        future : ndarray
            ``[B, F, Ck]`` float32.
        baseline : int
            Steps of the seasonal naive forecast, at most the horizon.

        Returns
        -------
        ForecastArrays
            F steps.
        """
        assert self._outbox is not None
        self._asked.send(len(slots), {"slots": slots, "future": future}, {"slots": self._nobody})
        self.decode()
        found, steps = self._outbox.fetch(self._packed, len(slots)), future.shape[1]
        quantiles, mean = found["quantiles"][:, :steps], found["mean"][:, :steps]
        segments = -(-steps // self._network.config.segment_length)
        return ForecastArrays(
            quantiles,
            mean,
            np.isfinite(quantiles).all(axis=(1, 2)) & np.isfinite(mean).all(axis=1),
            found["seasonal_error"],
            found["autocorrelation"],
            found["baseline"][:, :baseline],
            found["naive_forecast_weights"][:, :segments],
            found["resolution_weights"][:, :segments],
            dict(zip(self._names["time"], found["time"].T, strict=True)),
            dict(zip(self._names["features"], found["features"].T, strict=True)),
        )

    def _advance(self, begins: bool, matures: bool) -> Callable[[], None]:
        def work() -> None:
            seen, state = self._seen.there, SlotState(self._network.spec, self._cache, self._seen.there["slots"])
            observations = Observations(seen["target"], seen["past"], seen["known"], seen["mixed_frequency"])
            if isinstance(self._network, Forecaster):
                self._network.advance(observations, state, begins, matures)
            else:
                self._network.prime(observations, state)

        return work

    def _decode(self) -> Tensor:
        network, asked = self._network, self._asked.there
        state = SlotState(network.spec, self._cache, asked["slots"])
        prediction = network.decode(state, asked["future"])
        time, features = prediction.time_weights, prediction.feature_weights
        self._names = {"time": list(time), "features": list(features)}
        results = {
            "quantiles": prediction.quantiles(),
            "mean": prediction.mean(),
            "seasonal_error": network.seasonal_error(state),
            "baseline": network.seasonal_naive(state, network.config.horizon),
            "autocorrelation": network.autocorrelation(state).contiguous(),
            "naive_forecast_weights": prediction.naive_forecast_weights,
            "resolution_weights": prediction.resolution_weights,
            "time": _beside(list(time.values()), len(state), state.rows),
            "features": _beside(list(features.values()), len(state), state.rows),
        }
        results |= {name: value.float() for name, value in results.items() if value.dtype == torch.bfloat16}
        if self._outbox is None:
            self._outbox = Outbox(results)
        return self._outbox.pack(results)

    def _within(self, work: Callable[[], Tensor | None]) -> Callable[[], Tensor | None]:
        def whole() -> Tensor | None:
            with torch.inference_mode(), self._precision():
                return work()

        return whole

    def _precision(self) -> AbstractContextManager[object]:
        if not self._bfloat16:
            return nullcontext()
        return torch.autocast(self._cache.device.type, dtype=torch.bfloat16)


def _beside(shares: Sequence[Tensor], rows: int, like: Tensor) -> Tensor:
    """Shares ``[b]`` each as ``[b, n]``."""
    return torch.stack(list(shares), dim=1) if shares else like.new_zeros((rows, 0), dtype=torch.float32)


def looks_of(
    network: SeriesNetwork, time_index: NDArray[np.int64]
) -> list[tuple[tuple[bool, bool], NDArray[np.int64]]]:
    """Sort rows by the kind of step that they are due.

    Parameters
    ----------
    network : SeriesNetwork
        Whose rows they are.
    time_index : ndarray
        ``[B]`` int64, of the last step that each has read.

    Returns
    -------
    list of tuple
        Each kind that occurs, out of ``LOOKS``, with the numbers of its rows.
    """
    if not isinstance(network, Forecaster) or not network.config.adaptation:
        return [(LOOKS[-1], np.arange(len(time_index)))]
    begins, matures = network.hindcasts.work(time_index)
    kind = np.where(matures, 2, begins.astype(np.int64))
    return [(LOOKS[place], np.flatnonzero(kind == place)) for place in np.unique(kind).tolist()]
