"""A compiled network on the rows of a cache: read and written where they lie, one call a batch."""

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from statecast.compiled.arithmetic import MISFIT, NO_ROW
from statecast.compiled.build import entries
from statecast.compiled.calls import Calls
from statecast.compiled.network import pack_network
from statecast.errors import InputError
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.forecaster import Forecaster
from statecast.models.slot_network import Booleans, Cache, Floats, SlotNetwork, Slots


class ScaledForecast(NamedTuple):
    """A forecast of B rows in units of scale.

    Parameters
    ----------
    scaled : NDArray
        ``[B, Q, F]`` float32; see ``Prediction``.
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
    threads : int, optional
        See ``Calls``.
    """

    def __init__(self, eager: Forecaster, threads: int | None = None) -> None:
        self.config, self.spec = eager.config, eager.spec
        self.spread_growth = float(eager.calibration.spread_growth)
        self.tail_exponents = eager.calibration.exponents
        arrays = pack_network(eager)
        self._network = arrays.numbers, arrays.coarse, arrays.weights
        self._calibrated = *self._network, arrays.masses
        self._advance, self._forecast = entries()
        self._fresh, config = self.spec.fresh(1).rows.numpy(), self.config
        self._sizes = len(config.quantile_levels), len(config.naive_forecasts), len(config.resolutions)
        self._calls = Calls(threads)

    def new_cache(self, rows: int) -> NDArray[np.uint8]:
        """See ``SlotNetwork.new_cache``."""
        return np.zeros((rows, self.spec.row_bytes), np.uint8)

    def begin_slots(self, cache: Cache, slots: Slots, time_index: NDArray[np.int64], static: Floats) -> None:
        """See ``SlotNetwork.begin_slots``."""
        rows = np.repeat(self._fresh, len(slots), axis=0)
        for name, values in (("time_index", time_index.astype(np.int64)), ("static", static.astype(np.float32))):
            begin, given = self.spec.offsets[name], values.reshape(len(slots), -1).view(np.uint8)
            rows[:, begin : begin + given.shape[1]] = given
        _changeable(cache)[slots] = rows

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
        final: Booleans | None = None,
    ) -> None:
        """See ``SlotNetwork.advance_slots``; covered networks are given no lower frequencies."""
        for name, values in (("mixed_frequency", mixed_frequency), ("coarse_history", coarse_history)):
            if values is not None and values.size:
                raise InputError(f"{name}: expected none for a network that is not given any, got {values.shape}")
        self.advance_rows(cache, read, cache, write, target, past, known, final)

    def advance_rows(
        self,
        before: Cache,
        read: Slots,
        after: Cache,
        write: Slots,
        target: Floats,
        past: Floats,
        known: Floats,
        final: Booleans | None = None,
    ) -> None:
        """Advance states from one cache into the same or another one.

        Parameters
        ----------
        before : Cache
            ``[N, bytes]`` uint8, rows of state.
        read : NDArray
            ``[B]`` int64, those to go on from.
        after : Cache
            ``[M, bytes]`` uint8, changed in place.
        write : NDArray
            ``[B]`` int64, where each goes; see ``SlotNetwork.advance_slots``.
        target : NDArray
            ``[B, T]`` float32, NaN where missing; T is at least 1.
        past : NDArray
            ``[B, T, Cp]`` float32, encoded past covariates.
        known : NDArray
            ``[B, T, Ck]`` float32, calendar features, then encoded future covariates.
        final : NDArray or None
            ``[B]`` bool; see ``SlotNetwork.advance_slots``.

        Raises
        ------
        InputError
            If shapes do not go together or are not the network's, or a slot is no row.
        """
        if final is None:
            final = np.zeros(len(read), np.bool_)
        try:
            given = before, read, after, write, target, past, known, final
            status = self._calls.run(self._advance, (*self._network, *given), prod(target.shape))
        except TypeError:  # of another type than usual: looked into here, because the usual ones must not wait for it
            places = _readable(before), _slots(read), _changeable(after), _slots(write)
            arrays = (*places, _floats(target), _floats(past), _floats(known), np.array(final, np.bool_, order="C"))
            fits = [array.ndim for array in arrays] == [2, 1, 2, 1, 2, 3, 3, 1]
            status = self._calls.run(self._advance, (*self._network, *arrays), prod(target.shape)) if fits else MISFIT
        if status == NO_ROW:
            raise _no_row(np.concatenate([read, write]), min(len(before), len(after)))
        if status == MISFIT:
            config, width = self.config, self.spec.row_bytes
            raise InputError(
                f"observations: expected target [B, T >= 1], past [B, T, {config.past_width}] and known "
                f"[B, T, {config.known_width}] beside B rows of {width} bytes, got {target.shape}, "
                f"{past.shape}, {known.shape}, {read.shape} of {before.shape} and {write.shape} of {after.shape}"
            )

    def forecast_slots(self, cache: Cache, slots: Slots, future: Floats, baseline: int = 0) -> ForecastArrays:
        """See ``SlotNetwork.forecast_slots``."""
        return self.forecast_rows(cache, slots, future, baseline)[0]

    def forecast_rows(
        self, cache: Cache, slots: Slots, future: Floats, baseline: int = 0, scaled: bool = False
    ) -> tuple[ForecastArrays, ScaledForecast]:
        """Forecast, in the target's unit and in units of scale; see ``SlotNetwork.forecast_slots``.

        Parameters
        ----------
        cache : Cache
            ``[N, bytes]`` uint8, only read.
        slots : NDArray
            ``[B]`` int64, rows to forecast from.
        future : NDArray
            ``[B, F, Ck]`` float32, covariates known of the horizon.
        baseline : int
            Steps of the seasonal naive forecast that are wanted.
        scaled : bool
            Whether the forecast in units of scale is wanted as well.

        Returns
        -------
        tuple of ForecastArrays and ScaledForecast
            The forecast of each row; the latter empty unless it is wanted.

        Raises
        ------
        InputError
            If shapes do not go together or are not the network's, or a slot is no row.
        """
        config, count = self.config, len(slots)
        steps = future.shape[1] if future.ndim == 3 else 0
        levels, entries_, resolutions = self._sizes
        segments = -(-steps // config.segment_length)
        quantiles, mean = np.empty((count, levels, steps)), np.empty((count, steps))
        beside = (
            np.empty(count, np.bool_),
            np.empty(count),
            np.empty((count, config.horizon), np.float32),
            np.empty((count, baseline)),
            np.empty((count, segments, entries_), np.float32),
            np.empty((count, segments, resolutions), np.float32),
        )
        units = _NO_UNITS
        if scaled:
            size = count, levels, steps
            units = ScaledForecast(np.empty(size, np.float32), np.empty(size, np.float32), np.empty((count, 2)))
        found = quantiles, mean, *beside, *units
        try:
            status = self._calls.run(self._forecast, (*self._calibrated, cache, slots, future, *found), count)
        except TypeError:  # as above
            places = _readable(cache), _slots(slots), _floats(future)
            fits = [array.ndim for array in places] == [2, 1, 3]
            status = self._calls.run(self._forecast, (*self._calibrated, *places, *found), count) if fits else MISFIT
        if status == NO_ROW:
            raise _no_row(slots, len(cache))
        if status == MISFIT:
            raise InputError(
                f"future: expected [B, 1 to {config.horizon}, {config.known_width}] beside rows "
                f"[B, {self.spec.row_bytes}], got {future.shape} and {slots.shape} of {cache.shape}"
            )
        return ForecastArrays(quantiles.swapaxes(1, 2), mean, *beside), units


_NO_UNITS = ScaledForecast(np.empty((0, 0, 0), np.float32), np.empty((0, 0, 0), np.float32), np.empty((0, 2)))


def _no_row(slots: Slots, rows: int) -> InputError:
    return InputError(f"slots: expected rows 0 to {rows - 1} of the cache, got {slots.tolist()}")


def _readable(cache: Cache) -> NDArray[np.uint8]:
    """The cache's memory, copied if it may not be changed, such as bytes from a store, or is not contiguous."""
    rows: NDArray[np.uint8] = cache.numpy() if isinstance(cache, Tensor) else cache
    return rows if rows.flags.carray else np.array(rows, order="C")


def _changeable(cache: Cache) -> NDArray[np.uint8]:
    """The cache's memory, which must be changed where it lies."""
    rows: NDArray[np.uint8] = cache.numpy() if isinstance(cache, Tensor) else cache
    if rows.dtype != np.uint8 or rows.ndim != 2 or not rows.flags.carray:
        raise InputError(f"cache: expected contiguous rows of uint8 that may be changed, got {rows.shape} {rows.dtype}")
    return rows


def _slots(slots: Slots) -> Slots:
    return np.array(slots, dtype=np.int64, order="C", copy=None)


def _floats(values: Floats) -> Floats:
    return np.array(values, dtype=np.float32, order="C")
