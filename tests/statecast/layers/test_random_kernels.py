"""Random kernels beside their formula: what is counted, where the thresholds lie, which channels are read."""

from itertools import combinations

import numpy as np
import torch

from statecast.layers.sequences.random_kernels import KERNELS, RandomKernels
from statecast.state.state import fresh_fields


def test_counts_are_the_formula() -> None:
    """Step by step and tap by tap, with 0 before the first; the published accuracy is that of these features."""
    torch.manual_seed(0)
    kernels = RandomKernels(channels=3, dilations=(1, 4), thresholds=2, outputs=2)
    kernels.levels.normal_()
    values = torch.randn(12, 3)
    padded = np.concatenate([np.zeros((33, 3)), values.double().numpy()])
    both = np.stack([padded[1:], np.diff(padded, axis=0)])  # [2, 32 + T, C]
    expected = np.zeros((2, 2, KERNELS, 2), dtype=np.int64)
    for spaced, dilation in enumerate((1, 4)):
        for place, raised in enumerate(combinations(range(9), 3)):
            weights = np.where(np.isin(np.arange(9), raised), 2.0, -1.0)
            for step in range(32, 44):
                taps = both[:, step - dilation * np.arange(9)]  # [2, taps, C]
                found = np.einsum("rkc,k,rc->r", taps, weights, kernels.mask[spaced, :, place].double().numpy())
                expected[spaced, :, place] += found[:, None] > kernels.levels[spaced, :, place].numpy()
    counts = kernels.counts(kernels.joined(values[None]), torch.tensor([12]))
    np.testing.assert_array_equal(counts[0].view(expected.shape).numpy(), expected)


def test_each_step_counts_the_same_alone() -> None:
    """A threshold that one session crosses and the whole does not would make them differ, also where values tie."""
    torch.manual_seed(0)
    kernels = RandomKernels(channels=2, dilations=(2,), thresholds=3, outputs=2)
    values, one = torch.randint(-2, 3, (1, 60, 2)) / 3.0, torch.tensor([1])
    kernels.set_levels(values[0])
    carried, total = fresh_fields(kernels.fields, 1), 0
    for step in range(60):
        here = values[:, step : step + 1]
        total = total + kernels.counts(torch.cat([carried["recent_values"], here], dim=1), one)
        carried = kernels.read(here, one, carried)
    assert torch.equal(total, kernels.counts(kernels.joined(values), torch.tensor([60])))


def test_thresholds_lie_all_over_what_is_found() -> None:
    """Thresholds beyond all values would be features that never change."""
    kernels = RandomKernels(channels=1, dilations=(1, 2), thresholds=2, outputs=2)
    values = torch.randn(400, 1, generator=torch.Generator().manual_seed(0))
    kernels.set_levels(values)
    shares = kernels.counts(kernels.joined(values[None]), torch.tensor([400]))[0] / 400
    spread = np.quantile(shares.numpy(), [0.1, 0.5, 0.9])
    np.testing.assert_allclose(spread, [0.1, 0.5, 0.9], atol=0.02)


def test_channels_are_drawn() -> None:
    """Each kernel reads at least one channel, and some read several; of one channel there is nothing to draw."""
    torch.manual_seed(0)
    counts = RandomKernels(channels=12, dilations=(1, 2), thresholds=1, outputs=2).mask.sum(-1)
    assert counts.min() == 1 and counts.max() == 9
    assert RandomKernels(channels=1, dilations=(1,), thresholds=1, outputs=2).mask.unique().tolist() == [1.0]
