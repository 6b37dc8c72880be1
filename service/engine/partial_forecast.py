"""What is kept of a forecast between two of its horizons, and what a whole batch of them came to."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from service.errors import Unprocessable
from service.scheduling.forecast_result import ForecastResult
from statecast.models.forecast_arrays import ForecastArrays


@dataclass(frozen=True, eq=False)
class PartialForecast:
    """A forecast of V rows that goes on past the horizons it has.

    Parameters
    ----------
    observed : Tensor, ``[V, bytes]``
        State after the history, which is what a session keeps.
    rolled : Tensor, ``[V, bytes]``
        State that the last horizon was forecast from.
    near : ForecastArrays
        The first horizon of F steps.
    baseline : array of float64, ``[V, H]``
        Seasonal naive forecast of all horizons; apart, so that no horizon has to look at those of all others.
    quantiles : tuple of array of float64, each ``[V, F, Q]``
        One per horizon.
    mean : tuple of array of float64, each ``[V, F]``
        One per horizon.
    """

    observed: Tensor
    rolled: Tensor
    near: ForecastArrays
    baseline: NDArray[np.float64]
    quantiles: tuple[NDArray[np.float64], ...]
    mean: tuple[NDArray[np.float64], ...]

    @classmethod
    def start(cls, rows: Tensor, near: ForecastArrays, steps: int) -> "PartialForecast":
        """Begin with the first horizon.

        Parameters
        ----------
        rows : Tensor, ``[V, bytes]``
            State after the history.
        near : ForecastArrays
            What was forecast from it.
        steps : int
            Of all horizons.

        Returns
        -------
        PartialForecast
            With one horizon.
        """
        own = near._replace(baseline=near.baseline[:, : near.mean.shape[1]])
        return cls(rows, rows, own, near.baseline[:, :steps], (near.quantiles,), (near.mean,))

    def extended(self, rolled: Tensor, found: ForecastArrays) -> "PartialForecast":
        """Add the next horizon.

        Parameters
        ----------
        rolled : Tensor, ``[V, bytes]``
            State that it was forecast from.
        found : ForecastArrays
            Its forecast.

        Returns
        -------
        PartialForecast
            With one horizon more.
        """
        return replace(self, rolled=rolled, quantiles=(*self.quantiles, found.quantiles), mean=(*self.mean, found.mean))


def finished(parts: Sequence[PartialForecast]) -> ForecastArrays:
    """Put forecasts that have all their horizons together.

    Parameters
    ----------
    parts : sequence of PartialForecast
        With equally many horizons.

    Returns
    -------
    ForecastArrays
        Rows in the order of the parts.
    """
    quantiles = np.concatenate([np.concatenate(part.quantiles, axis=1) for part in parts])
    mean = np.concatenate([np.concatenate(part.mean, axis=1) for part in parts])
    finite = np.isfinite(quantiles).all(axis=(1, 2)) & np.isfinite(mean).all(axis=1)
    return ForecastArrays.join([part.near for part in parts])._replace(
        quantiles=quantiles, mean=mean, finite=finite, baseline=np.concatenate([part.baseline for part in parts])
    )


def result_of(found: ForecastArrays, began: float) -> ForecastResult:
    """Give what a batch came to.

    Parameters
    ----------
    found : ForecastArrays
        Of all its rows.
    began : float
        ``time.perf_counter()`` when the batch began.

    Returns
    -------
    ForecastResult
        The same arrays.
    """
    return ForecastResult(
        quantiles=found.quantiles,
        mean=found.mean,
        baseline=found.baseline,
        seasonal_error=found.seasonal_error,
        finite=found.finite,
        autocorrelation=found.autocorrelation,
        attention={"experts": found.naive_forecast_weights, "resolutions": found.resolution_weights},
        shares={
            "time": {str(age): weights for age, weights in found.time_weights.items()},
            "features": found.feature_weights,
        },
        compute_ms=1e3 * (time.perf_counter() - began),
    )


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
