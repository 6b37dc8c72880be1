"""A compiled network on the rows of a cache: read and written where they lie, one call a batch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from statecast.compiled.build import entries
from statecast.compiled.network import pack_network
from statecast.errors import InputError
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.forecaster import Forecaster
from statecast.models.slot_network import Cache, Floats, SlotNetwork, Slots


class ScaledForecast(NamedTuple):
    """A forecast of B rows in units of scale.

    Parameters
    ----------
    scaled : NDArray
        ``[B, F, Q]`` float32; see ``Prediction``.
    raw : NDArray
        As ``scaled``, before calibration.
    scaling : NDArray
        ``[B, 2]`` float64, ``loc`` and ``scale``.
    """

    scaled: NDArray[np.float32]
    raw: NDArray[np.float32]
    scaling: NDArray[np.float64]


class CompiledSlots(SlotNetwork):
    """The compiled form of a forecaster. Its weights are copied; results are within 1e-5 of the series' scale of its.

    Parameters
    ----------
    eager : Forecaster
        One of which ``statecast.compiled.uncovered`` says nothing.
    """

    def __init__(self, eager: Forecaster) -> None:
        self.config, self.spec = eager.config, eager.spec
        self.spread_growth = float(eager.calibration.spread_growth)
        arrays = pack_network(eager)
        self._network = (arrays.numbers, arrays.coarse, arrays.chosen, arrays.weights)
        self._masses, self._entries = arrays.masses, entries()
        self._fresh = self.spec.fresh(1).rows.numpy()

    def new_cache(self, rows: int) -> NDArray[np.uint8]:
        """See ``SlotNetwork.new_cache``."""
        return np.zeros((rows, self.spec.row_bytes), np.uint8)

    def begin_slots(self, cache: Cache, slots: Slots, time_index: NDArray[np.int64], static: Floats) -> None:
        """See ``SlotNetwork.begin_slots``."""
        rows = np.repeat(self._fresh, len(slots), axis=0)
        for name, values in (("time_index", time_index.astype(np.int64)), ("static", static.astype(np.float32))):
            begin, given = self.spec.offsets[name], values.reshape(len(slots), -1).view(np.uint8)
            rows[:, begin : begin + given.shape[1]] = given
        _array(cache)[slots] = rows

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
    ) -> None:
        """See ``SlotNetwork.advance_slots``; covered networks take neither of the last two."""
        for name, values in (("mixed_frequency", mixed_frequency), ("coarse_history", coarse_history)):
            if values is not None and values.size:
                raise InputError(f"{name}: expected none for a network that is not given any, got {values.shape}")
        rows = _array(cache)
        self.advance_rows(rows, read, rows, write, target, past, known)

    def advance_rows(
        self,
        before: NDArray[np.uint8],
        read: Slots,
        after: NDArray[np.uint8],
        write: Slots,
        target: Floats,
        past: Floats,
        known: Floats,
    ) -> None:
        """Advance states from one cache into the same or another one.

        Parameters
        ----------
        before : NDArray
            ``[N, bytes]`` uint8, rows of state.
        read : NDArray
            ``[B]`` int64, those to go on from.
        after : NDArray
            ``[M, bytes]`` uint8, changed in place.
        write : NDArray
            ``[B]`` int64, where each goes; see ``SlotNetwork.advance_slots``.
        target : NDArray
            ``[B, T]`` float32, NaN where missing; T is at least 1.
        past : NDArray
            ``[B, T, Cp]`` float32, encoded past covariates.
        known : NDArray
            ``[B, T, Ck]`` float32, calendar features, then encoded future covariates.

        Raises
        ------
        InputError
            If shapes do not go together or are not the network's, or a slot is no row.
        """
        config, count = self.config, len(read)
        steps = target.shape[1] if target.ndim == 2 else 0
        expected = (count, steps), (count, steps, config.past_width), (count, steps, config.known_width)
        bytes_ = self.spec.row_bytes
        if (
            not steps
            or (target.shape, past.shape, known.shape) != expected
            or (before.shape[1], after.shape[1], len(write)) != (bytes_, bytes_, count)
        ):
            raise InputError(
                f"observations: expected target [B, T >= 1], past [B, T, {config.past_width}] and known "
                f"[B, T, {config.known_width}] beside B rows of {bytes_} bytes, got {target.shape}, "
                f"{past.shape}, {known.shape}, {read.shape} of {before.shape} and {write.shape} of {after.shape}"
            )
        if not self._entries.advance(
            *self._network, before, _slots(read), after, _slots(write), _floats(target), _floats(past), _floats(known)
        ):
            raise _no_row(np.concatenate([read, write]), min(len(before), len(after)))

    def forecast_slots(self, cache: Cache, slots: Slots, future: Floats, baseline: int = 0) -> ForecastArrays:
        """See ``SlotNetwork.forecast_slots``."""
        return self.forecast_rows(_array(cache), slots, future, baseline)[0]

    def forecast_rows(
        self, cache: NDArray[np.uint8], slots: Slots, future: Floats, baseline: int = 0
    ) -> tuple[ForecastArrays, ScaledForecast]:
        """Forecast, in the target's unit and in units of scale; see ``SlotNetwork.forecast_slots``.

        Parameters
        ----------
        cache : NDArray
            ``[N, bytes]`` uint8, only read.
        slots : NDArray
            ``[B]`` int64, rows to forecast from.
        future : NDArray
            ``[B, F, Ck]`` float32, covariates known of the horizon.
        baseline : int
            Steps of the seasonal naive forecast that are wanted.

        Returns
        -------
        tuple of ForecastArrays and ScaledForecast
            The forecast of each row.

        Raises
        ------
        InputError
            If shapes do not go together or are not the network's, or a slot is no row.
        """
        config, count = self.config, len(slots)
        steps = future.shape[1] if future.ndim == 3 else 0
        if (
            not 1 <= steps <= config.horizon
            or future.shape != (count, steps, config.known_width)
            or cache.shape[1] != self.spec.row_bytes
        ):
            raise InputError(
                f"future: expected [B, 1 to {config.horizon}, {config.known_width}] beside rows "
                f"[B, {self.spec.row_bytes}], got {future.shape} and {slots.shape} of {cache.shape}"
            )
        levels, segments = len(config.quantile_levels), -(-steps // config.segment_length)
        found = ForecastArrays(
            np.empty((count, steps, levels)),
            np.empty((count, steps)),
            np.empty(count, np.bool_),
            np.empty(count),
            np.empty((count, config.horizon), np.float32),
            np.empty((count, baseline)),
            np.empty((count, segments, len(config.naive_forecasts)), np.float32),
            np.empty((count, segments, len(config.resolutions)), np.float32),
        )
        scaled = ScaledForecast(
            np.empty((count, steps, levels), np.float32),
            np.empty((count, steps, levels), np.float32),
            np.empty((count, 2)),
        )
        if not self._entries.forecast(
            *self._network, self._masses, cache, _slots(slots), _floats(future), *found[:8], *scaled
        ):
            raise _no_row(slots, len(cache))
        return found, scaled


def _no_row(slots: Slots, rows: int) -> InputError:
    return InputError(f"slots: expected rows 0 to {rows - 1} of the cache, got {slots.tolist()}")


def _array(cache: Cache) -> NDArray[np.uint8]:
    """The cache's memory, which must be changed where it lies."""
    rows: NDArray[np.uint8] = cache.numpy() if isinstance(cache, Tensor) else cache
    if rows.dtype != np.uint8 or rows.ndim != 2 or not rows.flags.carray:
        raise InputError(f"cache: expected contiguous rows of uint8 that may be changed, got {rows.shape} {rows.dtype}")
    return rows


def _slots(slots: Slots) -> Slots:
    usual = slots.dtype == np.int64 and slots.flags.carray
    return slots if usual else np.array(slots, dtype=np.int64, order="C")


def _floats(values: Floats) -> Floats:
    usual = values.dtype == np.float32 and values.flags.carray
    return values if usual else np.array(values, dtype=np.float32, order="C")
