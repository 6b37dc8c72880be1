"""A forecaster whose steps and forecasts are compiled: the same states, the same results, a fraction of the time."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.compiled.build import entries
from statecast.compiled.network import pack_network
from statecast.errors import InputError
from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from statecast.state.lookback import Observations
from statecast.state.state import State
from statecast.uncertainty.prediction import Prediction


class ForecastArrays(NamedTuple):
    """A forecast of B rows as arrays.

    Parameters
    ----------
    quantiles : NDArray
        ``[B, F, Q]`` float64, calibrated, in the target's unit, ascending in Q.
    mean : NDArray
        ``[B, F]`` float64, likewise.
    scaled : NDArray
        ``[B, F, Q]`` float32, the quantiles in units of scale; see ``Prediction``.
    raw : NDArray
        As ``scaled``, before calibration.
    scaling : NDArray
        ``[B, 2]`` float64, ``loc`` and ``scale``.
    naive_forecast_weights : NDArray
        ``[B, S, E]`` float32 shares of the naive forecasts.
    resolution_weights : NDArray
        ``[B, S, R]`` float32 shares of the resolutions.
    """

    quantiles: NDArray[np.float64]
    mean: NDArray[np.float64]
    scaled: NDArray[np.float32]
    raw: NDArray[np.float32]
    scaling: NDArray[np.float64]
    naive_forecast_weights: NDArray[np.float32]
    resolution_weights: NDArray[np.float32]


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
    """

    def __init__(self, eager: Forecaster) -> None:
        super().__init__()
        self.eager, self.config, self.spec, self.calibration = eager, eager.config, eager.spec, eager.calibration
        arrays = pack_network(eager)
        self._network = (arrays.numbers, arrays.coarse, arrays.chosen, arrays.weights)
        self._masses, self._entries = arrays.masses, entries()

    @property
    def streaming(self) -> str:
        """See ``SeriesNetwork.streaming``."""
        return self.eager.streaming

    def advance_rows(
        self,
        rows: NDArray[np.uint8],
        target: NDArray[np.float32],
        past: NDArray[np.float32],
        known: NDArray[np.float32],
    ) -> NDArray[np.uint8]:
        """Advance rows of state; what ``prime`` does, in arrays.

        Parameters
        ----------
        rows : NDArray
            ``[B, bytes]`` uint8, which stay as they are.
        target : NDArray
            ``[B, T]`` float32, NaN where missing; T is at least 1.
        past : NDArray
            ``[B, T, Cp]`` float32, encoded past covariates.
        known : NDArray
            ``[B, T, Ck]`` float32, calendar features, then encoded future covariates.

        Returns
        -------
        NDArray
            The rows T steps later.

        Raises
        ------
        InputError
            If the shapes do not go together or are not the network's.
        """
        config, count = self.config, len(rows)
        steps = target.shape[1] if target.ndim == 2 else 0
        expected = (count, steps), (count, steps, config.past_width), (count, steps, config.known_width)
        if not steps or (target.shape, past.shape, known.shape) != expected or rows.shape[1] != self.spec.row_bytes:
            raise InputError(
                f"observations: expected target [B, T >= 1], past [B, T, {config.past_width}] and known "
                f"[B, T, {config.known_width}] beside rows [B, {self.spec.row_bytes}], got {target.shape}, "
                f"{past.shape}, {known.shape} and {rows.shape}"
            )
        after = np.empty_like(rows, order="C")
        self._entries.advance(*self._network, _own(rows), after, _floats(target), _floats(past), _floats(known))
        return after

    def forecast_rows(self, rows: NDArray[np.uint8], future: NDArray[np.float32]) -> ForecastArrays:
        """Forecast from rows of state; what ``decode`` does, in arrays.

        Parameters
        ----------
        rows : NDArray
            ``[B, bytes]`` uint8.
        future : NDArray
            ``[B, F, Ck]`` float32, covariates known of the horizon; F, at most the network's horizon, is how far the
            forecast reaches.

        Returns
        -------
        ForecastArrays
            The forecast of each row.

        Raises
        ------
        InputError
            If the shapes do not go together or are not the network's.
        """
        config = self.config
        count, steps = future.shape[:2]
        if (
            count != len(rows)
            or not 1 <= steps <= config.horizon
            or future.shape[2] != config.known_width
            or rows.shape[1] != self.spec.row_bytes
        ):
            raise InputError(
                f"future: expected [B, 1 to {config.horizon}, {config.known_width}] beside rows "
                f"[B, {self.spec.row_bytes}], got {future.shape} and {rows.shape}"
            )
        levels, segments = len(config.quantile_levels), -(-steps // config.segment_length)
        found = ForecastArrays(
            np.empty((count, steps, levels)),
            np.empty((count, steps)),
            np.empty((count, steps, levels), np.float32),
            np.empty((count, steps, levels), np.float32),
            np.empty((count, 2)),
            np.empty((count, segments, len(config.naive_forecasts)), np.float32),
            np.empty((count, segments, len(config.resolutions)), np.float32),
        )
        self._entries.forecast(*self._network, self._masses, _own(rows), _floats(future), *found)
        return found

    def fresh(self, time_index: Tensor, static: Tensor) -> State:
        """See ``SeriesNetwork.fresh``."""
        return self.eager.fresh(time_index, static)

    def prime(self, observations: Observations, state: State) -> State:
        """See ``SeriesNetwork.prime``."""
        target, past, known = (part.numpy() for part in observations[:3])
        return State(self.spec, torch.from_numpy(self.advance_rows(state.rows.numpy(), target, past, known)))

    def decode(self, state: State, future: Tensor) -> Prediction:
        """See ``SeriesNetwork.decode``."""
        found = self.forecast_rows(state.rows.numpy(), future.numpy())
        scaled, raw, scaling, naive, resolutions = (torch.from_numpy(part) for part in found[2:])
        prediction = CompiledPrediction(
            scaled,
            scaling[:, 0],
            scaling[:, 1],
            naive,
            resolutions,
            self.config.quantile_levels,
            raw,
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


def _own(rows: NDArray[np.uint8]) -> NDArray[Any]:
    """Rows as the compiled functions take them; read-only ones, such as bytes from a store, are copied."""
    return rows if rows.flags.c_contiguous and rows.flags.writeable else np.array(rows, order="C")


def _floats(values: NDArray[np.float32]) -> NDArray[np.float32]:
    usual = values.dtype == np.float32 and values.flags.carray
    return values if usual else np.array(values, dtype=np.float32, order="C")
