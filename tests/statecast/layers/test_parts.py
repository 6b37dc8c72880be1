"""The parts of the network with inputs whose right answer is visible."""

import numpy as np
import pytest
import torch

from statecast.inputs.bucket_values import align
from statecast.layers.attention import NaiveForecastAttention, ResolutionAttention
from statecast.layers.bucket_encoder import fill_buckets, find_ends
from statecast.layers.heads import QuantileHead, SharedLookback, mass_weights
from statecast.naive_forecasts import NAIVE_FORECASTS, compute_naive_forecasts, fill_missing
from statecast.state.causal_scaling import discounted_sums, scaling_of


def test_scaling_is_the_written_recursion() -> None:
    """Blocks of matrix products must be the plain recursion of the docstring, over block borders too."""
    torch.manual_seed(0)
    values, decay = torch.randn(2, 200, 3).double(), 2 ** (-1 / 17)
    expected, carried = [], torch.ones(2, 3).double()
    for step in range(200):
        carried = decay * carried + values[:, step]
        expected.append(carried)
    ours = discounted_sums(values, torch.ones(2, 3).double(), 17.0)
    torch.testing.assert_close(ours, torch.stack(expected, 1), rtol=1e-12, atol=1e-12)


def test_scaling_far_from_zero() -> None:
    """Prices near a million that move by cents must not drown in rounding."""
    target = 1e6 + torch.arange(64).double().remainder(2)
    deviations = target - target[0]
    sums = torch.stack([torch.ones(64).double(), deviations, deviations**2], -1)[None]
    scaling = scaling_of(discounted_sums(sums, torch.zeros(1, 3).double(), 1e9)[:, -1], target[:1])
    assert scaling.loc.item() == pytest.approx(1e6 + 0.5, abs=1e-6)
    assert scaling.scale.item() == pytest.approx(0.5, rel=1e-6)


def test_buckets_keep_to_the_clock() -> None:
    """Steps 10..20 with buckets of 6: the bucket that was open ends at 11, the next at 17, the last stays open."""
    deviations = torch.arange(10, 21).double()[None]
    buckets = fill_buckets(deviations, torch.tensor([9]), torch.tensor([[6.0 + 7 + 8 + 9, 4.0]]).double(), 6)
    assert buckets.means[0, :2].tolist() == [np.mean(range(6, 12)), np.mean(range(12, 18))]
    assert buckets.sums[0, 2].tolist() == [18 + 19 + 20, 3]
    ends, done = find_ends(torch.tensor([9]), 11, 6)
    assert ends[0].tolist() == [1, 7, 13]
    assert done[0].tolist() == [0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]


def test_coarse_values_stand_where_their_buckets_end() -> None:
    """Steps 10..20, coarse values of buckets of 6: bucket 1 (6..11) takes effect at 11, bucket 2 at 17, 0 is over."""
    values = np.arange(5, dtype=np.float32)[None] * 100
    column, before = align(values, 0, 6, 9, 11, 3)
    assert np.flatnonzero(~np.isnan(column[0])).tolist() == [1, 7]
    assert column[0, [1, 7]].tolist() == [100, 200]
    assert np.isnan(before[0, :2]).all()
    assert before[0, 2] == 0


def test_experts_on_a_visible_series() -> None:
    """Season 4 on 0..39: every expert's first step can be told by hand."""
    forecasts = compute_naive_forecasts(torch.arange(40.0)[None], 4, 5, NAIVE_FORECASTS)[0]
    first = dict(zip(NAIVE_FORECASTS, forecasts[0].tolist(), strict=True))
    assert first == {
        "last value": 39, "season": 36, "mean of four seasons": 30, "slow level": 0, "level of the last season": 37.5,
        "level with drift": 38.5, "seven seasons ago": 12, "season with drift": 40,
        "shape of four seasons on the last level": 36, "shape of all seasons on the last level": 36,
    }  # fmt: skip
    assert forecasts[4, 1] == forecasts[0, 1]


def test_the_shape_of_all_seasons_counts_only_what_was_seen() -> None:
    """Zeros from before the first value would flatten the shape of a young series."""
    window = torch.cat([torch.zeros(30), torch.tensor([3.0, 1.0, 5.0, 7.0, 4.0, 2.0, 6.0, 8.0])])[None]
    ahead = compute_naive_forecasts(window, 4, 6, NAIVE_FORECASTS[-1:])[0, :, 0]
    assert ahead.tolist() == [4, 2, 6, 8, 4, 2]  # both seasons have the shape -1, -3, 1, 3; the last level is 5


def test_a_shared_lookback_learns_a_map_of_seasons_to_seasons() -> None:
    """With a map that takes the season before last, and neighbours shut, it repeats that one."""
    ring = SharedLookback(13, 7, 4)
    window = torch.arange(13.0)[None]
    assert ring(window, 7).abs().max() == 0
    ring.map.weight.data[:] = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert ring(window, 7)[0].tolist() == [5, 6, 7, 8, 9, 10, 11]


def test_gaps_take_the_season_before() -> None:
    """A gap is filled from the past only, else from the level."""
    window = torch.tensor([[1.0, torch.nan, 3.0, 4.0, torch.nan, torch.nan]])
    assert fill_missing(window, 3).tolist() == [[1.0, 0.0, 3.0, 4.0, 0.0, 3.0]]


def test_attentions_sum_to_one() -> None:
    """What "explain" shows are shares; shares that do not sum to one mislead."""
    torch.manual_seed(0)
    mixed, weights = ResolutionAttention(8, 3, 2)([torch.randn(5, 8)] * 2, [torch.rand(5)])
    assert mixed.shape == (5, 3, 8)
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, 3))
    values, trust = NaiveForecastAttention(8, 9)(torch.randn(5, 3, 8), torch.ones(5, 3, 4, 9) * 7)
    torch.testing.assert_close(trust.sum(-1), torch.ones(5, 3))
    torch.testing.assert_close(values, torch.full((5, 3, 4), 7.0))


@pytest.mark.parametrize("seed", range(5))
def test_any_weights_give_ascending_quantiles(seed: int) -> None:
    """Monotone by construction, not by training."""
    torch.manual_seed(seed)
    head = QuantileHead(8, 4, 3, (0.05, 0.5, 0.6, 0.99))
    for weight in head.parameters():
        weight.data.normal_(std=10)
    quantiles = head(torch.randn(6, 2, 8) * 10, torch.randn(6, 7, 3))
    assert quantiles.shape == (6, 7, 4)
    assert bool((quantiles.diff(dim=-1) >= 0).all())


def test_mean_of_symmetric_quantiles_is_the_median() -> None:
    """The nine levels stand for a tenth of the probability each, the outer ones for half as much again."""
    weights = mass_weights((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9))
    torch.testing.assert_close(weights, torch.tensor([0.15, *[0.1] * 7, 0.15]).double())
