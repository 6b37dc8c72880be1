"""Forecasts of a batch on the host, and what is kept of one between two of its horizons."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from service.errors import Unprocessable
from service.scheduling.entry import Entry
from service.scheduling.forecast_result import Floats, ForecastResult
from statecast.models.interface import SeriesNetwork
from statecast.models.roll_out import RollOut
from statecast.state.state import State
from statecast.uncertainty.prediction import Prediction

Attention = dict[str, Floats]
Shares = dict[str, dict[str, Floats]]


@dataclass(frozen=True, eq=False)
class PartialForecast:
    """A forecast of V rows that goes on past the horizons it has.

    Parameters
    ----------
    observed : Tensor, ``[V, bytes]``
        State after the history, which is what a session keeps.
    roll : RollOut
        Where the forecast has come to.
    quantiles : tuple of array of float64, each ``[V, H, Q]``
        One per horizon of H steps.
    mean : tuple of array of float64, each ``[V, H]``
        One per horizon.
    attention : dict of str to array
        Of the first horizon, as in ``ForecastResult``.
    shares : dict of str to dict
        Of the first horizon, as in ``ForecastResult``.
    """

    observed: Tensor
    roll: RollOut
    quantiles: tuple[NDArray[np.float64], ...]
    mean: tuple[NDArray[np.float64], ...]
    attention: Attention
    shares: Shares

    @classmethod
    def start(cls, roll: RollOut, rows: slice, attention: Attention, shares: Shares) -> "PartialForecast":
        """Take some rows of a batch whose first horizon is forecast.

        Parameters
        ----------
        roll : RollOut
            The batch.
        rows : slice
            Those of one series.
        attention : dict of str to array
            Of the batch.
        shares : dict of str to dict
            Of the batch.

        Returns
        -------
        PartialForecast
            With one horizon.
        """
        part = roll.rows(rows)
        return cls(
            part.state.rows,
            part,
            (part.quantiles.cpu().numpy(),),
            (part.mean.cpu().numpy(),),
            {name: weights[rows] for name, weights in attention.items()},
            {kind: {name: weights[rows] for name, weights in entries.items()} for kind, entries in shares.items()},
        )

    def extended(self, roll: RollOut, rows: slice) -> "PartialForecast":
        """Add the next horizon.

        Parameters
        ----------
        roll : RollOut
            A batch that was rolled on.
        rows : slice
            Those of this series.

        Returns
        -------
        PartialForecast
            With one horizon more.
        """
        part = roll.rows(rows)
        quantiles = (*self.quantiles, part.quantiles.cpu().numpy())
        mean = (*self.mean, part.mean.cpu().numpy())
        return PartialForecast(self.observed, part, quantiles, mean, self.attention, self.shares)


def together(batch: Sequence[Entry]) -> RollOut:
    """Put the forecasts of a batch together where they have come to.

    Parameters
    ----------
    batch : sequence of QueueEntry
        Each with a ``PartialForecast``.

    Returns
    -------
    RollOut
        Rows in the order of the entries.
    """
    return RollOut.join([cast(PartialForecast, entry.partial_state).roll for entry in batch])


def attention_of(prediction: Prediction) -> tuple[Attention, Shares]:
    """Bring the weights of a batch's first horizon to the host.

    Parameters
    ----------
    prediction : Prediction
        Of the batch.

    Returns
    -------
    dict of str to array
        Weights by segment, as in ``ForecastResult``.
    dict of str to dict
        Weights that all segments share, as in ``ForecastResult``.
    """
    attention = {
        "experts": prediction.naive_forecast_weights.cpu().numpy(),
        "resolutions": prediction.resolution_weights.cpu().numpy(),
    }
    shares = {
        "time": {str(age): weights.cpu().numpy() for age, weights in prediction.time_weights.items()},
        "features": {name: weights.cpu().numpy() for name, weights in prediction.feature_weights.items()},
    }
    return attention, shares


def result_of(
    network: SeriesNetwork,
    observed: State,
    quantiles: NDArray[np.float64],
    mean: NDArray[np.float64],
    weights: tuple[Attention, Shares],
    began: float,
) -> ForecastResult:
    """Bring the forecasts of a batch to the host.

    Parameters
    ----------
    network : SeriesNetwork
        What forecast.
    observed : State
        M rows, after the history.
    quantiles : array of float64, ``[M, F, Q]``
        In the target's unit.
    mean : array of float64, ``[M, F]``
        In the target's unit.
    weights : tuple of dict
        See ``attention_of``.
    began : float
        ``time.perf_counter()`` when the batch began.

    Returns
    -------
    ForecastResult
        Of all M rows.
    """
    attention, shares = weights
    return ForecastResult(
        quantiles=quantiles,
        mean=mean,
        baseline=network.seasonal_naive(observed, mean.shape[1]).cpu().numpy(),
        seasonal_error=network.seasonal_error(observed).cpu().numpy(),
        finite=np.asarray(np.isfinite(quantiles).all(axis=(1, 2)) & np.isfinite(mean).all(axis=1)),
        autocorrelation=network.autocorrelation(observed).cpu().numpy(),
        attention=attention,
        shares=shares,
        compute_ms=1e3 * (time.perf_counter() - began),
    )


def finished_result(network: SeriesNetwork, parts: Sequence[PartialForecast], began: float) -> ForecastResult:
    """Put forecasts that have all their horizons together.

    Parameters
    ----------
    network : SeriesNetwork
        What forecast.
    parts : sequence of PartialForecast
        With equally many horizons.
    began : float
        ``time.perf_counter()`` when the batch began.

    Returns
    -------
    ForecastResult
        Rows in the order of the parts.
    """
    observed = State(parts[0].roll.state.spec, torch.cat([part.observed for part in parts]))
    attention = {name: np.concatenate([part.attention[name] for part in parts]) for name in parts[0].attention}
    shares = {
        kind: {name: np.concatenate([part.shares[kind][name] for part in parts]) for name in entries}
        for kind, entries in parts[0].shares.items()
    }
    quantiles = np.concatenate([np.concatenate(part.quantiles, axis=1) for part in parts])
    mean = np.concatenate([np.concatenate(part.mean, axis=1) for part in parts])
    return result_of(network, observed, quantiles, mean, (attention, shares), began)


def not_forecastable() -> Unprocessable:
    """Make the refusal of rows that are not finite, with what may be the reason.

    Returns
    -------
    Unprocessable
        Not raised yet.
    """
    return Unprocessable(
        "target: expected values that a forecast can be made from, but it came out as not a number; is a variable "
        "missing throughout, or are values near the limit of float32? Rescale them or leave them out",
        code="not_forecastable",
    )
