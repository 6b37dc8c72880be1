"""The network: a recurrent forecaster whose every part is a function of (state, next observation).

Shapes: B rows, T steps, P patch length, D width, F horizon, Q quantile levels, S horizon segments, E naive forecasts,
R resolutions, M forecast origins (rows times positions).
"""

import torch
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.layers.attention import NaiveForecastAttention, ResolutionAttention
from statecast.layers.bidirectional_encoder import BidirectionalEncoder
from statecast.layers.coarse_encoders import CoarseEncoders
from statecast.layers.decoder import RecurrentDecoder
from statecast.layers.gated_residuals import GatedResiduals
from statecast.layers.grid_encoder import GridEncoder
from statecast.layers.heads import LinearLookback, QuantileHead, SharedLookback
from statecast.layers.patch_encoder import PatchEncoder, PatchInput
from statecast.models.interface import SeriesNetwork
from statecast.models.origin_summary import OriginSummary, look_back, summarise, summarise_hindcasts, summarise_now
from statecast.naive_forecasts import compute_naive_forecasts, seasonal_naive
from statecast.state.fields import history_fields
from statecast.state.lookback import History, Observations, read_history
from statecast.state.state import State, StateSpec
from statecast.state.transforms import expand
from statecast.uncertainty.calibration import Calibration
from statecast.uncertainty.hindcasts import Hindcasts
from statecast.uncertainty.own_calibration import update_calibration
from statecast.uncertainty.prediction import Prediction


