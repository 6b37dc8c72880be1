"""A forecaster whose steps and forecasts are compiled: the same states, the same results, a fraction of the time."""

import numpy as np
import torch
from torch import Tensor

from statecast.compiled.slots import CompiledSlots
from statecast.models.forecast_arrays import ForecastArrays
from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from statecast.state.lookback import Observations
from statecast.state.state import State
from statecast.uncertainty.prediction import Prediction


class CompiledPrediction(Prediction):
    """A prediction of which quantiles and mean were computed on the way; one that is changed computes them anew."""

    computed: ForecastArrays | None = None

    def quantiles(self) -> Tensor:
        """See ``Prediction.quantiles``."""
        return torch.from_numpy(self.computed.quantiles) if self.computed else super().quantiles()

    def mean(self) -> Tensor:
        """See ``Prediction.mean``."""
        return torch.from_numpy(self.computed.mean) if self.computed else super().mean()


class CompiledForecaster(SeriesNetwork):
    """Stands in for the forecaster that it was compiled from: states of the one are states of the other, at any step.

    Weights are copied: what is changed in ``eager`` afterwards does not reach it. What is not on the path of serving,
    such as ``forward``, is the eager network's own. Results differ from its by less than 1e-5 of the series' scale.

    Parameters
    ----------
    eager : Forecaster
        One of which ``statecast.compiled.uncovered`` says nothing.
    threads : int, optional
        See ``compile_network``.

    Attributes
    ----------
    slots : CompiledSlots
        The same on rows of a cache, in arrays.
    """

    def __init__(self, eager: Forecaster, threads: int | None = None) -> None:
        super().__init__()
        self.eager, self.config, self.spec, self.calibration = eager, eager.config, eager.spec, eager.calibration
        self.slots = CompiledSlots(eager, threads)

    @property
    def streaming(self) -> str:
        """See ``SeriesNetwork.streaming``."""
        return self.eager.streaming

    def fresh(self, time_index: Tensor, static: Tensor) -> State:
        """See ``SeriesNetwork.fresh``."""
        return self.eager.fresh(time_index, static)

    def prime(self, observations: Observations, state: State) -> State:
        """See ``SeriesNetwork.prime``."""
        target, past, known = (part.numpy() for part in observations[:3])
        every, after = np.arange(len(state)), np.empty(state.rows.shape, np.uint8)
        self.slots.advance_rows(state.rows, every, after, every, target, past, known)
        return State(self.spec, torch.from_numpy(after))

    def decode(self, state: State, future: Tensor) -> Prediction:
        """See ``SeriesNetwork.decode``."""
        found, units = self.slots.forecast_rows(state.rows, np.arange(len(state)), future.numpy(), scaled=True)
        prediction = CompiledPrediction(
            torch.from_numpy(units.scaled.swapaxes(1, 2)),
            torch.from_numpy(units.scaling[:, 0]),
            torch.from_numpy(units.scaling[:, 1]),
            torch.from_numpy(found.naive_forecast_weights),
            torch.from_numpy(found.resolution_weights),
            self.config.quantile_levels,
            torch.from_numpy(units.raw.swapaxes(1, 2)),
            self.config.asinh_unit,
        )
        prediction.computed = found
        return prediction

    def forward(
        self, observations: Observations, state: State, future: Tensor, every: int = 1
    ) -> tuple[Prediction, State]:
        """See ``SeriesNetwork.forward``."""
        return self.eager.forward(observations, state, future, every)

    def seasonal_naive(self, state: State, horizon: int | None = None) -> Tensor:
        """See ``SeriesNetwork.seasonal_naive``."""
        return self.eager.seasonal_naive(state, horizon)

    def seasonal_error(self, state: State) -> Tensor:
        """See ``SeriesNetwork.seasonal_error``."""
        return self.eager.seasonal_error(state)

    def autocorrelation(self, state: State) -> Tensor:
        """See ``SeriesNetwork.autocorrelation``."""
        return self.eager.autocorrelation(state)

    def shape(self) -> dict[str, object]:
        """See ``SeriesNetwork.shape``."""
        return self.eager.shape()
