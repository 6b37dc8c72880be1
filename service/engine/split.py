"""From a network's prediction to arrays on the host, checked row by row."""

import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.errors import Unprocessable
from service.scheduling.forecast_result import ForecastResult
from statecast.uncertainty.prediction import Prediction


class Tensor(Protocol):
    """What is needed of a tensor here, so that only the engine knows torch."""

    def cpu(self) -> "Tensor":
        """Copy to the host."""

    def numpy(self) -> NDArray[np.float64]:
        """View as an array."""


def result_of(
    prediction: Prediction,
    quantiles: Tensor,
    mean: Tensor,
    *,
    baseline: Tensor,
    seasonal_error: Tensor,
    began: float,
) -> ForecastResult:
    """Bring the forecasts of a batch to the host.

    Parameters
    ----------
    prediction : Prediction
        Of the network's own horizon; its attention is read.
    quantiles, mean, baseline, seasonal_error : Tensor
        As in ``ForecastResult``.
    began : float
        ``time.perf_counter()`` when the batch began.
    """
    values = quantiles.cpu().numpy()
    means = mean.cpu().numpy()
    finite = np.isfinite(values).all(axis=(1, 2)) & np.isfinite(means).all(axis=1)
    return ForecastResult(
        quantiles=values,
        mean=means,
        baseline=baseline.cpu().numpy(),
        seasonal_error=seasonal_error.cpu().numpy(),
        finite=np.asarray(finite),
        attention={
            "experts": prediction.naive_forecast_weights.cpu().numpy(),
            "resolutions": prediction.resolution_weights.cpu().numpy(),
        },
        shares={
            "time": {str(age): weights.cpu().numpy() for age, weights in prediction.time_weights.items()},
            "features": {name: weights.cpu().numpy() for name, weights in prediction.feature_weights.items()},
        },
        compute_ms=1e3 * (time.perf_counter() - began),
    )


def not_forecastable() -> Unprocessable:
    """Say that a row is not finite, and what may be the reason."""
    return Unprocessable(
        "target: expected values that a forecast can be made from, but it came out as not a number; is a variable "
        "missing throughout, or are values near the limit of float32? Rescale them or leave them out",
        code="not_forecastable",
    )
