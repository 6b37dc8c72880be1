"""What a notebook gets of an explanation: what a forecast was made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.plots.figure import Line, draw

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class SeriesExplanation:
    """What a forecast of F steps was made of, in S segments of the horizon.

    Parameters
    ----------
    mean : NDArray
        ``[F]``, the forecast.
    baseline : NDArray
        ``[F]``, the seasonal naive forecast, to compare with.
    resolutions : dict
        Resolution to ``[S]``, its share in what was remembered; they sum to 1.
    naive_forecasts : dict
        Naive forecast to ``[S]``, its share in what the network corrects; they sum to 1.
    time : dict
        Age in steps to its share, of a network that has attention over time.
    features : dict
        Feature to its share, of a network that has attention over features.
    """

    mean: NDArray[np.float64]
    baseline: NDArray[np.float64]
    resolutions: dict[str, Floats]
    naive_forecasts: dict[str, Floats]
    time: dict[str, float]
    features: dict[str, float]

    def plot(self) -> Any:
        """Draw the shares of the naive forecasts by segment of the horizon; see ``SeriesForecast.plot``."""
        return draw([Line(name, np.arange(1, len(own) + 1), own) for name, own in self.naive_forecasts.items()])
