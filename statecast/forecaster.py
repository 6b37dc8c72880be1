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
from statecast.errors import InputError
from statecast.experts import EXPERTS, expert_forecasts, fill_missing, seasonal_naive
from statecast.heads import LinearRing, QuantileHead, mass_weights
from statecast.resolutions import CoarseEncoder
from statecast.scaling import Scaling, discounted_sums, scaling_of
from statecast.state import Field, State, StateSpec


class Observations(NamedTuple):
    """T steps of B series.

    target: ``[B, T]``, NaN where missing.  past: ``[B, T, Cp]`` encoded past covariates.  known: ``[B, T, Ck]``,
    calendar features first, then encoded future covariates.
    """

    target: Tensor
    past: Tensor
    known: Tensor


class Prediction(NamedTuple):
    """Forecasts from M origins. ``scaled`` ``[M, F, Q]`` ascends in Q and is in units of ``scale`` around ``loc``.

    expert_weights: ``[M, S, E]``, resolution_weights: ``[M, S, R]``; both sum to 1 in the last dim.
    """

    scaled: Tensor
    loc: Tensor
    scale: Tensor
    expert_weights: Tensor
    resolution_weights: Tensor
    levels: tuple[float, ...]

    def quantiles(self) -> Tensor:
        """Quantiles ``[M, F, Q]`` in the target's unit, float64."""
        return self.loc[:, None, None] + self.scale[:, None, None] * self.scaled.double()

    def mean(self) -> Tensor:
        """Mean ``[M, F]`` in the target's unit: each quantile stands for the probability nearest to it."""
        return self.quantiles() @ mass_weights(self.levels).to(self.scaled.device)


