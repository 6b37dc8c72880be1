"""What every network that forecasts series offers, one forecaster or several as one."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.state.lookback import Observations
from statecast.state.state import State, StateSpec
from statecast.uncertainty.calibration import Calibration
from statecast.uncertainty.prediction import Prediction


class SeriesNetwork(nn.Module, ABC):
    """A network whose forecasts are a function of a state that each observation advances.

    config: what is asked of it from outside.  spec: the layout of its states.  calibration: what validation found.
    Shapes: B rows, T steps, F horizon, N origins a row, Ck columns that are known ahead, S static columns.
    """

    config: ForecasterConfig
    spec: StateSpec
    calibration: Calibration

    @property
    @abstractmethod
    def streaming(self) -> str:
        """What an observation costs: ``exact`` one step, whatever came before; ``windowed`` a kept window read anew."""

    @abstractmethod
    def fresh(self, time_index: Tensor, static: Tensor) -> State:
        """States of B series of which nothing has been seen.

        ``time_index`` ``[B]`` int64: absolute step index of the step before the first; ``static`` ``[B, S]`` encoded.
        """

    @abstractmethod
    def prime(self, observations: Observations, state: State) -> State:
        """The state after T >= 1 more steps. Composable: priming on a, then on b, is priming on both."""

    @abstractmethod
    def decode(self, state: State, future: Tensor) -> Prediction:
        """The forecast of each row, from its state and the known covariates ``[B, F, Ck]`` of the horizon alone.

        With fewer steps of covariates than the horizon the forecast is that much shorter, and else the same.
        """

    def step(self, observations: Observations, state: State, future: Tensor) -> tuple[Prediction, State]:
        """``prime``, then ``decode``."""
        state = self.prime(observations, state)
        return self.decode(state, future), state

    @abstractmethod
    def forward(
        self, observations: Observations, state: State, future: Tensor, every: int = 1
    ) -> tuple[Prediction, State]:
        """Run over T steps and forecast from every ``every``-th of them, N = T // every origins a row.

        ``future`` is ``[B, N, F, Ck]``. Returns M = B N forecasts, row by row, and the state after all T steps.
        """

    @abstractmethod
    def seasonal_naive(self, state: State, horizon: int | None = None) -> Tensor:
        """The last season repeated, ``[B, F]`` float64 in the target's unit; gaps take the value one season before.

        ``horizon``: steps ahead, in place of the network's own.
        """

    @abstractmethod
    def seasonal_error(self, state: State) -> Tensor:
        """Mean absolute change over one season so far, ``[B]`` float64: the denominator of MASE. NaN while unknown."""

    @abstractmethod
    def autocorrelation(self, state: State) -> Tensor:
        """How errors of one forecast hang together, ``[B, F]`` by distance in steps, as normal scores; 1 at 0."""

    @abstractmethod
    def shape(self) -> dict[str, object]:
        """What builds the network again, as plain JSON values."""
