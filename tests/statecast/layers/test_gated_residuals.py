"""The optional attentions: held to their formulas in float64, silent until they learn, told as they were used."""

from typing import Any

import pytest
import torch
from torch import Tensor

from statecast import Forecaster, ForecasterConfig, Observations, Prediction
from statecast.errors import ConfigError
from statecast.inputs.covariates import Covariate
from statecast.layers.feature_attention import FeatureAttention
from statecast.layers.memory_attention import MemoryAttention
from statecast.layers.memory_transformer import MemoryTransformer
from tests.builders import TINY, tiny_ensemble, tiny_network

WIND, SKY = Covariate("wind"), Covariate("sky", levels=("clear", "dull"))
FEATURES: dict[str, Any] = {"past_covariates": (WIND,), "future_covariates": (SKY,), "feature_attention": True}
PARTS: dict[str, dict[str, Any]] = {
    "features": FEATURES,
    "memory": {"memory": 3, "memory_width": 4},
    "memory_transformer": {"memory": 3, "memory_width": 8, "transformer_layers": 2},
}


def random(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def linear(module: Any, inputs: Tensor) -> Tensor:
    product: Tensor = module.weight @ inputs + module.bias
    return product


def normalised(module: Any, inputs: Tensor) -> Tensor:
    centred = inputs - inputs.mean()
    scaled: Tensor = centred / (centred.square().mean() + 1e-5).sqrt() * module.weight + module.bias
    return scaled


def forecast(network: Forecaster, steps: int = 50) -> Prediction:
    """Of two random series with everything that the network may be told."""
    generator, config = torch.Generator().manual_seed(1), network.config

    def normal(*shape: int) -> Tensor:
        return torch.randn(2, *shape, generator=generator)

    observations = Observations(normal(steps), normal(steps, config.past_width), normal(steps, config.known_width))
    state = network.prime(observations, network.fresh(torch.tensor([7, 400]), torch.zeros(2, 0)))
    return network.decode(state, normal(config.horizon, config.known_width))


def test_feature_attention_by_hand() -> None:
    """Keys and values of each feature's own steps, and nothing of its neighbour's columns."""
    torch.manual_seed(0)
    attention = FeatureAttention(ForecasterConfig(**{**TINY, **FEATURES})).double()
    assert attention.names == ("target", "wind", "sky", "calendar")
    hidden, patch, covariates, calendar = random(8), random(4), random(3, 4), random(4)
    patch[1] = torch.nan
    observed = torch.tensor([1.0, 0.0, 1.0, 1.0]).double()
    target = torch.cat([torch.where(observed > 0, patch, 0.0), observed])
    features = [target, covariates[0], covariates[1:].flatten(), calendar]
    query = linear(attention.query, hidden)
    keys = [linear(key, one) for key, one in zip(attention.keys, features, strict=True)]
    scores = torch.stack([key @ query / 8**0.5 for key in keys]).exp()
    shares = scores / scores.sum()
    values = [linear(value, one) for value, one in zip(attention.values, features, strict=True)]
    expected = sum(share * value for share, value in zip(shares, values, strict=True))
    ours, weights = attention(hidden, patch, covariates.flatten(), calendar)
    close(weights, shares)
    close(ours, expected)


def test_memory_attention_by_hand() -> None:
    """Old entries that were never seen have no share; with none at all nothing is added, and gradients are numbers."""
    torch.manual_seed(0)
    attention, hidden, kept = MemoryAttention(8, 3, 4).double(), random(8), random(3, 4)
    query = linear(attention.query, hidden)
    scores = [(attention.key.weight @ kept[k] + attention.ages[k]) @ query / 4**0.5 for k in range(3)]
    for first in range(4):
        seen = torch.arange(3) >= first
        known = torch.stack([score.exp() if k >= first else torch.zeros(()).double() for k, score in enumerate(scores)])
        shares = known / known.sum() if first < 3 else known
        mixed = sum(share * entry for share, entry in zip(shares, kept, strict=True))
        ours, weights = attention(hidden, kept, seen)
        close(weights, shares)
        close(ours, attention.value.weight @ mixed)
        attention.zero_grad()
        ours.sum().backward()
        assert all(bool(weight.grad.isfinite().all()) for weight in attention.parameters() if weight.grad is not None)


def test_the_transformer_by_hand() -> None:
    """Two blocks of four heads over three kept entries, the first unseen, and the present one."""
    torch.manual_seed(0)
    transformer = MemoryTransformer(8, 3, 8, layers=2, dropout=0.3).double().eval()
    hidden, kept, seen = random(8), random(3, 8), torch.tensor([False, True, True])
    tokens = [
        *(kept[k] + transformer.ages[k] for k in range(3)),
        linear(transformer.present, hidden) + transformer.ages[3],
    ]
    for block in transformer.blocks:
        normed = [normalised(block.before, token) for token in tokens]
        after, looks = [], []
        for token, asked in zip(tokens, normed, strict=True):
            heads = []
            for head in range(4):
                part = slice(2 * head, 2 * head + 2)
                query = linear(block.query, asked)[part]
                scores = [(linear(block.key, told)[part] @ query / 2**0.5).exp() for told in normed[1:]]
                shares = [score / sum(scores) for score in scores]
                values = [linear(block.value, told)[part] for told in normed[1:]]
                heads.append(sum(share * value for share, value in zip(shares, values, strict=True)))
                looks.append(torch.stack([torch.zeros(()).double(), *shares]))
            attended = token + linear(block.out, torch.cat(heads))
            inner = torch.nn.functional.gelu(linear(block.forth[0], normalised(block.between, attended)))
            after.append(attended + linear(block.forth[2], inner))
        tokens = after
    ours, weights = transformer(hidden, kept, seen)
    close(ours, transformer.value.weight @ normalised(transformer.norm, tokens[-1]))
    close(weights, sum(looks[-4:]) / 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_says_nothing_until_its_gate_opens(part: str) -> None:
    """Zero at first: a part that has learned nothing must not cost the others anything."""
    torch.manual_seed(0)
    network = Forecaster(ForecasterConfig(**{**TINY, **PARTS[part]})).eval().requires_grad_(False)
    torch.manual_seed(0)
    changes = {key: value for key, value in PARTS[part].items() if key.endswith("_covariates")}
    plain = Forecaster(ForecasterConfig(**{**TINY, **changes})).eval().requires_grad_(False)
    silent = forecast(network)
    torch.testing.assert_close(silent.quantiles(), forecast(plain).quantiles(), rtol=0, atol=1e-6)
    assert not silent.time_weights and not silent.feature_weights
    (gate,) = network.gated_residuals.ablatable().values()
    gate.add_(10.0)
    assert float((forecast(network).quantiles() - forecast(plain).quantiles()).abs().max()) > 1e-3


def test_the_memory_that_is_told_is_the_one_that_was_seen() -> None:
    """After 10 steps patches of 4 that ended 4 and 8 steps ago were seen, one that ended 12 steps ago was not."""
    network = tiny_network(**PARTS["memory"])
    weights = forecast(network, 10).time_weights
    assert list(weights) == [12, 8, 4]
    assert weights[12].tolist() == [0.0, 0.0]
    torch.testing.assert_close(weights[8] + weights[4], torch.ones(2))
    transformer = forecast(tiny_network(**PARTS["memory_transformer"]), 10).time_weights
    assert list(transformer) == [12, 8, 4, 0] and not transformer[12].any() and transformer[0].all()
    assert not forecast(network, 4).time_weights[4].any() and forecast(network, 5).time_weights[4].all()


def test_an_ensemble_tells_the_mean_of_those_that_attend() -> None:
    """A member without a memory has no opinion on ages; one that looks back less far gives the rest no share."""
    members = ({"memory": 2}, {"memory": 1, "patch_length": 6, "lookback_length": 48}, {})
    network = tiny_ensemble(0, *members)
    own = [forecast(member).time_weights for member in network.members]  # type: ignore[arg-type]
    weights = forecast(network).time_weights  # type: ignore[arg-type]
    assert sorted(weights) == [4, 6, 8]
    torch.testing.assert_close(weights[8], own[0][8] / 2)
    torch.testing.assert_close(weights[6], own[1][6] / 2)
    torch.testing.assert_close(sum(weights.values()), torch.ones(2))


def test_attention_to_nothing_is_refused() -> None:
    """A part that cannot work must say so, and how to mend it, before anybody trains it."""
    with pytest.raises(ConfigError, match=r"feature_attention.*got none; name columns with --past"):
        tiny_network(feature_attention=True)
    with pytest.raises(ConfigError, match="unlike names, got target, calendar, calendar"):
        tiny_network(past_covariates=(Covariate("calendar"),), feature_attention=True)
    with pytest.raises(ConfigError, match="memory: expected 0 or"):
        tiny_network(memory=-1)
    with pytest.raises(ConfigError, match="memory: expected patches to look back on"):
        tiny_network(transformer_layers=1)
    with pytest.raises(ConfigError, match="memory_width: expected a multiple of 4"):
        tiny_network(memory=2, memory_width=6, transformer_layers=1)


@pytest.mark.parametrize("part", ["memory", "memory_transformer"])
def test_a_fork_goes_on_from_what_was_read_before(part: str) -> None:
    """One phase alone must find its own entries among those of all phases that a state keeps."""
    network = tiny_network(**PARTS[part])
    target, known = torch.randn(2, 31), torch.zeros(2, 31, network.config.known_width)
    first, rest = (
        Observations(target[:, part], known[:, part, :0], known[:, part]) for part in (slice(11), slice(11, 31))
    )
    state = network.prime(first, network.fresh(torch.zeros(2, dtype=torch.int64), torch.zeros(2, 0)))
    future = torch.zeros(2, 5, network.config.horizon, network.config.known_width)
    forked, (whole, _) = network.fork(rest, state, future), network.forward(rest, state, future, every=4)
    torch.testing.assert_close(forked.scaled, whole.raw, rtol=1e-5, atol=1e-5)
