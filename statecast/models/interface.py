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

    Shapes: B rows, T steps, F horizon, N origins per row, Ck columns that are known ahead, Cs static columns.

    Attributes
    ----------
    config : ForecasterConfig
        Its shape, of several networks in one that of the whole.
    spec : StateSpec
        Layout of its states.
    calibration : Calibration
        What validation found.
    """

    config: ForecasterConfig
    spec: StateSpec
    calibration: Calibration

    @property
    @abstractmethod
    def streaming(self) -> str:
        """What an observation costs: ``exact`` one step, whatever came before; ``windowed`` a kept window read anew."""

    @property
    def takes_deviations(self) -> bool:
        """Whether a shift of the target passes through, so that the network reads deviations from a level."""
        return not self.config.asinh_unit

    @abstractmethod
    def fresh(self, time_index: Tensor, static: Tensor) -> State:
        """Return states of series of which nothing has been seen.

        Parameters
        ----------
        time_index : Tensor
            ``[B]`` int64, absolute index of the step before the first.
        static : Tensor
            ``[B, Cs]`` encoded static covariates.

        Returns
        -------
        State
            B rows.
        """

    @abstractmethod
    def prime(self, observations: Observations, state: State) -> State:
        """Read observations. Priming on some and then on others is priming on both.

        Parameters
        ----------
        observations : Observations
            T >= 1 steps of B series.
        state : State
            B rows, which stay as they are.

        Returns
        -------
        State
            B rows after these steps.

        Raises
        ------
        InputError
            If shapes do not go together or are not the config's.
        """

    @abstractmethod
    def decode(self, state: State, future: Tensor) -> Prediction:
        """Forecast from states alone.

        Parameters
        ----------
        state : State
            B rows.
        future : Tensor
            ``[B, F, Ck]`` known covariates of the horizon. With fewer steps the forecast is that much shorter, and
            otherwise the same.

        Returns
        -------
        Prediction
            M = B forecasts.
        """

    def step(self, observations: Observations, state: State, future: Tensor) -> tuple[Prediction, State]:
        """Read observations and forecast from the state after them: ``prime``, then ``decode``.

        Parameters
        ----------
        observations : Observations
            T >= 1 steps of B series.
        state : State
            B rows, which stay as they are.
        future : Tensor
            ``[B, F, Ck]`` known covariates of the horizon.

        Returns
        -------
        tuple of Prediction and State
            M = B forecasts, and the state after all T steps.
        """
        state = self.prime(observations, state)
        return self.decode(state, future), state

    @abstractmethod
    def forward(
        self, observations: Observations, state: State, future: Tensor, every: int = 1
    ) -> tuple[Prediction, State]:
        """Run over observations and forecast from some of their steps.

        Parameters
        ----------
        observations : Observations
            T >= 1 steps of B series.
        state : State
            B rows.
        future : Tensor
            ``[B, N, F, Ck]`` known covariates of each horizon, N = T // every.
        every : int
            Forecasts are made from every ``every``-th step.

        Returns
        -------
        tuple of Prediction and State
            M = B N forecasts, row by row, and the state after all T steps.
        """

    @abstractmethod
    def seasonal_naive(self, state: State, horizon: int | None = None) -> Tensor:
        """Repeat the last season; gaps take the value one season before.

        Parameters
        ----------
        state : State
            B rows.
        horizon : int or None
            Steps ahead; None for the network's own.

        Returns
        -------
        Tensor
            ``[B, F]`` float64 in the target's unit.
        """

    @abstractmethod
    def seasonal_error(self, state: State) -> Tensor:
        """Return the mean absolute change over one season so far, the denominator of MASE.

        Parameters
        ----------
        state : State
            B rows.

        Returns
        -------
        Tensor
            ``[B]`` float64 in the target's unit, NaN while unknown.
        """

    @abstractmethod
    def autocorrelation(self, state: State) -> Tensor:
        """Return the autocorrelation of the errors of one forecast, as normal scores.

        Parameters
        ----------
        state : State
            B rows.

        Returns
        -------
        Tensor
            ``[B, F]`` by distance in steps, 1 at 0.
        """

    @abstractmethod
    def shape(self) -> dict[str, object]:
        """Return what builds the network again, as plain JSON values."""
