"""A network on the rows of a cache, whose steps and forecasts are replayed as graphs."""

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.errors import InputError
from statecast.graphed.buckets import deal
from statecast.graphed.capture import out_of_memory, that_fit
from statecast.graphed.programs import Programs, looks_of
from statecast.models.eager_slots import EagerSlots
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.interface import SeriesNetwork
from statecast.models.slot_network import Booleans, Cache, Floats, Slots
from statecast.state.lookback import Observations

SIZES = (1, 4, 16, 64, 256, 1024, 4096)
"""Batch sizes that are captured, unless others are wanted."""
_log = logging.getLogger(__name__)


class GraphedSlots(EagerSlots):
    """Replays single steps and forecasts; everything else runs eagerly.

    Parameters
    ----------
    network : SeriesNetwork
        In evaluation mode, on its device; it is called, not copied. On a CPU nothing is captured, and each call does
        the same work anew: for tests.
    sizes : sequence of int
        Batch sizes to capture, ascending; those that do not fit into memory are left out.
    bfloat16 : bool
        Whether products are computed in bfloat16; what it costs is logged, see ``bfloat16_error``.

    Notes
    -----
    Graphs are captured on a cache's memory when the cache is made. Rows of one that was made elsewhere, such as a
    server's, which grows, are copied to such a cache and back; it is made at the first of these calls. Before each step
    the rows' clocks are looked at, 8 bytes each, because a step at which no hindcast matures is a fraction of one at
    which some do.

    Examples
    --------
    >>> from statecast import Forecaster, ForecasterConfig
    >>> network = Forecaster(ForecasterConfig(freq=None, horizon=4, season=1, lookback_length=32)).eval()
    >>> slots = GraphedSlots(network, sizes=(1, 4))
    >>> cache, three = slots.new_cache(8), np.array([3, 1, 6])
    >>> slots.begin_slots(cache, three, np.full(3, -1), np.zeros((3, 0), np.float32))
    >>> nothing = np.zeros((3, 4, 0), np.float32)
    >>> slots.advance_slots(cache, three, three, np.ones((3, 1), np.float32), nothing[:, :1], nothing[:, :1])
    >>> slots.forecast_slots(cache, three, nothing).quantiles.shape
    (3, 4, 9)
    """

    def __init__(self, network: SeriesNetwork, sizes: Sequence[int] = SIZES, bfloat16: bool = False) -> None:
        super().__init__(network)
        if not sizes or list(sizes) != sorted(set(sizes)) or sizes[0] < 1:
            raise InputError(f"sizes: expected ascending batch sizes above 0, got {tuple(sizes)}")
        self.sizes, self._bfloat16 = tuple(sizes), bfloat16
        self._programs: dict[int, dict[int, Programs]] = {}
        self._whole: dict[int, Tensor] = {}
        self._desk: Cache | None = None
        if bfloat16:
            _log.warning("bfloat16: quantiles differ by up to %.2g of a series' scale", self.bfloat16_error())

    def new_cache(self, rows: int) -> Cache:
        """See ``SlotNetwork.new_cache``; captures the graphs on it."""
        whole = torch.zeros((rows + 1, self.spec.row_bytes), dtype=torch.uint8, device=self._device)
        with torch.inference_mode():
            nobody = torch.zeros(1, dtype=torch.int64, device=self._device)
            whole[rows:] = self.network.fresh(nobody, whole.new_zeros((1, self.config.static_width)).float()).rows
        programs: dict[int, Programs] = {}
        pool = torch.cuda.graph_pool_handle() if self._device.type == "cuda" else None

        def build(size: int) -> None:
            programs[size] = Programs(self.network, whole, size, pool, self._bfloat16)

        fitting = that_fit(self.sizes, build)
        if fitting != self.sizes:
            _log.warning("graphs of %d rows and more do not fit into memory", self.sizes[len(fitting)])
        self._programs[whole.data_ptr()], self._whole[whole.data_ptr()] = programs, whole
        cache = whole[:rows]
        return cache.numpy() if self._device.type == "cpu" else cache

    def programs_of(self, cache: Cache) -> Mapping[int, Programs]:
        """Return what was captured on a cache.

        Parameters
        ----------
        cache : Cache
            One that ``new_cache`` gave.

        Returns
        -------
        mapping of int to Programs
            By batch size.
        """
        return self._programs[self._rows(cache).data_ptr()]

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
        """See ``SlotNetwork.advance_slots``; a batch too large for memory is read in halves."""
        rows, config = self._rows(cache), self.config
        arrays = {"target": target, "past": past, "known": known}
        groups = len(config.mixed_frequency)
        shapes = (len(read), 1), (len(read), 1, config.past_width), (len(read), 1, config.known_width)
        history = coarse_history is not None and coarse_history.size and not np.isnan(coarse_history).all()
        if history or (target.shape, past.shape, known.shape) != shapes:
            self._in_halves(cache, (read, write, target, past, known, mixed_frequency, coarse_history))
            return
        programs = self._programs.get(rows.data_ptr())
        if programs is None:
            there = self._places(rows, write)
            for part, desk, own in self._on_desk(rows, read):
                given = (array if array is None else array[part] for array in (target, past, known, mixed_frequency))
                self.advance_slots(desk, own, own, *given)  # type: ignore[arg-type]
                with torch.inference_mode():
                    rows.index_copy_(0, there[part], self._rows(desk)[: len(own)])
            return
        arrays["mixed_frequency"] = (
            np.full((len(read), 1, groups), np.nan, np.float32) if mixed_frequency is None else mixed_frequency
        )
        self._move(rows, read, write)
        for look, index in looks_of(self.network, self._clocks(rows, write)):
            for part, size in deal(len(index), tuple(programs)):
                own = index[part]
                programs[size].advance(look, write[own], {name: array[own] for name, array in arrays.items()})

    def forecast_slots(self, cache: Cache, slots: Slots, future: Floats, baseline: int = 0) -> ForecastArrays:
        """See ``SlotNetwork.forecast_slots``."""
        rows, config = self._rows(cache), self.config
        programs = self._programs.get(rows.data_ptr())
        usual = future.ndim == 3 and future.shape[::2] == (len(slots), config.known_width) and len(slots)
        if not usual or not 1 <= future.shape[1] <= config.horizon or baseline > config.horizon:
            return super().forecast_slots(cache, slots, future, baseline)
        if programs is None:
            return ForecastArrays.join(
                [self.forecast_slots(desk, own, future[p], baseline) for p, desk, own in self._on_desk(rows, slots)]
            )
        self._places(rows, slots)
        parts = [
            programs[size].forecast(slots[part], future[part], baseline)
            for part, size in deal(len(slots), tuple(programs))
        ]
        return ForecastArrays.join(parts)

    def bfloat16_error(self, rows: int = 64, steps: int = 200) -> float:
        """Measure what products in bfloat16 cost, on random walks.

        Parameters
        ----------
        rows : int
            How many.
        steps : int
            Their length.

        Returns
        -------
        float
            Largest difference of a quantile from that in float32, in units of the series' scale.
        """
        network, config, device = self.network, self.config, self._device
        with torch.inference_mode():
            walks = torch.randn((rows, steps), generator=torch.Generator().manual_seed(0)).cumsum(1).to(device)
            nothing = [walks.new_zeros((rows, steps, width)) for width in (config.past_width, config.known_width)]
            ahead = walks.new_zeros((rows, config.horizon, config.known_width))
            fresh = network.fresh(
                torch.zeros(rows, dtype=torch.int64, device=device), walks.new_zeros((rows, config.static_width))
            )
            exact = network.decode(network.prime(Observations(walks, *nothing), fresh), ahead)
            with torch.autocast(device.type, dtype=torch.bfloat16):
                rough = network.decode(network.prime(Observations(walks, *nothing), fresh), ahead)
            apart = (rough.quantiles() - exact.quantiles()).abs() / exact.scale.clamp_min(1e-12)[:, None, None]
            return float(apart.max())

    def _on_desk(self, rows: Tensor, slots: Slots) -> Iterator[tuple[slice, Cache, Slots]]:
        """Rows of a cache that was made elsewhere, brought some at a time to one on which graphs are captured."""
        if self._desk is None:
            self._desk = self.new_cache(self.sizes[-1])
        places, most = self._places(rows, slots), len(self._desk)
        for first in range(0, len(slots), most):
            part = slice(first, min(first + most, len(slots)))
            with torch.inference_mode():
                self._rows(self._desk)[: part.stop - first] = rows.index_select(0, places[part])
            yield part, self._desk, np.arange(part.stop - first)

    def _move(self, rows: Tensor, read: Slots, write: Slots) -> None:
        """Bring states to where they are to be written; there they are advanced."""
        there = self._places(rows, write)
        if not np.array_equal(read, write):
            with torch.inference_mode():
                rows.index_copy_(0, there, rows.index_select(0, self._places(rows, read)))

    def _clocks(self, rows: Tensor, slots: Slots) -> NDArray[np.int64]:
        with torch.inference_mode():
            begin = self.spec.offsets.get("time_index")
            if begin is None:
                return np.zeros(len(slots), np.int64)
            clocks = rows[:, begin : begin + 8].view(torch.int64)[:, 0]
            found: NDArray[np.int64] = clocks.index_select(0, self._there(slots)).cpu().numpy()
            return found

    def _in_halves(self, cache: Cache, parts: Sequence[NDArray[np.generic] | None]) -> None:
        try:
            super().advance_slots(cache, *parts)  # type: ignore[arg-type]
        except RuntimeError as error:
            count = len(parts[0]) if parts[0] is not None else 0
            if count < 2 or not out_of_memory(error):
                raise
            for half in _halves(count):
                self._in_halves(cache, [part if part is None else part[half] for part in parts])


def _halves(count: int) -> Iterator[slice]:
    yield slice(0, count // 2)
    yield slice(count // 2, count)