class _Chunk(NamedTuple):
    """What can be said of T new steps before any weight is applied."""

    full: Tensor  # [B, ring + T] raw
    covariates: Tensor  # [B, P + T, Cu]
    calendar: Tensor  # [B, T, Ca]
    anchor: Tensor  # [B]
    deviations: Tensor  # [B, T]
    sums: Tensor  # [B, T, 3]
    scaling: Scaling  # [B, P + T]


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
        self.spec = StateSpec(
            (
                Field("clock", (), torch.int64),
                Field("count", (), torch.int64),
                Field("anchor", (), torch.float64, fill=float("nan")),
                Field("sums", (3,), torch.float64),
                Field("seasonal_error", (2,), torch.float64),
                Field("locs", (config.patch_length,), torch.float64, fill=float("nan")),
                Field("scales", (config.patch_length,), torch.float64),
                Field("ring", (config.ring_length,), torch.float32, fill=float("nan")),
                Field("covariates", (config.patch_length, config.past_width + config.user_known_width), torch.float32),
                Field("static", (config.static_width,), torch.float32),
                PatchEncoder.field(config),
                *(field for length in coarse for field in CoarseEncoder.fields(length, *sizes)),
            )
        )
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
        """The forecast of each row, from its state and the known covariates ``[B, F, Ck]`` of the horizon alone."""
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
        chunk, hidden, after, coarse = self._encode(observations, state)
        positions = torch.arange(every - 1, observations.target.shape[1], every, device=after.rows.device)
        states = [hidden, *coarse]
        summary = self._summarise(chunk, [s.index_select(1, positions) for s in states], positions, state)
        return self._decode(summary, future.flatten(0, 1)), after

    def fork(self, observations: Observations, state: State, future: Tensor) -> Prediction:
        """Forecast from the end of every whole patch while advancing one phase only: what training does.

        The same forecasts as ``forward(..., every=P)`` for a fresh ``state`` at 1 / P of the cost. ``future`` is
        ``[B, T // P, F, Ck]``.
        """
        chunk = self._read(observations, state)
        period = self.config.patch_length
        positions = torch.arange(period - 1, observations.target.shape[1], period, device=state.rows.device)
        embedded = self.encoder.embedded(self._patches(chunk, positions, state))
        states = [self.encoder.one_phase(embedded, state["hidden"])]
        states += [history.index_select(1, positions) for history, _ in self._coarse(chunk, state)]
        return self._decode(self._summarise(chunk, states, positions, state), future.flatten(0, 1))

    def seasonal_naive(self, state: State) -> Tensor:
        """The last season repeated, ``[B, F]`` float64 in the target's unit; gaps take the value one season before."""
        now = Scaling(state["locs"][:, -1], state["scales"][:, -1])
        scaled = seasonal_naive(self._window(state["ring"], now), self.config.season, self.config.horizon)
        return now.loc[:, None] + now.scale[:, None] * scaled.double()

    def seasonal_error(self, state: State) -> Tensor:
        """Mean absolute change over one season so far, ``[B]`` float64: the denominator of MASE. NaN while unknown."""
        total, count = state["seasonal_error"].unbind(-1)
        return torch.where(count > 0, total / count, torch.nan)

    def _encode(self, observations: Observations, state: State) -> tuple[_Chunk, Tensor, State, list[Tensor]]:
        chunk = self._read(observations, state)
        steps = observations.target.shape[1]
        positions = torch.arange(steps, device=state.rows.device)
        embedded = self.encoder.embedded(self._patches(chunk, positions, state))
        hidden, ring = self.encoder.every_step(embedded, state["hidden"])
        coarse = self._coarse(chunk, state)
        season, length, period = self.config.season, self.config.ring_length, self.config.patch_length
        change = (chunk.full[:, length:] - chunk.full[:, length - season : -season]).double().abs()
        known = ~change.isnan()
        error = torch.stack([change.nan_to_num().sum(1), known.double().sum(1)], dim=-1)
        new: dict[str, Tensor] = {
            "clock": state["clock"] + steps,
            "count": state["count"] + steps,
            "anchor": chunk.anchor,
            "sums": chunk.sums[:, -1],
            "seasonal_error": state["seasonal_error"] + error,
            "locs": chunk.scaling.loc[:, -period:],
            "scales": chunk.scaling.scale[:, -period:],
            "ring": chunk.full[:, -length:],
            "covariates": chunk.covariates[:, -period:],
            "hidden": ring,
        }
        for _, fields in coarse:
            new |= fields
        return chunk, hidden, self._replace(state, new), [history for history, _ in coarse]

    def _read(self, observations: Observations, state: State) -> _Chunk:
        config = self.config
        target, past, known = observations
        expected = (*target.shape, config.past_width), (*target.shape, config.known_width)
        if target.dim() != 2 or (past.shape, known.shape) != expected or not target.shape[1]:
            raise InputError(
                f"observations: expected target [B, T >= 1], past [B, T, {config.past_width}] and known "
                f"[B, T, {config.known_width}], got {tuple(target.shape)}, {tuple(past.shape)}, {tuple(known.shape)}"
            )
        seen = ~target.isnan()
        first = target.gather(1, seen.int().argmax(1, keepdim=True))[:, 0].double()
        anchor = torch.where(state["anchor"].isnan(), first, state["anchor"])
        deviations = target.double() - anchor[:, None]
        value = deviations.nan_to_num()
        sums = discounted_sums(torch.stack([seen.double(), value, value * value], -1), state["sums"], config.half_life)
        scaling = scaling_of(sums, anchor[:, None])
        user = torch.cat([past, known[..., config.known_width - config.user_known_width :]], dim=-1)
        return _Chunk(
            full=torch.cat([state["ring"], target], dim=1),
            covariates=torch.cat([state["covariates"], user], dim=1),
            calendar=known[..., : config.known_width - config.user_known_width],
            anchor=anchor,
            deviations=deviations,
            sums=sums,
            scaling=Scaling(
                torch.cat([state["locs"], scaling.loc], dim=1), torch.cat([state["scales"], scaling.scale], dim=1)
            ),
        )

    def _patches(self, chunk: _Chunk, positions: Tensor, state: State) -> PatchInput:
        period, length, season = self.config.patch_length, self.config.ring_length, self.config.season

        def ending(lag: int) -> Tensor:
            return chunk.full.unfold(1, period, 1).index_select(1, positions + (length + 1 - period - lag))

        def scaling(shift: int) -> Scaling:
            index = positions + shift
            return Scaling(chunk.scaling.loc.index_select(1, index), chunk.scaling.scale.index_select(1, index))

        covariates = chunk.covariates.unfold(1, period, 1).index_select(1, positions + 1).flatten(2)
        calendar = chunk.calendar.index_select(1, positions)
        patches = (ending(0), ending(season), ending(7 * season))
        return PatchInput(patches, scaling(period), scaling(0), covariates, calendar, state["static"])

    def _coarse(self, chunk: _Chunk, state: State) -> list[tuple[Tensor, dict[str, Tensor]]]:
        period = self.config.patch_length
        new = Scaling(chunk.scaling.loc[:, period:], chunk.scaling.scale[:, period:])
        return [encoder(chunk.deviations, new, chunk.anchor, state) for encoder in self.coarse]

    def _summarise(self, chunk: _Chunk, states: list[Tensor], positions: Tensor, state: State) -> _Summary:
        rows, origins = states[0].shape[:2]
        index = positions + self.config.patch_length
        now = Scaling(
            chunk.scaling.loc.index_select(1, index).flatten(), chunk.scaling.scale.index_select(1, index).flatten()
        )
        window = chunk.full.unfold(1, self.config.ring_length, 1).index_select(1, positions + 1).flatten(0, 1)
        clocks = (state["clock"][:, None] + 1 + positions).flatten()
        static = state["static"][:, None].expand(rows, origins, -1).flatten(0, 1)
        return _Summary([s.flatten(0, 1) for s in states], self._ages(clocks), self._window(window, now), now, static)

    def _ages(self, clocks: Tensor) -> list[Tensor]:
        return [torch.remainder(clocks + 1, c).float() / c for c in self.config.resolutions[1:]]

    def _window(self, ring: Tensor, now: Scaling) -> Tensor:
        scaled = Scaling(now.loc[:, None], now.scale[:, None]).apply(ring)
        return fill_missing(scaled, self.config.season)

    def _decode(self, summary: _Summary, future: Tensor) -> Prediction:
        config = self.config
        padded = config.segments * config.segment_length
        experts = expert_forecasts(summary.window, config.season, padded)
        experts = experts.unflatten(1, (config.segments, config.segment_length))
        attended, resolution_weights = self.resolution_attention(summary.states, summary.ages)
        context = attended + self.from_experts(experts.flatten(2))
        if self.from_static is not None:
            context = context + self.from_static(summary.static)[:, None]
        context = self.mix(context)
        base, expert_weights = self.expert_attention(context, experts)
        centre = base.flatten(1)[:, : config.horizon]
        if self.linear_ring is not None:
            centre = centre + self.linear_ring(summary.window)
        scaled = centre[..., None] + self.head(context, future)
        return Prediction(
            scaled, summary.now.loc, summary.now.scale, expert_weights, resolution_weights, config.quantile_levels
        )

    def _replace(self, state: State, values: Mapping[str, Tensor]) -> State:
        kept = {name: state[name] for name in self.spec.fields if name not in values}
        return self.spec.pack(kept | dict(values))