class Forecaster(SeriesNetwork):
    """A streaming forecaster: running over a history and stepping through it are the same.

    Parameters
    ----------
    config : ForecasterConfig
        Its shape.

    Raises
    ------
    ConfigError
        If parts of the shape do not go together.

    Examples
    --------
    >>> from statecast import ForecasterConfig, Observations
    >>> network = Forecaster(ForecasterConfig(freq=None, horizon=4, season=1, lookback_length=32)).eval()
    >>> state = network.fresh(torch.tensor([-1]), torch.zeros(1, 0))
    >>> nothing = torch.zeros(1, 5, 0)
    >>> state = network.prime(Observations(torch.randn(1, 5), nothing, nothing), state)
    >>> tuple(network.decode(state, torch.zeros(1, 4, 0)).quantiles().shape)
    (1, 4, 9)
    """

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__()
        self.config = config
        kind = BidirectionalEncoder if config.bidirectional else GridEncoder if config.spatial_grid else PatchEncoder
        self.encoder = kind(config)
        self.coarse = CoarseEncoders(config)
        self.hindcasts = Hindcasts(config)
        self.calibration = Calibration(config, self.hindcasts.stride)
        own = (*self.hindcasts.fields(), *Calibration.fields(config)) if config.adaptation else ()
        self.spec = StateSpec(
            (*history_fields(config), self.encoder.field, *self.coarse.fields, *own, *GatedResiduals.fields(config))
        )
        self.resolution_attention = ResolutionAttention(config.width, config.segments, len(config.resolutions))
        count, lengths = len(config.naive_forecasts), (config.lookback_length, config.horizon)
        self.from_naive_forecasts = nn.Linear(count * config.segment_length, config.width, bias=False)
        self.from_static = nn.Linear(config.static_width, config.width, bias=False) if config.static_width else None
        self.mix = (
            RecurrentDecoder(config.width, config.dropout)
            if config.decoder == "recurrent"
            else nn.Sequential(nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.width, config.width), nn.GELU())
        )
        self.naive_forecast_attention = NaiveForecastAttention(config.width, count)
        self.head = QuantileHead(config.width, config.segment_length, config.known_width, config.quantile_levels)
        self.linear_lookback = LinearLookback(*lengths) if config.linear_lookback else None
        self.shared_lookback = SharedLookback(*lengths, config.season) if config.shared_lookback else None
        self.gated_residuals = GatedResiduals(config)

    @property
    def streaming(self) -> str:
        """See ``SeriesNetwork.streaming``."""
        return "windowed" if self.config.bidirectional else "exact"

    def fresh(self, time_index: Tensor, static: Tensor) -> State:
        """See ``SeriesNetwork.fresh``."""
        return self.spec.fresh(len(time_index), time_index.device).replace({"time_index": time_index, "static": static})

    def prime(self, observations: Observations, state: State) -> State:
        """See ``SeriesNetwork.prime``."""
        return self._encode(observations, state)[2]

    def decode(self, state: State, future: Tensor) -> Prediction:
        """See ``SeriesNetwork.decode``."""
        present = self.gated_residuals.present(state["hidden"][:, -1, -1, 0, : self.config.width], state)
        summary = summarise_now(self.config, present.hidden, state, self.coarse)
        prediction = self._calibrate(self._decode(summary, future), state["count"], self._own_offsets(state))
        return prediction._replace(time_weights=present.time, feature_weights=present.features)

    def forward(
        self, observations: Observations, state: State, future: Tensor, every: int = 1
    ) -> tuple[Prediction, State]:
        """See ``SeriesNetwork.forward``."""
        history, states, after, offsets = self._encode(observations, state)
        steps = observations.target.shape[1]
        positions = torch.arange(every - 1, steps, every, device=after.rows.device)
        summary = summarise(history, [s.index_select(1, positions) for s in states], positions, state, self.coarse)
        updates = self.hindcasts.updates(state["time_index"], steps)[:, positions].clamp(max=offsets.shape[1] - 1)
        own = offsets.gather(1, updates[..., None, None].expand(-1, -1, *offsets.shape[2:])).flatten(0, 1)
        ages = (state["count"][:, None] + 1 + positions).flatten()
        return self._calibrate(self._decode(summary, future.flatten(0, 1)), ages, own), after

    def fork(self, observations: Observations, state: State, future: Tensor, forks: Tensor | None = None) -> Prediction:
        """Forecast from the end of whole patches while advancing one phase only: what training does.

        Parameters
        ----------
        observations : Observations
            T steps of B series.
        state : State
            A fresh state.
        future : Tensor
            ``[B, N, F, Ck]`` known covariates of each horizon.
        forks : Tensor or None
            ``[N]`` int64, after which of the T // P patches; None for all.

        Returns
        -------
        Prediction
            M = B N forecasts, those of ``forward(..., every=P)`` at 1 / P of the cost, but not calibrated.
        """
        history = read_history(self.config, observations, state)
        period = self.config.patch_length
        ends = torch.arange(period - 1, observations.target.shape[1], period, device=state.rows.device)
        patches = PatchInput.of(history, ends, state["static"])
        hidden = self.encoder.one_phase(self.encoder.embedded(patches), state["hidden"])
        finest, positions = self.gated_residuals.one_phase(hidden, patches, ends, state), ends
        if forks is not None:
            finest, positions = finest.index_select(1, forks), ends.index_select(0, forks)
        states = [finest, *(outputs.index_select(1, positions) for outputs, _ in self.coarse.advance(history, state))]
        return self._decode(summarise(history, states, positions, state, self.coarse), future.flatten(0, 1))

    def seasonal_naive(self, state: State, horizon: int | None = None) -> Tensor:
        """See ``SeriesNetwork.seasonal_naive``."""
        window, now = look_back(self.config, state)
        scaled = seasonal_naive(window, self.config.season, horizon or self.config.horizon)
        return expand(now.loc[:, None] + now.scale[:, None] * scaled.double(), self.config.asinh_unit)

    def seasonal_error(self, state: State) -> Tensor:
        """See ``SeriesNetwork.seasonal_error``."""
        total, count = state["seasonal_error"].unbind(-1)
        return torch.where(count > 0, total / count, torch.nan)

    def autocorrelation(self, state: State) -> Tensor:
        """See ``SeriesNetwork.autocorrelation``."""
        own = state["autocorrelation"] if self.config.adaptation else state.rows.new_zeros((), dtype=torch.float32)
        found: Tensor = (self.calibration.autocorrelation + own).expand(len(state), -1)
        return found

    def ablatable(self) -> dict[str, list[Tensor]]:
        """Return optional parts by name, each with the tensors that leave it without influence where all are zero."""
        active, names = self.resolution_attention.active, self.config.resolution_names
        found = self.encoder.ablatable() | {name: [gate] for name, gate in self.gated_residuals.ablatable().items()}
        found |= {f"resolution {names[k]}": [active[k : k + 1]] for k in range(len(names) - 1, 0, -1)}
        maps = {"linear lookback": self.linear_lookback, "shared lookback": self.shared_lookback}
        return found | {name: list(one.parameters()) for name, one in maps.items() if one is not None}

    def shape(self) -> dict[str, object]:
        """See ``SeriesNetwork.shape``; the config."""
        return self.config.to_dict()

    def advance(self, observations: Observations, state: State, begins: bool, matures: bool) -> State:
        """Read one observation of series of which it is known whether they look back at it, see ``Hindcasts.work``.

        Parameters
        ----------
        observations : Observations
            1 step of B series.
        state : State
            B rows.
        begins, matures : bool
            Whether hindcasts begin or mature at this step.

        Returns
        -------
        State
            What ``prime`` gives, at less cost where neither is so.
        """
        return self._encode(observations, state, begins, matures)[2]

    def _encode(
        self, observations: Observations, state: State, begins: bool = True, matures: bool = True
    ) -> tuple[History, list[Tensor], State, Tensor]:
        """Also gives what was kept on the way: hidden vectors of each resolution and own offsets after each update."""
        history = read_history(self.config, observations, state)
        positions = torch.arange(observations.target.shape[1], device=state.rows.device)
        patches = PatchInput.of(history, positions, state["static"])
        hidden, phases = self.encoder.every_step(self.encoder.embedded(patches), state["hidden"])
        hidden, kept = self.gated_residuals.every_step(hidden, patches, state)
        new = history.after(state) | {"hidden": phases} | kept
        states = [hidden]
        for outputs, fields in self.coarse.advance(history, state):
            states.append(outputs)
            new |= fields
        offsets = self._own_offsets(state)[:, None]
        if self.config.adaptation:
            new |= self.hindcasts.after(history, states, observations.known, state, begins)
            if matures:
                offsets, found = self._look_back(history, states, observations.known, state)
                new |= found
        return history, states, state.replace(new), offsets

    def _look_back(
        self, history: History, states: list[Tensor], known: Tensor, state: State
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Compare the hindcasts that matured with what came: own offsets by update, and new fields of the state."""
        horizon = self.config.horizon
        matured = self.hindcasts.matured(history, states, state)
        if not len(matured.row):
            return state["conformal_offsets"][:, None], {}
        index = (matured.begin + 1 + horizon)[:, None] + torch.arange(horizon, device=matured.row.device)
        future = torch.cat([state["known"], known], dim=1)[matured.row[:, None], index]
        raw = self._decode(summarise_hindcasts(history, matured, state, self.coarse), future).raw
        return update_calibration(self.calibration, matured, history, raw, state)

    def _own_offsets(self, state: State) -> Tensor:
        if self.config.adaptation:
            return state["conformal_offsets"]
        return state.rows.new_zeros((len(state), 2, self.config.segments), dtype=torch.float32)

    def _calibrate(self, prediction: Prediction, ages: Tensor, own: Tensor) -> Prediction:
        return prediction._replace(scaled=self.calibration.stretch(prediction.raw, own, ages))

    def _decode(self, summary: OriginSummary, future: Tensor) -> Prediction:
        config, horizon = self.config, future.shape[1]
        segments = -(-horizon // config.segment_length)
        steps = segments * config.segment_length
        naive = compute_naive_forecasts(summary.window, config.season, steps, config.naive_forecasts)
        naive = naive.unflatten(1, (segments, config.segment_length))
        attended, resolution_weights = self.resolution_attention(summary.states, summary.ages, segments)
        known = self.from_naive_forecasts(naive.flatten(2))
        if self.from_static is not None:
            known = known + self.from_static(summary.static)[:, None]
        if isinstance(self.mix, RecurrentDecoder):
            context = self.mix(self.resolution_attention.segments[:segments] + known, attended)
        else:
            context = self.mix(attended + known)
        base, naive_weights = self.naive_forecast_attention(context, naive)
        centre = base.flatten(1)[:, :horizon]
        if self.linear_lookback is not None:
            centre = centre + self.linear_lookback(summary.window, horizon)
        if self.shared_lookback is not None:
            centre = centre + self.shared_lookback(summary.window, horizon)
        scaled = centre[..., None] + self.head(context, future)
        return Prediction(
            scaled, *summary.now, naive_weights, resolution_weights, config.quantile_levels, scaled, config.asinh_unit
        )
