"""A forecast of many rows as arrays, with all that is read off their states beside it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class ForecastArrays(NamedTuple):
    """Forecasts of B rows; F steps, Q levels, S segments of the horizon.

    Parameters
    ----------
    quantiles : NDArray
        ``[B, F, Q]`` float64, calibrated, in the target's unit, ascending in Q.
    mean : NDArray
        ``[B, F]`` float64, likewise.
    finite : NDArray
        ``[B]`` bool, whether all quantiles and means of a row are numbers.
    seasonal_error : NDArray
        ``[B]`` float64, mean absolute change over one season so far, in the target's unit; NaN while unknown.
    autocorrelation : NDArray
        ``[B, horizon]`` float32, of the errors of one forecast as normal scores, by distance in steps; the network's
        whole horizon.
    baseline : NDArray
        ``[B, K]`` float64, the seasonal naive forecast of as many steps as were wanted, in the target's unit.
    naive_forecast_weights : NDArray
        ``[B, S, E]`` float32, shares of the naive forecasts.
    resolution_weights : NDArray
        ``[B, S, R]`` float32, shares of the resolutions.
    time_weights : Mapping of int to NDArray
        ``[B]`` each, as in ``Prediction``; empty where a network has none.
    feature_weights : Mapping of str to NDArray
        ``[B]`` each, likewise.
    """

    quantiles: NDArray[np.float64]
    mean: NDArray[np.float64]
    finite: NDArray[np.bool_]
    seasonal_error: NDArray[np.float64]
    autocorrelation: NDArray[np.float32]
    baseline: NDArray[np.float64]
    naive_forecast_weights: NDArray[np.float32]
    resolution_weights: NDArray[np.float32]
    time_weights: Mapping[int, NDArray[np.float32]] = {}
    feature_weights: Mapping[str, NDArray[np.float32]] = {}

    @classmethod
    def join(cls, parts: Sequence["ForecastArrays"]) -> "ForecastArrays":
        """Put forecasts of equally many steps together.

        Parameters
        ----------
        parts : Sequence of ForecastArrays
            Of one network.

        Returns
        -------
        ForecastArrays
            Their rows, one part after the other.
        """
        if len(parts) == 1:
            return parts[0]

        def joined(ones: Sequence[Any]) -> Any:
            if isinstance(ones[0], Mapping):
                return {key: np.concatenate([one[key] for one in ones]) for key in ones[0]}
            return np.concatenate(ones)

        return cls(*map(joined, zip(*parts, strict=True)))

    def rows(self, chosen: slice) -> "ForecastArrays":
        """Take some rows.

        Parameters
        ----------
        chosen : slice
            Which.

        Returns
        -------
        ForecastArrays
            Views into this one.
        """

        def taken(one: Any) -> Any:
            return {key: part[chosen] for key, part in one.items()} if isinstance(one, Mapping) else one[chosen]

        return ForecastArrays(*map(taken, self))

    def above(self, level: NDArray[np.float64]) -> "ForecastArrays":
        """Return forecasts of deviations as forecasts of values.

        Parameters
        ----------
        level : NDArray
            ``[B]`` float64, see ``statecast.inputs.level``; NaN where nothing was observed, as the forecast is.

        Returns
        -------
        ForecastArrays
            With the level added to quantiles, mean and baseline.
        """
        return self._replace(
            quantiles=self.quantiles + level[:, None, None],
            mean=self.mean + level[:, None],
            baseline=self.baseline + level[:, None],
        )
