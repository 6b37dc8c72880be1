"""The network: a recurrent forecaster whose every part is a function of (state, next observation).

Shapes: B rows, T steps, P patch length, D width, F horizon, Q quantile levels, S horizon segments, E experts,
R resolutions, M forecast origins (rows times positions).
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.layers.attention import NaiveForecastAttention, ResolutionAttention
from statecast.layers.bidirectional_encoder import BidirectionalEncoder
from statecast.layers.coarse_encoders import CoarseEncoders
from statecast.layers.decoder import RecurrentDecoder
from statecast.layers.gated_residuals import GatedResiduals
from statecast.layers.grid_encoder import GridEncoder
from statecast.layers.heads import LinearRing, QuantileHead, SharedRing
from statecast.layers.patch_encoder import PatchEncoder, PatchInput
from statecast.models.interface import SeriesNetwork
from statecast.naive_forecasts import expert_forecasts, fill_missing, seasonal_naive
from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import History, Observations, history_fields, read_history
from statecast.state.state import State, StateSpec
from statecast.state.transforms import expand
from statecast.uncertainty.calibration import Calibration
from statecast.uncertainty.hindcasts import Hindcasts
from statecast.uncertainty.prediction import Prediction


class _Summary(NamedTuple):
    """All that a forecast depends on, at M origins."""

    states: list[Tensor]
    ages: list[Tensor]
    window: Tensor
    now: Scaling
    static: Tensor


class Forecaster(SeriesNetwork):
    """A streaming forecaster: running over a history and stepping through it are the same."""

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__()
        self.config = config
        kind = BidirectionalEncoder if config.bidirectional else GridEncoder if config.grid else PatchEncoder
        self.encoder = kind(config)
        self.coarse = CoarseEncoders(config)
        self.origins = Hindcasts(config)
        self.calibration = Calibration(config, self.origins.stride)
        own = (*self.origins.fields(), *Calibration.fields(config)) if config.adaptation else ()
        self.spec = StateSpec(
            (*history_fields(config), self.encoder.field, *self.coarse.fields, *own, *GatedResiduals.fields(config))
        )
        self.resolution_attention = ResolutionAttention(config.width, config.segments, len(config.resolutions))
        self.from_experts = nn.Linear(len(config.experts) * config.segment_length, config.width, bias=False)
        self.from_static = nn.Linear(config.static_width, config.width, bias=False) if config.static_width else None
        self.mix = (
            RecurrentDecoder(config.width, config.dropout)
            if config.decoder == "recurrent"
            else nn.Sequential(nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.width, config.width), nn.GELU())
        )
        self.expert_attention = NaiveForecastAttention(config.width, len(config.experts))
        self.head = QuantileHead(config.width, config.segment_length, config.known_width, config.quantile_levels)
        self.linear_ring = LinearRing(config.ring_length, config.horizon) if config.linear_ring else None
        self.shared_ring = SharedRing(config.ring_length, config.horizon, config.season) if config.shared_ring else None
        self.additions = GatedResiduals(config)

    @property
    def streaming(self) -> str:
        """See ``SeriesNetwork.streaming``."""
        return "windowed" if self.config.bidirectional else "exact"

    def fresh(self, clock: Tensor, static: Tensor) -> State:
        """See ``SeriesNetwork.fresh``."""
        state = self.spec.fresh(len(clock), clock.device)
        return self._replace(state, {"clock": clock, "static": static})

    def prime(self, observations: Observations, state: State) -> State:
        """See ``SeriesNetwork.prime``."""
        return self._encode(observations, state)[2]

    def decode(self, state: State, future: Tensor) -> Prediction:
        """See ``SeriesNetwork.decode``."""
        static = state["static"]
        now = Scaling(state["locs"][:, -1], state["scales"][:, -1])
        present = self.additions.present(state["hidden"][:, -1, -1, 0, : self.config.width], state)
        states = [present.hidden, *(state[f"hidden_{c}"][:, -1, 0] for c in self.config.resolutions[1:])]
        summary = _Summary(states, self.coarse.ages(state["clock"]), self._recent(state, now), now, static)
        prediction = self._calibrate(self._decode(summary, future), state["count"], self._margins(state))
        return prediction._replace(time_weights=present.time, feature_weights=present.features)

    def forward(
        self, observations: Observations, state: State, future: Tensor, every: int = 1
    ) -> tuple[Prediction, State]:
        """See ``SeriesNetwork.forward``."""
        history, states, after, margins = self._encode(observations, state)
        steps = observations.target.shape[1]
        positions = torch.arange(every - 1, steps, every, device=after.rows.device)
        summary = self._summarise(history, [s.index_select(1, positions) for s in states], positions, state)
        turns = self.origins.turns(state["clock"], steps)[:, positions].clamp(max=margins.shape[1] - 1)
        own = margins.gather(1, turns[..., None, None].expand(-1, -1, *margins.shape[2:])).flatten(0, 1)
        ages = (state["count"][:, None] + 1 + positions).flatten()
        return self._calibrate(self._decode(summary, future.flatten(0, 1)), ages, own), after

    def fork(self, observations: Observations, state: State, future: Tensor, forks: Tensor | None = None) -> Prediction:
        """Forecast from the end of whole patches while advancing one phase only: what training does.

        The same forecasts as ``forward(..., every=P)`` for a fresh ``state`` at 1 / P of the cost, but not calibrated.
        ``forks``: ``[N]``, after which of the T // P patches; all if None. ``future`` is ``[B, N, F, Ck]``.
        """
        history = read_history(self.config, observations, state)
        period = self.config.patch_length
        ends = torch.arange(period - 1, observations.target.shape[1], period, device=state.rows.device)
        patches = PatchInput.of(history, ends, state["static"])
        hidden = self.encoder.one_phase(self.encoder.embedded(patches), state["hidden"])
        finest, positions = self.additions.one_phase(hidden, patches, ends, state), ends
        if forks is not None:
            finest, positions = finest.index_select(1, forks), ends.index_select(0, forks)
        states = [finest, *(outputs.index_select(1, positions) for outputs, _ in self.coarse.advance(history, state))]
        return self._decode(self._summarise(history, states, positions, state), future.flatten(0, 1))

    def seasonal_naive(self, state: State, horizon: int | None = None) -> Tensor:
        """See ``SeriesNetwork.seasonal_naive``."""
        now = Scaling(state["locs"][:, -1], state["scales"][:, -1])
        scaled = seasonal_naive(self._recent(state, now), self.config.season, horizon or self.config.horizon)
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

    def switches(self) -> dict[str, list[Tensor]]:
        """The optional parts by name, each with the tensors that leave it without influence where all are zero."""
        heard, names = self.resolution_attention.heard, self.config.resolution_names
        found = self.encoder.gates() | {name: [gate] for name, gate in self.additions.gates().items()}
        found |= {f"resolution {names[k]}": [heard[k : k + 1]] for k in range(len(names) - 1, 0, -1)}
        rings = {"linear ring": self.linear_ring, "shared ring": self.shared_ring}
        return found | {name: list(ring.parameters()) for name, ring in rings.items() if ring is not None}

    def shape(self) -> dict[str, object]:
        """The config."""
        return self.config.to_dict()

    def _encode(self, observations: Observations, state: State) -> tuple[History, list[Tensor], State, Tensor]:
        """Also gives what was kept on the way: hidden vectors of each resolution and own margins after each turn."""
        history = read_history(self.config, observations, state)
        positions = torch.arange(observations.target.shape[1], device=state.rows.device)
        patches = PatchInput.of(history, positions, state["static"])
        hidden, ring = self.encoder.every_step(self.encoder.embedded(patches), state["hidden"])
        hidden, kept = self.additions.every_step(hidden, patches, state)
        new = history.after(state) | {"hidden": ring} | kept
        states = [hidden]
        for outputs, fields in self.coarse.advance(history, state):
            states.append(outputs)
            new |= fields
        margins = self._margins(state)[:, None]
        if self.config.adaptation:
            margins, found = self._look_back(history, states, observations.known, state)
            new |= found
        return history, states, self._replace(state, new), margins

    def _look_back(
        self, history: History, states: list[Tensor], known: Tensor, state: State
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Compare the forecasts that came due with what came: own margins by turn, and new fields of the state."""
        horizon, ring = self.config.horizon, self.config.ring_length
        found = self.origins.after(history, states, known, state)
        due = self.origins.due(history, states, state)
        if not len(due.row):
            return state["margins"][:, None], found
        window = self._window(history.ahead(due.row, due.begin + 1 - ring, ring), due.now)
        origins = state["clock"][due.row] + 1 + due.begin
        index = (due.begin + 1 + horizon)[:, None] + torch.arange(horizon, device=due.row.device)
        future = torch.cat([state["known"], known], dim=1)[due.row[:, None], index]
        summary = _Summary(due.hidden, self.coarse.ages(origins), window, due.now, state["static"][due.row])
        raw = self._decode(summary, future).raw
        truth = Scaling(due.now.loc[:, None], due.now.scale[:, None]).apply(
            history.ahead(due.row, due.begin + 1, horizon)
        )
        # A series that had not moved by then has no unit to measure errors in.
        truth = torch.where(due.now.scale[:, None] > 0, truth, torch.nan)
        place = (due.row, due.turn)
        turns = (len(state), int(due.turn.max()) + 1)
        excess = self.calibration.needed(raw, truth) - self.calibration.expected(origins, horizon, due.age)
        excess = truth.new_full((*turns, 2, horizon), torch.nan).index_put(place, excess)
        margins = self.calibration.follow(excess, state["margins"])
        stretched = self.calibration.stretch_past(raw, margins[place], origins, due.age)
        scores = self.calibration.normal_scores(stretched, truth)
        recalled = self.calibration.recall(
            truth.new_full((*turns, horizon), torch.nan).index_put(place, scores), state["autocorrelation"]
        )
        return margins, found | {"margins": margins[:, -1], "autocorrelation": recalled}

    def _margins(self, state: State) -> Tensor:
        if self.config.adaptation:
            return state["margins"]
        return state.rows.new_zeros((len(state), 2, self.config.segments), dtype=torch.float32)

    def _calibrate(self, prediction: Prediction, ages: Tensor, own: Tensor) -> Prediction:
        return prediction._replace(scaled=self.calibration.stretch(prediction.raw, own, ages))

    def _summarise(self, history: History, states: list[Tensor], positions: Tensor, state: State) -> _Summary:
        rows, origins = states[0].shape[:2]
        loc, scale = history.scaling_at(positions)
        now = Scaling(loc.flatten(), scale.flatten())
        window = history.windows(self.config.ring_length, positions).flatten(0, 1)
        clocks = (state["clock"][:, None] + 1 + positions).flatten()
        static = state["static"][:, None].expand(rows, origins, -1).flatten(0, 1)
        return _Summary(
            [s.flatten(0, 1) for s in states], self.coarse.ages(clocks), self._window(window, now), now, static
        )

    def _recent(self, state: State, now: Scaling) -> Tensor:
        return self._window(state["ring"][:, -self.config.ring_length :], now)

    def _window(self, ring: Tensor, now: Scaling) -> Tensor:
        scaled = Scaling(now.loc[:, None], now.scale[:, None]).apply(ring)
        return fill_missing(scaled, self.config.season)

    def _decode(self, summary: _Summary, future: Tensor) -> Prediction:
        config, horizon = self.config, future.shape[1]
        segments = -(-horizon // config.segment_length)
        experts = expert_forecasts(summary.window, config.season, segments * config.segment_length, config.experts)
        experts = experts.unflatten(1, (segments, config.segment_length))
        attended, resolution_weights = self.resolution_attention(summary.states, summary.ages, segments)
        told = self.from_experts(experts.flatten(2))
        if self.from_static is not None:
            told = told + self.from_static(summary.static)[:, None]
        if isinstance(self.mix, RecurrentDecoder):
            context = self.mix(self.resolution_attention.segments[:segments] + told, attended)
        else:
            context = self.mix(attended + told)
        base, expert_weights = self.expert_attention(context, experts)
        centre = base.flatten(1)[:, :horizon]
        if self.linear_ring is not None:
            centre = centre + self.linear_ring(summary.window, horizon)
        if self.shared_ring is not None:
            centre = centre + self.shared_ring(summary.window, horizon)
        scaled = centre[..., None] + self.head(context, future)
        loc, scale = summary.now
        return Prediction(
            scaled, loc, scale, expert_weights, resolution_weights, config.quantile_levels, scaled, config.asinh_unit
        )

    def _replace(self, state: State, values: Mapping[str, Tensor]) -> State:
        kept = {name: state[name] for name in self.spec.fields if name not in values}
        return self.spec.pack(kept | dict(values))
