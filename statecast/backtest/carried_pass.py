"""Forecasts at many cut-offs of series in one pass: the state is carried through them once, never begun anew."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statecast.backtest.cutoffs import Cutoffs, too_short
from statecast.backtest.whole_series import WholeSeries
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.slot_network import Floats, SlotNetwork

MOST_ROWS = 256
"""Forecasts that are made together."""
MOST_STEPS = 8_192
"""Rows times steps that are read between two looks at other work."""
FORECAST_STEPS = 32
"""Steps that take about as long as a forecast of one horizon."""


class CarriedBlock(NamedTuple):
    """Forecasts at n cut-offs that follow one another, of B rows: one per variable of each series.

    Parameters
    ----------
    first : int
        Number of the first cut-off.
    quantiles : NDArray
        ``[B, n, F, Q]`` float64, in the target's unit.
    mean : NDArray
        ``[B, n, F]`` float64.
    seasonal_error : NDArray
        ``[B, n]`` float64, mean absolute change over one season up to the cut-off; NaN while unknown.
    """

    first: int
    quantiles: NDArray[np.float64]
    mean: NDArray[np.float64]
    seasonal_error: NDArray[np.float64]


def carried_forecasts(
    slots: SlotNetwork, series: Sequence[WholeSeries], cutoffs: Cutoffs
) -> Iterator[CarriedBlock | None]:
    """Read series together and forecast each at its cut-offs.

    Parameters
    ----------
    slots : SlotNetwork
        What forecasts.
    series : sequence of WholeSeries
        Of any lengths that hold the cut-offs.
    cutoffs : Cutoffs
        Of all of them.

    Yields
    ------
    CarriedBlock or None
        Forecasts of cut-offs in their order; None after a piece of work that gave none, so that others get their turn.

    Raises
    ------
    InputError
        If a series is too short.
    """
    for one in series:
        if cutoffs.first(one.steps) < 1:
            raise too_short(one.steps, cutoffs)
    return _Pass(slots, series, cutoffs).run()


class _Pass:
    """Rows of a cache in groups of B: in group k the states at the k-th cut-off of a block."""

    def __init__(self, slots: SlotNetwork, series: Sequence[WholeSeries], cutoffs: Cutoffs) -> None:
        self._slots, self._series, self._cutoffs = slots, series, cutoffs
        rows = [len(one.target) for one in series]
        self._width = sum(rows)
        self._level = np.concatenate([one.level for one in series])
        config = slots.config
        apart = max(1, self._width * (cutoffs.step + FORECAST_STEPS))
        self._groups = max(1, min(cutoffs.count, MOST_ROWS // self._width, MOST_STEPS // apart))
        self._rolls = cutoffs.horizon > config.horizon
        self._cache = slots.new_cache(self._width * self._groups * (2 if self._rolls else 1))
        # Where the shared part of the series begins: at the first cut-off of each.
        begins = [cutoffs.first(one.steps) for one in series]
        self._target = np.concatenate([one.target[:, begin:] for one, begin in zip(series, begins, strict=True)])
        self._past = _per_row([one.past[begin:] for one, begin in zip(series, begins, strict=True)], rows)
        self._known = _per_row([one.known[begin:] for one, begin in zip(series, begins, strict=True)], rows)
        mixed = [
            one.mixed_frequency[:, begin:]
            for one, begin in zip(series, begins, strict=True)
            if one.mixed_frequency is not None
        ]
        self._mixed = np.concatenate(mixed) if mixed else None
        history = [one.coarse_history for one in series if one.coarse_history is not None]
        self._no_history = np.full_like(np.concatenate(history), np.nan) if history else None

    def run(self) -> Iterator[CarriedBlock | None]:
        yield from self._begin()
        cutoffs, state = self._cutoffs, self._group(0)
        for first in range(0, cutoffs.count, self._groups):
            count = min(self._groups, cutoffs.count - first)
            for number in range(count):
                if first + number:
                    after = self._group(number)
                    yield from self._read(state, after, (first + number - 1) * cutoffs.step)
                    state = after
            yield from self._forecast(first, count)

    def _group(self, number: int) -> NDArray[np.int64]:
        return np.arange(number * self._width, (number + 1) * self._width)

    def _begin(self) -> Iterator[None]:
        """Read each series up to its first cut-off; those of one length at once."""
        lengths: dict[int, list[tuple[WholeSeries, NDArray[np.int64]]]] = {}
        row = 0
        for one in self._series:
            rows = np.arange(row, row := row + len(one.target))
            lengths.setdefault(self._cutoffs.first(one.steps), []).append((one, rows))
        for steps, alike in lengths.items():
            yield from self._begin_alike(steps, alike)

    def _begin_alike(self, steps: int, alike: list[tuple[WholeSeries, NDArray[np.int64]]]) -> Iterator[None]:
        places, counts = np.concatenate([rows for _, rows in alike]), [len(rows) for _, rows in alike]
        before = np.repeat([one.before for one, _ in alike], counts).astype(np.int64)
        self._slots.begin_slots(self._cache, places, before, _per_row([one.static for one, _ in alike], counts))
        chunk = max(1, MOST_STEPS // len(places))
        for begin in range(0, steps, chunk):
            part = slice(begin, min(begin + chunk, steps))
            mixed = [one.mixed_frequency[:, part] for one, _ in alike if one.mixed_frequency is not None]
            history = [one.coarse_history for one, _ in alike if one.coarse_history is not None]
            joined = np.concatenate(history) if history else None
            self._slots.advance_slots(
                self._cache,
                places,
                places,
                np.concatenate([one.target[:, part] for one, _ in alike]),
                _per_row([one.past[part] for one, _ in alike], counts),
                _per_row([one.known[part] for one, _ in alike], counts),
                np.concatenate(mixed) if mixed else None,
                joined if joined is None or not begin else np.full_like(joined, np.nan),
            )
            yield None

    def _read(self, read: NDArray[np.int64], write: NDArray[np.int64], begin: int) -> Iterator[None]:
        """Carry the states of all rows from one cut-off to the next."""
        chunk = max(1, MOST_STEPS // self._width)
        end = begin + self._cutoffs.step
        for start in range(begin, end, chunk):
            part = slice(start, min(start + chunk, end))
            mixed = None if self._mixed is None else np.ascontiguousarray(self._mixed[:, part])
            parts = (self._target[:, part], self._past[:, part], self._known[:, part])
            target, past, known = map(np.ascontiguousarray, parts)
            self._slots.advance_slots(self._cache, read, write, target, past, known, mixed, self._no_history)
            read = write
            if part.stop < end:
                yield None

    def _forecast(self, first: int, count: int) -> Iterator[CarriedBlock | None]:
        cutoffs, config, rows = self._cutoffs, self._slots.config, np.arange(count * self._width)
        near = self._slots.forecast_slots(self._cache, rows, self._ahead(first, count, 0))
        quantiles, mean = [near.quantiles], [near.mean]
        read, write, middle = rows, rows + self._groups * self._width, config.quantile_levels.index(0.5)
        for reached in range(config.horizon, cutoffs.horizon, config.horizon):
            yield None
            found = self._slots.roll_slots(
                self._cache, read, write, near, quantiles[-1][..., middle], np.full(len(rows), reached),
                self._ahead(first, count, reached - config.horizon), self._ahead(first, count, reached),
            )  # fmt: skip
            read = write
            quantiles.append(found.quantiles)
            mean.append(found.mean)
        yield self._block(first, count, near, quantiles, mean)

    def _ahead(self, first: int, count: int, skip: int) -> Floats:
        """What is known of one horizon, ``[n B, f, Ck]``, a cut-off after the other."""
        cutoffs = self._cutoffs
        steps = min(cutoffs.horizon - skip, self._slots.config.horizon)
        begins = (first + np.arange(count)) * cutoffs.step + skip
        return np.concatenate([self._known[:, begin : begin + steps] for begin in begins.tolist()])

    def _block(
        self,
        first: int,
        count: int,
        near: ForecastArrays,
        quantiles: list[NDArray[np.float64]],
        mean: list[NDArray[np.float64]],
    ) -> CarriedBlock:
        def by_row(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return values.reshape(count, self._width, *values.shape[1:]).swapaxes(0, 1)

        whole, means = by_row(np.concatenate(quantiles, axis=1)), by_row(np.concatenate(mean, axis=1))
        level = self._level[:, None, None]
        return CarriedBlock(first, whole + level[..., None], means + level, by_row(near.seasonal_error))


def _per_row(parts: Sequence[Floats], rows: Sequence[int]) -> Floats:
    """Stack what the variables of a series share, once per variable."""
    stacked = np.stack(parts)
    return stacked if len(parts) == sum(rows) else np.repeat(stacked, rows, axis=0)
