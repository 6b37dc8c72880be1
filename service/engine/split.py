"""From a network's prediction to each ticket's result: arrays on the host, checked row by row."""

import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.errors import Unprocessable
from service.scheduling.entry import QueueEntry
from service.scheduling.job import Floats, Outcome, Result
from statecast.uncertainty.prediction import Prediction


class Tensor(Protocol):
    """What is needed of a tensor here, so that only the engine knows torch."""

    def cpu(self) -> "Tensor":
        """Copy to the host."""

    def numpy(self) -> NDArray[np.float64]:
        """View as an array."""


class Results:
    """The forecasts of a batch's rows as arrays, dealt out to their tickets.

    prediction: of the network's own horizon, for its attention.  quantiles: ``[M, F, Q]``.  mean: ``[M, F]``.
    baseline: ``[M, F]`` seasonal naive.  seasonal_error: ``[M]``.
    """

    def __init__(
        self, prediction: Prediction, quantiles: Tensor, mean: Tensor, *, baseline: Tensor, seasonal_error: Tensor
    ) -> None:
        self.quantiles: NDArray[np.float64] = quantiles.cpu().numpy()
        self.mean: NDArray[np.float64] = mean.cpu().numpy()
        self.baseline = baseline.cpu().numpy()
        self.seasonal_error = seasonal_error.cpu().numpy()
        self.attention: dict[str, Floats] = {
            "experts": prediction.expert_weights.cpu().numpy(),
            "resolutions": prediction.resolution_weights.cpu().numpy(),
        }
        self.shares: dict[str, dict[str, Floats]] = {
            "time": {str(age): weights.cpu().numpy() for age, weights in prediction.time_weights.items()},
            "features": {name: weights.cpu().numpy() for name, weights in prediction.feature_weights.items()},
        }
        finite = np.isfinite(self.quantiles).all(axis=(1, 2)) & np.isfinite(self.mean).all(axis=1)
        self.finite: NDArray[np.bool_] = np.asarray(finite)

    def of(self, rows: slice, ticket: QueueEntry[Outcome], began: float) -> Result | Unprocessable:
        """Give the result of a ticket whose variables are these rows; a row that is not finite is an error.

        ``began``: ``time.perf_counter()`` when its batch began.
        """
        if not self.finite[rows].all():
            return Unprocessable(
                "target: expected values that a forecast can be made from, but it came out as not a number; is a "
                "variable missing throughout, or are values near the limit of float32? Rescale or leave them out",
                code="not_forecastable",
            )
        return Result(
            quantiles=self.quantiles[rows],
            mean=self.mean[rows],
            baseline=self.baseline[rows],
            seasonal_error=self.seasonal_error[rows],
            attention={name: weights[rows] for name, weights in self.attention.items()},
            shares={kind: {name: one[rows] for name, one in part.items()} for kind, part in self.shares.items()},
            queue_ms=1e3 * ((ticket.begun or ticket.queued) - ticket.queued),
            compute_ms=1e3 * (time.perf_counter() - began),
        )
