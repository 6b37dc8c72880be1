"""Steps and forecasts by captured graphs: the same as the network's own, however rows are dealt to batch sizes.

On a CPU nothing is captured, and a stand-in does the work anew on the same memory; so dealing, staging, the kinds of
step and what is written into the cache are tried here, and ``tests/gpu`` tries the graphs. Without this a session on a
GPU would be forecast from another series' numbers, or hindcasts would be skipped, and no machine without one would say.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from statecast.errors import InputError
from statecast.graphed import GraphedSlots
from statecast.graphed.capture import that_fit
from statecast.models.eager_slots import EagerSlots
from statecast.models.forecast_arrays import ForecastArrays
from tests.laws.series import NAMES, Batch, plain_batch, variant

SLOTS = np.array([4, 1, 9, 0, 7])


def walk(name: str, rows: int = 5, steps: int = 70) -> Batch:
    torch.manual_seed(1)
    network = variant(name)
    target = torch.randn(rows, steps).cumsum(1) * 0.3 + 5.0
    target[:, 30:33] = torch.nan
    batch, config = plain_batch(network, target), network.config
    return replace(
        batch,
        clock=torch.arange(rows) * 3 - 1,
        past=torch.randn(rows, steps, config.past_width),
        known=torch.randn(rows, steps, config.known_width),
        static=torch.randn(rows, config.static_width),
        future=torch.randn(rows, config.horizon, config.known_width),
    )


def arrays(batch: Batch, first: int, last: int) -> list[Any]:
    return [part.numpy() for part in batch.part(first, last) if part is not None]


def agree(ours: ForecastArrays, theirs: ForecastArrays) -> None:
    for name in ForecastArrays._fields[:8]:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-5, atol=1e-5, err_msg=name)
    for one, other in zip(ours[8:], theirs[8:], strict=True):
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_allclose(one[key], other[key], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("owner", ["its own", "another's"])
@pytest.mark.parametrize("name", NAMES)
def test_replayed_steps_are_the_network_s(name: str, owner: str) -> None:
    """Five rows at sizes of one and four, each at another place of its stride: read, then stepped, then forecast.

    In a cache that it made, and in one that grew elsewhere, as a server's does.
    """
    batch = walk(name)
    eager, graphed = EagerSlots(batch.network), GraphedSlots(batch.network, sizes=(1, 4))
    caches = [eager.new_cache(12), (graphed if owner == "its own" else eager).new_cache(12)]
    for slots, cache in zip((eager, graphed), caches, strict=True):
        slots.begin_slots(cache, SLOTS, batch.clock.numpy(), batch.static.numpy())
        slots.advance_slots(cache, SLOTS, SLOTS, *arrays(batch, 0, 50))
        for step in range(50, 70):
            slots.advance_slots(cache, SLOTS, SLOTS, *arrays(batch, step, step + 1))
    future = batch.future.numpy()
    for horizon in (future.shape[1], future.shape[1] - 1):
        ours, theirs = (
            slots.forecast_slots(cache, SLOTS, future[:, :horizon], 7)
            for slots, cache in zip((graphed, eager), caches, strict=True)
        )
        agree(ours, theirs)
    untouched = np.setdiff1d(np.arange(12), SLOTS)
    assert not np.asarray(caches[1])[untouched].any()


def test_a_state_may_go_on_elsewhere() -> None:
    """A forecast that is rolled on leaves the session's row as it was."""
    batch = walk("lstm")
    graphed, elsewhere = GraphedSlots(batch.network, sizes=(4,)), np.array([2, 3, 5, 6, 8])
    cache = graphed.new_cache(12)
    graphed.begin_slots(cache, SLOTS, batch.clock.numpy(), batch.static.numpy())
    graphed.advance_slots(cache, SLOTS, SLOTS, *arrays(batch, 0, 50))
    before = np.array(cache)
    graphed.advance_slots(cache, SLOTS, elsewhere, *arrays(batch, 50, 51)[:3])
    assert np.array_equal(np.asarray(cache)[SLOTS], before[SLOTS])
    graphed.advance_slots(cache, SLOTS, SLOTS, *arrays(batch, 50, 51)[:3])
    assert np.array_equal(np.asarray(cache)[SLOTS], np.asarray(cache)[elsewhere])


def test_what_is_no_row_is_refused() -> None:
    """Beyond the last row lies the one that no series has."""
    graphed = GraphedSlots(variant("lstm"), sizes=(1,))
    cache, one = graphed.new_cache(3), np.zeros((1, 1), np.float32)
    nothing = np.zeros((1, 1, variant("lstm").config.known_width), np.float32)
    with pytest.raises(InputError, match="expected rows 0 to 2"):
        graphed.advance_slots(cache, np.array([3]), np.array([3]), one, nothing[..., :0], nothing)
    with pytest.raises(InputError, match="expected rows 0 to 2"):
        graphed.forecast_slots(cache, np.array([3]), nothing)
    with pytest.raises(InputError, match="ascending"):
        GraphedSlots(variant("lstm"), sizes=(4, 1))


def test_out_of_memory_leaves_the_sizes_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that is too small for the largest batches serves in smaller ones; a history is read in halves."""

    def build(size: int) -> None:
        if size > 16:
            raise torch.OutOfMemoryError("CUDA out of memory")

    assert that_fit((1, 4, 16, 64, 256), build) == (1, 4, 16)
    with pytest.raises(RuntimeError):
        that_fit((64, 256), build)
    batch, counts = walk("lstm"), []
    graphed = GraphedSlots(batch.network, sizes=(1, 4))
    cache = graphed.new_cache(12)
    graphed.begin_slots(cache, SLOTS, batch.clock.numpy(), batch.static.numpy())
    real = EagerSlots.advance_slots

    def small(self: EagerSlots, cache: Any, read: Any, *rest: Any) -> None:
        counts.append(len(read))
        if len(read) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        real(self, cache, read, *rest)

    monkeypatch.setattr(EagerSlots, "advance_slots", small)
    graphed.advance_slots(cache, SLOTS, SLOTS, *arrays(batch, 0, 50))
    assert counts == [5, 2, 3, 1, 2]


def test_bfloat16_says_what_it_costs(caplog: pytest.LogCaptureFixture) -> None:
    """Who opts in must read by how much forecasts move."""
    GraphedSlots(variant("lstm"), sizes=(1,), bfloat16=True)
    assert "bfloat16: quantiles differ by up to" in caplog.text
