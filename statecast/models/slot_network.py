"""A network whose states lie in the rows of a cache, and that works there: what a server calls, arrays in, arrays out.

``prime`` and ``decode`` take states and give new ones, which for one observation copies more than it computes. Here a
cache holds the rows of all series, and a call says which rows it reads and which it writes. ``EagerSlots`` does so for
any network on any device; ``statecast.compiled.slot_network`` gives the quickest form that a network has.
"""

from abc import ABC, abstractmethod
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.config import ForecasterConfig
from statecast.models.forecast_arrays import ForecastArrays
from statecast.state.state import StateSpec
from statecast.uncertainty.spread import Spread

Cache: TypeAlias = NDArray[np.uint8] | Tensor
"""Rows of state ``[N, bytes]`` uint8: an array, or a tensor where the network is not on the CPU."""
Slots: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float32]
Booleans: TypeAlias = NDArray[np.bool_]


class SlotNetwork(ABC):
    """A network on the rows of a cache. Shapes: B rows, T steps, F steps to come, Ck columns known ahead.

    What a row comes to never depends on the others of its call. Nothing of a state is changed but the rows written.

    Attributes
    ----------
    config : ForecasterConfig
        The network's.
    spec : StateSpec
        Layout of a row.
    spread_growth : float
        See ``Calibration``.
    tail_exponents : tuple of float
        Likewise.
    """

    config: ForecasterConfig
    spec: StateSpec
    spread_growth: float
    tail_exponents: tuple[float, float]

    @abstractmethod
    def new_cache(self, rows: int) -> Cache:
        """Make a cache where this network works.

        Parameters
        ----------
        rows : int
            How many, N.

        Returns
        -------
        Cache
            Zeros; no row is a state before it has been written.
        """

    @abstractmethod
    def begin_slots(self, cache: Cache, slots: Slots, time_index: NDArray[np.int64], static: Floats) -> None:
        """Write states of series of which nothing has been seen.

        Parameters
        ----------
        cache : Cache
            Changed in place.
        slots : NDArray
            ``[B]`` int64, rows to write.
        time_index : NDArray
            ``[B]`` int64, absolute index of the step before the first.
        static : NDArray
            ``[B, Cs]`` float32, encoded static covariates.
        """

    @abstractmethod
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
        """Advance states by T steps, any number, in one pass.

        Parameters
        ----------
        cache : Cache
            Changed in place.
        read : NDArray
            ``[B]`` int64, rows to go on from; those that are not written as well stay as they are.
        write : NDArray
            ``[B]`` int64, where each goes, each row once: the row itself that it goes on from, or one that nobody
            reads in this call.
        target : NDArray
            ``[B, T]`` float32, NaN where missing; T is at least 1.
        past : NDArray
            ``[B, T, Cp]`` float32, encoded past covariates.
        known : NDArray
            ``[B, T, Ck]`` float32, calendar features, then encoded future covariates.
        mixed_frequency : NDArray or None
            ``[B, T, G]`` float32; see ``Observations``.
        coarse_history : NDArray or None
            ``[B, G, K]`` float32; see ``Observations``.
        final : NDArray or None
            ``[B]`` bool, rows that are forecast from and then forgotten, such as those of a history that comes whole:
            what no forecast of them depends on may be left out. The forecasts are the same to the bit; to advance such
            a row again is an error that nothing notices. None for none.

        Raises
        ------
        InputError
            If shapes do not go together or are not the network's, or a slot is no row of the cache.
        """

    @abstractmethod
    def forecast_slots(self, cache: Cache, slots: Slots, future: Floats, baseline: int = 0) -> ForecastArrays:
        """Forecast from states.

        Parameters
        ----------
        cache : Cache
            Only read.
        slots : NDArray
            ``[B]`` int64, rows to forecast from, in any order and any number of times.
        future : NDArray
            ``[B, F, Ck]`` float32, covariates known of the horizon; F, at most the network's horizon, is how far the
            forecast reaches.
        baseline : int
            Steps of the seasonal naive forecast that are wanted, which may be more than F.

        Returns
        -------
        ForecastArrays
            In memory of their own.

        Raises
        ------
        InputError
            If shapes do not go together or are not the network's, or a slot is no row of the cache.
        """

    def roll_slots(
        self,
        cache: Cache,
        read: Slots,
        write: Slots,
        near: ForecastArrays,
        median: NDArray[np.float64],
        reached: NDArray[np.int64],
        before: Floats,
        future: Floats,
    ) -> ForecastArrays:
        """Forecast the next horizon past the last one: the network reads its own median; see ``RollOut``.

        Parameters
        ----------
        cache : Cache
            Changed in place.
        read : NDArray
            ``[B]`` int64, rows that the last horizon was forecast from.
        write : NDArray
            ``[B]`` int64, where the states at its end go, as in ``advance_slots``; the next horizon but one goes on
            from there.
        near : ForecastArrays
            What these rows forecast at first, of a whole horizon of the network, F steps.
        median : NDArray
            ``[B, F]``, the median of the last horizon.
        reached : NDArray
            ``[B]`` int64, steps ahead up to the end of the last horizon.
        before : NDArray
            ``[B, F, Ck]`` float32, what was known of those steps.
        future : NDArray
            ``[B, G, Ck]`` float32, covariates known of the G steps that follow, F at most.

        Returns
        -------
        ForecastArrays
            Of the G steps; quantiles and mean lie as far from the median as ``near`` and the distance say.
        """
        middle = self.config.quantile_levels.index(0.5)
        past = np.zeros((*median.shape, self.config.past_width), np.float32)
        self.advance_slots(cache, read, write, median.astype(np.float32), past, before)
        found = self.forecast_slots(cache, write, future)
        first = torch.from_numpy(near.quantiles), torch.from_numpy(near.mean)
        spread = Spread.of(*first, middle, self.config.season, torch.tensor(self.spread_growth))
        around = spread.around(torch.from_numpy(found.quantiles[..., middle]), torch.from_numpy(reached))
        return found._replace(quantiles=around[0].numpy(), mean=around[1].numpy())
