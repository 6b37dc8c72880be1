"""What is kept of the forecasts of a pass: those at requested levels, or how surprising what came was."""

from collections.abc import Sequence
from copy import copy
from typing import Protocol, TypeVar

import numpy as np

from service.backtests.prepared import PreparedSeries
from service.sessions.series_input import Doubles
from statecast.backtest.carried_pass import CarriedBlock
from statecast.uncertainty.quantile_levels import quantiles_at
from statecast.uncertainty.surprise import quantile_at, surprise

C = TypeVar("C", bound="Collected")


class Collected(Protocol):
    """What is kept of B rows; filled on the engine's thread."""

    def add(self, block: CarriedBlock) -> None:
        """Keep what is wanted of some cut-offs.

        Parameters
        ----------
        block : CarriedBlock
            Their forecasts.
        """

    def part(self: C, rows: slice) -> C:
        """Give what belongs to one series.

        Parameters
        ----------
        rows : slice
            Its variables.
        """


class Forecasts:
    """Forecasts at requested levels; B rows, N cut-offs, F steps, Q levels.

    Parameters
    ----------
    series : sequence of PreparedSeries
        With B variables in all and equal cut-offs, of one model.
    levels : tuple of float
        The Q requested ones.

    Attributes
    ----------
    numbers : array of float64, ``[B, N, F, 1 + Q]``
        Mean and quantiles.
    median : array of float64, ``[B, N, F]``
        The quantile nearest to 0.5.
    seasonal_error : array of float64, ``[B, N]``
        See ``CarriedBlock``.
    """

    def __init__(self, series: Sequence[PreparedSeries], levels: tuple[float, ...]) -> None:
        model = series[0].model
        trained = model.config.quantile_levels
        self._trained, self._exponents, self._levels = trained, model.tail_exponents, levels
        self._middle = min(range(len(trained)), key=lambda at: abs(trained[at] - 0.5))
        rows, cutoffs = sum(len(one.variables) for one in series), series[0].cutoffs
        self.numbers = np.empty((rows, cutoffs.count, cutoffs.horizon, 1 + len(levels)))
        self.median = np.empty((rows, cutoffs.count, cutoffs.horizon))
        self.seasonal_error = np.empty((rows, cutoffs.count))

    def add(self, block: CarriedBlock) -> None:
        """See ``Collected.add``."""
        own = slice(block.first, block.first + block.mean.shape[1])
        same = self._levels == self._trained
        self.numbers[:, own, :, 0] = block.mean
        self.numbers[:, own, :, 1:] = (
            block.quantiles if same else quantiles_at(block.quantiles, self._trained, self._levels, self._exponents)
        )
        self.median[:, own] = block.quantiles[..., self._middle]
        self.seasonal_error[:, own] = block.seasonal_error

    def part(self, rows: slice) -> "Forecasts":
        """See ``Collected.part``."""
        found = copy(self)
        found.numbers, found.median = self.numbers[rows], self.median[rows]
        found.seasonal_error = self.seasonal_error[rows]
        return found

    def at_levels(self, order: Sequence[int]) -> "Forecasts":
        """Give the same with its quantiles in another order.

        Parameters
        ----------
        order : sequence of int
            Places of the levels.
        """
        found = copy(self)
        if list(order) != list(range(len(order))):
            found.numbers = self.numbers[..., [0, *(1 + place for place in order)]]
        return found


class Surprises:
    """How values fell in the forecasts made one step before them; B rows, N values.

    Parameters
    ----------
    series : sequence of PreparedSeries
        With B variables in all and equal cut-offs, a step apart, with a horizon of 1, of one model.
    level : float
        Percent of the interval, such as 99.

    Attributes
    ----------
    numbers : array of float64, ``[B, N, 3]``
        Mean, and both ends of the interval.
    surprise : array of float64, ``[B, N]``
        See ``statecast.uncertainty.surprise``.
    """

    def __init__(self, series: Sequence[PreparedSeries], level: float) -> None:
        model = series[0].model
        self._trained, self._exponents = model.config.quantile_levels, model.tail_exponents
        self._ends = 0.5 - level / 200, 0.5 + level / 200
        self._actual = np.concatenate([one.actual[..., 0] for one in series])
        self.numbers = np.empty((*self._actual.shape, 3))
        self.surprise = np.empty(self._actual.shape)

    def add(self, block: CarriedBlock) -> None:
        """See ``Collected.add``."""
        own, quantiles = slice(block.first, block.first + block.mean.shape[1]), block.quantiles[:, :, 0]
        self.numbers[:, own, 0] = block.mean[..., 0]
        for place, level in enumerate(self._ends, start=1):
            self.numbers[:, own, place] = quantile_at(quantiles, self._trained, level, self._exponents)
        actual, usual = self._actual[:, own], block.seasonal_error
        self.surprise[:, own] = surprise(quantiles, actual, self._trained, self._exponents, usual)

    def flags(self) -> Doubles:
        """Whether each value lies outside of the interval, ``[B, N]``: 1 or 0; NaN where it has no surprise."""
        outside = (self.surprise < self._ends[0]) | (self.surprise > self._ends[1])
        return np.where(np.isnan(self.surprise), np.nan, outside)

    def part(self, rows: slice) -> "Surprises":
        """See ``Collected.part``."""
        found = copy(self)
        found.numbers, found.surprise = self.numbers[rows], self.surprise[rows]
        return found
