"""What the laws are tried on: every network variant, and series as they come: trends, gaps, constants, odd levels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from hypothesis import currently_in_test_context, target
from hypothesis import strategies as st
from torch import Tensor

from statecast import ForecasterConfig, Observations, Prediction, SeriesNetwork, State
from statecast.inputs.covariates import Covariate
from statecast.naive_forecasts import NAIVE_FORECASTS
from statecast.state.transforms import compress
from tests.builders import IN_SAMPLE_UNTIL, tiny_ensemble, tiny_network

VARIANTS: dict[str, dict[str, object]] = {
    "lstm": {},
    "lstm-deep": {"layers": 2},
    "gru": {"cell": "gru"},
    "rnn": {"cell": "rnn"},
    "peephole": {"cell": "peephole"},
    "slstm": {"cell": "slstm"},
    "slstm-deep": {"cell": "slstm", "layers": 2},
    "mlstm": {"cell": "mlstm"},
    "mlstm-deep": {"cell": "mlstm", "layers": 2, "width": 20},  # two heads, one of them narrower
    "mingru": {"cell": "mingru"},
    "mingru-deep": {"cell": "mingru", "layers": 2},
    "one-resolution": {"resolutions": (1,)},
    "three-resolutions": {"resolutions": (1, 3, 10)},
    "mixed-frequency": {"mixed_frequency": (6,), "coarse_history_length": 12},
    "mixed-beside-derived": {
        "resolutions": (1, 3, 5, 10),
        "mixed_frequency": (3, 10),
        "cell": "slstm",
        "coarse_history_length": 12,
    },
    "no-linear-ring": {"linear_lookback": False},
    "shared-ring": {"shared_lookback": True, "linear_lookback": False},
    "other-naive-forecasts": {"naive_forecasts": (*NAIVE_FORECASTS[-1:], *NAIVE_FORECASTS[:2])},
    "asinh": {"asinh_unit": 0.5},
    "no-adaptation": {"adaptation": 0.0},
    "settled-early": {"burn_in": 9},
    "season-of-one": {"season": 1, "lookback_length": 20},
    "covariates": {
        "past_covariates": (Covariate("wind", 1.0, 2.0),),
        "future_covariates": (Covariate("holiday", levels=("no", "yes")),),
        "static_covariates": (Covariate("site", levels=("north", "south")),),
    },
}
COVARIATES = VARIANTS["covariates"]
NEIGHBOURS = tuple(Covariate(name, 0.1, 2.0) for name in ("w", "n", "nw", "s"))
OPTIONAL: dict[str, dict[str, object]] = {
    "feature-attention": {**COVARIATES, "feature_attention": True},
    "memory": {"memory": 3, "memory_width": 4},
    "memory_transformer": {"memory": 4, "memory_width": 8, "transformer_layers": 2},
    "recurrent-decoder": {"decoder": "recurrent"},
    "bidirectional": {"bidirectional": True},
    "all-optional-parts": {
        **COVARIATES, "feature_attention": True, "memory": 4, "memory_width": 8, "transformer_layers": 1,
        "decoder": "recurrent", "bidirectional": True, "cell": "slstm",
    },
    "features-and-memory": {
        **COVARIATES, "feature_attention": True, "memory": 5, "cell": "gru", "layers": 2, "adaptation": 0.0,
    },
}  # fmt: skip
GRIDS: dict[str, dict[str, object]] = {
    "grid": {"past_covariates": NEIGHBOURS, "spatial_grid": (("nw", "n", ""), ("w", "target", ""), ("", "s", ""))},
    "grid-deep": {
        "past_covariates": (NEIGHBOURS[0], Covariate("sky", levels=("clear", "dull")), *NEIGHBOURS[1:]),
        "future_covariates": (Covariate("warmth"),), "static_covariates": (Covariate("height"),),
        "spatial_grid": (("target", "w", "s"), ("", "nw", "n")), "layers": 2, "memory": 2, "feature_attention": True,
    },
}  # fmt: skip
VARIANTS |= OPTIONAL | GRIDS


# Not of one forecaster but of two unlike ones.
ENSEMBLES: dict[str, tuple[dict[str, object], ...]] = {
    "ensemble": (),
    "ensemble-naive-forecasts": (
        {"naive_forecasts": NAIVE_FORECASTS[2:5]},
        {"naive_forecasts": (*NAIVE_FORECASTS[-1:], *NAIVE_FORECASTS[:3])},
    ),
    "ensemble-mixed-frequency": (
        {"mixed_frequency": (6,)},
        {"mixed_frequency": (6,), "resolutions": (1, 3, 6), "cell": "rnn"},
    ),
}
NAMES = sorted([*VARIANTS, *ENSEMBLES])


@cache
def variant(name: str) -> SeriesNetwork:
    """One network a variant, built once."""
    return tiny_ensemble(3, *ENSEMBLES[name]) if name in ENSEMBLES else tiny_network(seed=3, **VARIANTS[name])


@dataclass(frozen=True)
class Batch:
    """Random series for one network: everything that ``prime`` and ``decode`` take."""

    network: SeriesNetwork
    target: Tensor
    past: Tensor
    known: Tensor
    static: Tensor
    clock: Tensor
    future: Tensor
    mixed_frequency: Tensor
    coarse_history: Tensor

    def __repr__(self) -> str:
        return f"Batch(target={tuple(self.target.shape)}, clock={self.clock.tolist()})"

    def fresh(self) -> State:
        return self.network.fresh(self.clock, self.static)

    def part(self, first: int, last: int) -> Observations:
        """Steps of the series; coarse values of the time before come with the first."""
        steps = (one[:, first:last] for one in (self.target, self.past, self.known, self.mixed_frequency))
        return Observations(*steps, None if first else self.coarse_history)

    def forecast(self, state: State) -> Prediction:
        return self.network.decode(state, self.future)

    def rows(self, index: list[int]) -> "Batch":
        pick = torch.tensor(index)
        return replace(self, **{name: value[pick] for name, value in vars(self).items() if isinstance(value, Tensor)})

    def with_target(self, target: Tensor) -> "Batch":
        return replace(self, target=target)

    def run(self) -> Prediction:
        """The forecast after all steps, in one go."""
        return self.forecast(self.network.prime(self.part(0, self.target.shape[1]), self.fresh()))


@st.composite
def batches(draw: st.DrawFn, rows: int = 2, most: int = 70, missing: bool = True, only: Sequence[str] = NAMES) -> Batch:
    """Random walks with a season at random levels and scales, some values missing."""
    network = draw(st.sampled_from(only).map(variant))
    config, steps = network.config, draw(st.integers(2, most))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    walk = random.normal(size=(rows, steps)).cumsum(1) * draw(st.sampled_from([0.0, 0.1, 1.0]))
    wave = np.sin(2 * np.pi * np.arange(steps) / 4) + random.normal(size=(rows, steps)) * 0.3
    values = (
        draw(st.sampled_from([0.0, 1.0, -50.0])) + draw(st.sampled_from([0.01, 1.0, 30.0])) * (walk + wave)
    ).astype(np.float32)
    if missing:
        holes = random.random((rows, steps)) < draw(st.sampled_from([0.0, 0.02, 0.4]))
        holes[:, 0] = False
        values[holes] = np.nan

    def normal(*shape: int) -> Tensor:
        return torch.from_numpy(random.normal(size=shape).astype(np.float32))

    parts = (
        torch.from_numpy(values),
        normal(rows, steps, config.past_width),
        normal(rows, steps, config.known_width),
        normal(rows, config.static_width),
        torch.from_numpy(random.integers(-1, draw(st.sampled_from([IN_SAMPLE_UNTIL, 500_000])), rows)),
        normal(rows, config.horizon, config.known_width),
    )
    return Batch(network, *parts, *_coarse_values(random, config, rows, steps))


def _coarse_values(random: np.random.Generator, config: ForecasterConfig, rows: int, steps: int) -> tuple[Tensor, ...]:
    """Coarse values from outside, at another level than the target's, some missing; unlike many per row."""
    count, most = len(config.mixed_frequency), int(random.integers(0, config.coarse_history_length + 1))
    mixed = random.normal(size=(rows, steps, count)).astype(np.float32) * 7 + 1000
    coarse_history = random.normal(size=(rows, count, most)).astype(np.float32) * 7 + 1000
    mixed[random.random(mixed.shape) < 0.2] = np.nan
    coarse_history[random.random(coarse_history.shape) < 0.2] = np.nan
    coarse_history[np.arange(most) < random.integers(0, most + 1, (rows, count, 1))] = np.nan
    return torch.from_numpy(mixed), torch.from_numpy(coarse_history)


def plain_batch(network: SeriesNetwork, target: Tensor) -> Batch:
    """A batch of these values with nothing beside them."""
    config, (rows, steps) = network.config, target.shape
    zeros = torch.zeros(rows, steps, config.past_width), torch.zeros(rows, steps, config.known_width)
    ahead = torch.zeros(rows, config.horizon, config.known_width)
    still = torch.zeros(rows, config.static_width), torch.full((rows,), -1), ahead
    count = len(config.mixed_frequency)
    coarse = torch.ones(rows, steps, count), torch.ones(rows, count, config.coarse_history_length)
    return Batch(network, target, *zeros, *still, *coarse)


def difference(ours: Prediction, theirs: Prediction) -> float:
    """Largest difference of two forecasts, as a share of the series' scale (1 where the series has none)."""
    unit = torch.where(theirs.scale > 0, theirs.scale, 1.0)[:, None, None]
    apart = compress(ours.quantiles(), ours.unit) - compress(theirs.quantiles(), theirs.unit)
    gap = float((apart.abs() / (unit * theirs.scaled.abs().clamp(min=1))).max())  # float32 has so many digits
    if currently_in_test_context():
        target(gap)  # hypothesis looks for the worst
    return gap
