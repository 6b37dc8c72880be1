"""The network: a recurrent forecaster whose every part is a function of (state, next observation).

Shapes: B rows, T steps, P patch length, D width, F horizon, Q quantile levels, S horizon segments, E experts,
R resolutions, M forecast origins (rows times positions).
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from statecast.attention import ExpertAttention, ResolutionAttention
from statecast.config import ForecasterConfig
from statecast.encoder import PatchEncoder, PatchInput
from statecast.experts import EXPERTS, expert_forecasts, fill_missing, seasonal_naive
from statecast.heads import LinearRing, QuantileHead
from statecast.history import History, Observations, history_fields, read_history
from statecast.prediction import Prediction
from statecast.resolutions import CoarseEncoder
from statecast.scaling import Scaling
from statecast.state import State, StateSpec


class _Summary(NamedTuple):
    """All that a forecast depends on, at M origins."""

    states: list[Tensor]
    ages: list[Tensor]
    window: Tensor
    now: Scaling
    static: Tensor


class Forecaster(nn.Module):
    """A streaming forecaster (``streaming: exact``): running over a history and stepping through it are the same."""

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__()
        self.config = config
        coarse = config.resolutions[1:]
        sizes = (config.cell, config.width, config.layers)
        coarse_fields = (field for length in coarse for field in CoarseEncoder.fields(length, *sizes))
        self.spec = StateSpec((*history_fields(config), PatchEncoder.field(config), *coarse_fields))
        self.encoder = PatchEncoder(config)
        self.coarse = nn.ModuleList(CoarseEncoder(length, *sizes, config.dropout) for length in coarse)
        self.resolution_attention = ResolutionAttention(config.width, config.segments, len(config.resolutions))
        self.from_experts = nn.Linear(len(EXPERTS) * config.segment_length, config.width, bias=False)
        self.from_static = nn.Linear(config.static_width, config.width, bias=False) if config.static_width else None
        self.mix = nn.Sequential(
            nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.width, config.width), nn.GELU()
        )
        self.expert_attention = ExpertAttention(config.width, len(EXPERTS))
        self.head = QuantileHead(config.width, config.segment_length, config.known_width, config.quantile_levels)
        self.linear_ring = LinearRing(config.ring_length, config.horizon) if config.linear_ring else None

    def fresh(self, clock: Tensor, static: Tensor) -> State:
        """States of B series of which nothing has been seen.

        ``clock`` ``[B]`` int64: absolute step index of the step before the first; ``static`` ``[B, S]`` encoded.
        """
        state = self.spec.fresh(len(clock), clock.device)
        return self._replace(state, {"clock": clock, "static": static})

    def prime(self, observations: Observations, state: State) -> State:
        """The state after T >= 1 more steps. Composable: priming on a, then on b, is priming on both."""
        return self._encode(observations, state)[2]

    def decode(self, state: State, future: Tensor) -> Prediction:
        """The forecast of each row, from its state and the known covariates ``[B, F, Ck]`` of the horizon alone.

        With fewer steps of covariates than the horizon the forecast is that much shorter, and else the same.
        """
        ring, static = state["ring"], state["static"]
        now = Scaling(state["locs"][:, -1], state["scales"][:, -1])
        states = [state["hidden"][:, -1, -1, 0], *(state[f"hidden_{c}"][:, -1, 0] for c in self.config.resolutions[1:])]
        return self._decode(_Summary(states, self._ages(state["clock"]), self._window(ring, now), now, static), future)

    def step(self, observations: Observations, state: State, future: Tensor) -> tuple[Prediction, State]:
        """``prime``, then ``decode``."""
        state = self.prime(observations, state)
        return self.decode(state, future), state

    def forward(
        self, observations: Observations, state: State, future: Tensor, every: int = 1
    ) -> tuple[Prediction, State]:
        """Run over T steps and forecast from every ``every``-th of them, N = T // every origins a row.

        ``future`` is ``[B, N, F, Ck]``. Returns M = B N forecasts, row by row, and the state after all T steps.
        """
        history, states, after = self._encode(observations, state)
        positions = torch.arange(every - 1, observations.target.shape[1], every, device=after.rows.device)
        summary = self._summarise(history, [s.index_select(1, positions) for s in states], positions, state)
        return self._decode(summary, future.flatten(0, 1)), after

    def fork(self, observations: Observations, state: State, future: Tensor) -> Prediction:
        """Forecast from the end of every whole patch while advancing one phase only: what training does.

        The same forecasts as ``forward(..., every=P)`` for a fresh ``state`` at 1 / P of the cost. ``future`` is
        ``[B, T // P, F, Ck]``.
        """
        history = read_history(self.config, observations, state)
        period = self.config.patch_length
        positions = torch.arange(period - 1, observations.target.shape[1], period, device=state.rows.device)
        embedded = self.encoder.embedded(self._patches(history, positions, state))
        states = [self.encoder.one_phase(embedded, state["hidden"])]
        states += [outputs.index_select(1, positions) for outputs, _ in self._coarse(history, state)]
        return self._decode(self._summarise(history, states, positions, state), future.flatten(0, 1))

    def seasonal_naive(self, state: State) -> Tensor:
        """The last season repeated, ``[B, F]`` float64 in the target's unit; gaps take the value one season before."""
        now = Scaling(state["locs"][:, -1], state["scales"][:, -1])
        scaled = seasonal_naive(self._window(state["ring"], now), self.config.season, self.config.horizon)
        return now.loc[:, None] + now.scale[:, None] * scaled.double()

    def seasonal_error(self, state: State) -> Tensor:
        """Mean absolute change over one season so far, ``[B]`` float64: the denominator of MASE. NaN while unknown."""
        total, count = state["seasonal_error"].unbind(-1)
        return torch.where(count > 0, total / count, torch.nan)

    def _encode(self, observations: Observations, state: State) -> tuple[History, list[Tensor], State]:
        history = read_history(self.config, observations, state)
        positions = torch.arange(observations.target.shape[1], device=state.rows.device)
        embedded = self.encoder.embedded(self._patches(history, positions, state))
        hidden, ring = self.encoder.every_step(embedded, state["hidden"])
        new = history.after(state) | {"hidden": ring}
        states = [hidden]
        for outputs, fields in self._coarse(history, state):
            states.append(outputs)
            new |= fields
        return history, states, self._replace(state, new)

    def _patches(self, history: History, positions: Tensor, state: State) -> PatchInput:
        period, season = self.config.patch_length, self.config.season
        return PatchInput(
            patches=tuple(history.windows(period, positions, lag) for lag in (0, season, 7 * season)),
            now=history.scaling_at(positions),
            before=history.scaling_at(positions, earlier=period),
            covariates=history.covariate_patches(positions),
            calendar=history.calendar.index_select(1, positions),
            static=state["static"],
        )

    def _coarse(self, history: History, state: State) -> list[tuple[Tensor, dict[str, Tensor]]]:
        period = self.config.patch_length
        new = Scaling(history.scaling.loc[:, period:], history.scaling.scale[:, period:])
        return [encoder(history.deviations, new, history.anchor, state) for encoder in self.coarse]

    def _summarise(self, history: History, states: list[Tensor], positions: Tensor, state: State) -> _Summary:
        rows, origins = states[0].shape[:2]
        loc, scale = history.scaling_at(positions)
        now = Scaling(loc.flatten(), scale.flatten())
        window = history.windows(self.config.ring_length, positions).flatten(0, 1)
        clocks = (state["clock"][:, None] + 1 + positions).flatten()
        static = state["static"][:, None].expand(rows, origins, -1).flatten(0, 1)
        return _Summary([s.flatten(0, 1) for s in states], self._ages(clocks), self._window(window, now), now, static)

    def _ages(self, clocks: Tensor) -> list[Tensor]:
        return [torch.remainder(clocks + 1, c).float() / c for c in self.config.resolutions[1:]]

    def _window(self, ring: Tensor, now: Scaling) -> Tensor:
        scaled = Scaling(now.loc[:, None], now.scale[:, None]).apply(ring)
        return fill_missing(scaled, self.config.season)

    def _decode(self, summary: _Summary, future: Tensor) -> Prediction:
        config, horizon = self.config, future.shape[1]
        segments = -(-horizon // config.segment_length)
        experts = expert_forecasts(summary.window, config.season, segments * config.segment_length)
        experts = experts.unflatten(1, (segments, config.segment_length))
        attended, resolution_weights = self.resolution_attention(summary.states, summary.ages, segments)
        context = attended + self.from_experts(experts.flatten(2))
        if self.from_static is not None:
            context = context + self.from_static(summary.static)[:, None]
        context = self.mix(context)
        base, expert_weights = self.expert_attention(context, experts)
        centre = base.flatten(1)[:, :horizon]
        if self.linear_ring is not None:
            centre = centre + self.linear_ring(summary.window, horizon)
        scaled = centre[..., None] + self.head(context, future)
        return Prediction(
            scaled, summary.now.loc, summary.now.scale, expert_weights, resolution_weights, config.quantile_levels
        )

    def _replace(self, state: State, values: Mapping[str, Tensor]) -> State:
        kept = {name: state[name] for name in self.spec.fields if name not in values}
        return self.spec.pack(kept | dict(values))
