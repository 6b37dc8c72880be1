"""Forecasts past the trained horizon, one horizon at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from statecast.models.interface import SeriesNetwork
from statecast.state.lookback import Observations
from statecast.state.state import State
from statecast.uncertainty.prediction import Prediction


@dataclass(frozen=True, eq=False)
class RollOut:
    """A forecast that rolls on: the state it has reached, and its last horizon.

    Past the trained horizon the network goes on from its own median, a horizon at a time; there each level lies at
    least as far from the median as it did a horizon earlier, because nothing became more certain since.

    Parameters
    ----------
    state : State
        B rows: after the observations, and then after the medians of every horizon but the last.
    quantiles : Tensor, ``[B, h, Q]``, float64
        Quantiles of the last horizon in the target's unit.
    mean : Tensor, ``[B, h]``, float64
        Mean of the last horizon.
    """

    state: State
    quantiles: Tensor
    mean: Tensor

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
        return cls(state, near.quantiles(), near.mean())

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
        middle = network.config.quantile_levels.index(0.5)
        state = network.prime(_observed(network, self.quantiles[..., middle], before), self.state)
        prediction = network.decode(state, known)
        now, last = prediction.quantiles(), self.quantiles[:, : known.shape[1]]
        centre, away = now[..., middle : middle + 1], last - last[..., middle : middle + 1]
        now = centre + torch.cat(
            [
                torch.minimum((now - centre)[..., :middle], away[..., :middle]),
                torch.zeros_like(centre),
                torch.maximum((now - centre)[..., middle + 1 :], away[..., middle + 1 :]),
            ],
            dim=-1,
        )
        return RollOut(state, now, prediction.mean())


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
