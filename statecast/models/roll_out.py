"""Forecasts past the trained horizon, one horizon at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from statecast.models.interface import SeriesNetwork
from statecast.state.lookback import Observations
from statecast.state.state import State
from statecast.uncertainty.prediction import Prediction
from statecast.uncertainty.spread import Spread


@dataclass(frozen=True, eq=False)
class RollOut:
    """A forecast that rolls on: the state it has reached, its last horizon, and its first.

    Past the trained horizon the network goes on from its own median, a horizon at a time. How far the quantiles and the
    mean lie from that is what its first horizon says, carried on (``statecast.uncertainty.spread``): what it forecasts
    from its own medians takes these for certain.

    Parameters
    ----------
    state : State
        B rows: after the observations, and then after the medians of every horizon but the last.
    quantiles : Tensor, ``[B, h, Q]``, float64
        Quantiles of the last horizon in the target's unit.
    mean : Tensor, ``[B, h]``, float64
        Mean of the last horizon.
    near : Tensor, ``[B, F, Q + 1]``, float64
        Quantiles, and then the mean, of the first horizon.
    reached : Tensor, ``[B]``, int64
        Steps ahead that were forecast before the last horizon.
    """

    state: State
    quantiles: Tensor
    mean: Tensor
    near: Tensor
    reached: Tensor

    @classmethod
    def start(cls, state: State, near: Prediction) -> "RollOut":
        """Begin with the forecast of the first horizon.

        Parameters
        ----------
        state : State
            B rows, after the observations.
        near : Prediction
            The forecast made from ``state``.

        Returns
        -------
        RollOut
            At its first horizon.
        """
        quantiles, mean = near.quantiles(), near.mean()
        reached = torch.zeros(len(mean), dtype=torch.int64, device=mean.device)
        return cls(state, quantiles, mean, torch.cat([quantiles, mean[..., None]], dim=-1), reached)

    @classmethod
    def join(cls, parts: Sequence["RollOut"]) -> "RollOut":
        """Put several together, wherever each has come to.

        Parameters
        ----------
        parts : sequence of RollOut
            Of one network.

        Returns
        -------
        RollOut
            Their rows, one part after the other.
        """
        if len(parts) == 1:
            return parts[0]
        rows = torch.cat([part.state.rows for part in parts])
        names = ("quantiles", "mean", "near", "reached")
        return cls(
            State(parts[0].state.spec, rows), *(torch.cat([getattr(part, name) for part in parts]) for name in names)
        )

    def rows(self, chosen: slice) -> "RollOut":
        """Take some rows.

        Parameters
        ----------
        chosen : slice
            Which.

        Returns
        -------
        RollOut
            Views into this one.
        """
        return RollOut(
            State(self.state.spec, self.state.rows[chosen]),
            self.quantiles[chosen],
            self.mean[chosen],
            self.near[chosen],
            self.reached[chosen],
        )

    def advance(self, network: SeriesNetwork, before: Tensor, known: Tensor) -> "RollOut":
        """Forecast the next horizon.

        Parameters
        ----------
        network : SeriesNetwork
            What forecast the horizons so far.
        before : Tensor, ``[B, h, Ck]``
            Known covariates of the last horizon.
        known : Tensor, ``[B, f, Ck]``
            Known covariates of the next one; f is the trained horizon, or less for the end of the forecast.

        Returns
        -------
        RollOut
            At the next horizon.
        """
        config, reached = network.config, self.reached + before.shape[1]
        middle = config.quantile_levels.index(0.5)
        state = network.prime(_observed(network, self.quantiles[..., middle], before), self.state)
        median = network.decode(state, known).quantiles()[..., middle]
        near, growth = self.near, network.calibration.spread_growth
        spread = Spread.of(near[..., :-1], near[..., -1], middle, config.season, growth)
        return RollOut(state, *spread.around(median, reached), near, reached)


def roll_on(network: SeriesNetwork, state: State, future: Tensor, near: Prediction) -> tuple[Tensor, Tensor]:
    """Forecast any horizon at once; see ``RollOut``.

    Parameters
    ----------
    network : SeriesNetwork
        What forecasts.
    state : State
        B rows, after the observations.
    future : Tensor, ``[B, H, Ck]``
        Known covariates of the H steps ahead.
    near : Prediction
        The forecast of the first horizon from ``state``, or of all H steps where there are no more.

    Returns
    -------
    quantiles : Tensor, ``[B, H, Q]``
        Quantiles in the target's unit, float64.
    mean : Tensor, ``[B, H]``
        Mean forecast.
    """
    horizon = network.config.horizon
    roll = RollOut.start(state, near)
    quantiles, means = [roll.quantiles], [roll.mean]
    for begin in range(horizon, future.shape[1], horizon):
        roll = roll.advance(network, future[:, begin - horizon : begin], future[:, begin : begin + horizon])
        quantiles.append(roll.quantiles)
        means.append(roll.mean)
    return torch.cat(quantiles, dim=1), torch.cat(means, dim=1)


def direct_quantiles(network: SeriesNetwork, state: State, future: Tensor) -> tuple[Tensor, Tensor]:
    """Forecast any horizon from states alone: ``decode``, then ``roll_on``.

    Parameters
    ----------
    network : SeriesNetwork
        What forecasts.
    state : State
        B rows, after the observations.
    future : Tensor, ``[B, H, Ck]``
        Known covariates of the H steps ahead.

    Returns
    -------
    quantiles : Tensor, ``[B, H, Q]``
        Quantiles in the target's unit, float64.
    mean : Tensor, ``[B, H]``
        Mean forecast.
    """
    return roll_on(network, state, future, network.decode(state, future[:, : network.config.horizon]))


def _observed(network: SeriesNetwork, target: Tensor, known: Tensor) -> Observations:
    past = torch.zeros((*target.shape, network.config.past_width), device=target.device)
    return Observations(target.float(), past, known)
