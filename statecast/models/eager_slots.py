"""Any network on the rows of a cache, in torch, on the device that it is on."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.errors import InputError
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.interface import SeriesNetwork
from statecast.models.slot_network import Booleans, Cache, Floats, SlotNetwork, Slots
from statecast.state.lookback import Observations
from statecast.state.state import State


class EagerSlots(SlotNetwork):
    """Takes rows out of the cache, calls the network, and puts rows back.

    Parameters
    ----------
    network : SeriesNetwork
        In evaluation mode, on its device; it is called, not copied.

    Examples
    --------
    >>> from statecast import Forecaster, ForecasterConfig
    >>> shape = ForecasterConfig(freq=None, horizon=4, season=1, lookback_length=32)
    >>> slots = EagerSlots(Forecaster(shape).eval())
    >>> cache, first = slots.new_cache(8), np.array([3])
    >>> slots.begin_slots(cache, first, np.array([-1]), np.zeros((1, 0), np.float32))
    >>> nothing = np.zeros((1, 5, 0), np.float32)
    >>> slots.advance_slots(cache, first, first, np.arange(5, dtype=np.float32)[None], nothing, nothing)
    >>> slots.forecast_slots(cache, first, nothing[:, :4]).quantiles.shape
    (1, 4, 9)
    """

    def __init__(self, network: SeriesNetwork) -> None:
        self.network, self.config, self.spec = network, network.config, network.spec
        self.spread_growth = float(network.calibration.spread_growth)
        self.tail_exponents = network.calibration.exponents
        self._device = next(network.parameters()).device

    def new_cache(self, rows: int) -> Cache:
        """See ``SlotNetwork.new_cache``."""
        cache = torch.zeros((rows, self.spec.row_bytes), dtype=torch.uint8, device=self._device)
        return cache.numpy() if self._device.type == "cpu" else cache

    @torch.inference_mode()
    def begin_slots(self, cache: Cache, slots: Slots, time_index: NDArray[np.int64], static: Floats) -> None:
        """See ``SlotNetwork.begin_slots``."""
        state = self.network.fresh(self._there(time_index), self._there(static))
        rows = self._rows(cache)
        rows.index_copy_(0, self._places(rows, slots), state.rows)

    @torch.inference_mode()
    def advance_slots(
        self,
        cache: Cache,
        read: Slots,
        write: Slots,
        target: Floats,
        past: Floats,
        known: Floats,
        mixed_frequency: Floats | None = None,
        coarse_history: Floats | None = None,
        final: Booleans | None = None,  # noqa: ARG002 (nothing is left out here)
    ) -> None:
        """See ``SlotNetwork.advance_slots``; final rows are read like all others."""
        parts = (target, past, known, mixed_frequency, coarse_history)
        seen = Observations(*(part if part is None else self._there(part) for part in parts))  # type: ignore[arg-type]
        rows = self._rows(cache)
        write_places, state = self._places(rows, write), self._state(rows, read)
        if len(target) != len(read) or len(read) != len(write):
            raise InputError(
                f"observations: expected target [B, T >= 1] beside as many rows to read and to write, got "
                f"{target.shape}, {read.shape} and {write.shape}"
            )
        rows.index_copy_(0, write_places, self.network.prime(seen, state).rows)

    @torch.inference_mode()
    def forecast_slots(self, cache: Cache, slots: Slots, future: Floats, baseline: int = 0) -> ForecastArrays:
        """See ``SlotNetwork.forecast_slots``."""
        config, steps = self.config, future.shape[1] if future.ndim == 3 else 0
        expected = len(slots), min(max(steps, 1), config.horizon), config.known_width
        if future.shape != expected:
            raise InputError(
                f"future: expected [B, 1 to {config.horizon}, {config.known_width}] beside slots [B], got "
                f"{future.shape} and {slots.shape}"
            )
        network, state = self.network, self._state(self._rows(cache), slots)
        prediction = network.decode(state, self._there(future))
        quantiles, mean = _here(prediction.quantiles()), _here(prediction.mean())
        return ForecastArrays(
            quantiles,
            mean,
            np.isfinite(quantiles).all(axis=(1, 2)) & np.isfinite(mean).all(axis=1),
            _here(network.seasonal_error(state)),
            _here(network.autocorrelation(state)),
            _here(network.seasonal_naive(state, baseline)) if baseline else np.empty((len(slots), 0)),
            _here(prediction.naive_forecast_weights),
            _here(prediction.resolution_weights),
            {age: _here(share) for age, share in prediction.time_weights.items()},
            {name: _here(share) for name, share in prediction.feature_weights.items()},
        )

    def _rows(self, cache: Cache) -> Tensor:
        return cache if isinstance(cache, Tensor) else torch.from_numpy(cache)

    def _state(self, rows: Tensor, slots: Slots) -> State:
        return State(self.spec, rows.index_select(0, self._places(rows, slots)))

    def _places(self, rows: Tensor, slots: Slots) -> Tensor:
        if len(slots) and not 0 <= slots.min() <= slots.max() < len(rows):
            raise InputError(f"slots: expected rows 0 to {len(rows) - 1} of the cache, got {slots.tolist()}")
        return self._there(slots)

    def _there(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def _here(tensor: Tensor) -> NDArray[Any]:
    found: NDArray[Any] = tensor.cpu().numpy()
    return found
