"""Networks on rows of a cache, compiled and in torch: the same as states that are passed about, wherever they lie."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from statecast import SeriesNetwork
from statecast.compiled import compile_network, slot_network, uncovered
from statecast.errors import InputError
from statecast.models.roll_out import RollOut
from statecast.models.slot_network import SlotNetwork
from tests.laws.series import NAMES, Batch, variant
from tests.laws.test_compiled import walk

COVERED = [name for name in NAMES if uncovered(variant(name)) is None]
BOTH = [(name, "eager") for name in NAMES] + [(name, "compiled") for name in COVERED]
pytestmark = pytest.mark.timeout(1200)  # whoever runs the tests first on a machine compiles, once


def networks(name: str, kind: str) -> tuple[SeriesNetwork, SlotNetwork]:
    """A network, and the same on rows of a cache."""
    network = variant(name)
    if kind == "compiled":
        found = compile_network(network)
        assert found is not None
        network = found
    return network, slot_network(network)


def arrays(batch: Batch, first: int, last: int) -> list[NDArray[Any]]:
    return [part.numpy() for part in batch.part(first, last) if part is not None]


def begun(network: SlotNetwork, batch: Batch, slots: NDArray[np.int64], rows: int = 16) -> NDArray[np.uint8]:
    """A cache with fresh rows at these slots, and what no state would hold elsewhere."""
    cache = network.new_cache(rows)
    assert isinstance(cache, np.ndarray)
    cache[:] = 171
    network.begin_slots(cache, slots, batch.clock.numpy(), batch.static.numpy())
    return cache


@pytest.mark.parametrize(("name", "kind"), BOTH)
def test_slots_are_states(name: str, kind: str) -> None:
    """What a server keeps in place is what a notebook passes about: the same rows, the same forecasts.

    Compiled to the bit; in torch, elementary functions differ in the last digit with a value's place in memory.
    """
    network, slots = networks(name, kind)
    batch = walk(network, 3, 90)
    read, write = np.array([4, 1, 9]), np.array([2, 0, 7])
    cache, state = begun(slots, batch, read), batch.fresh()
    for first, last in ((0, 50), (50, 51), (51, 90)):
        slots.advance_slots(cache, read, write, *arrays(batch, first, last))
        state = network.prime(batch.part(first, last), state)
        read, write = write, read
    found, expected = slots.forecast_slots(cache, read, batch.future.numpy(), 30), network.decode(state, batch.future)
    if kind == "compiled":
        assert np.array_equal(cache[read], state.rows.numpy())
        assert np.array_equal(found.quantiles, expected.quantiles().numpy())
        assert np.array_equal(found.mean, expected.mean().numpy())
    assert found.finite.tolist() == [True] * 3
    for ours, theirs in (
        (found.quantiles, expected.quantiles()),
        (found.mean, expected.mean()),
        (found.seasonal_error, network.seasonal_error(state)),
        (found.autocorrelation, network.autocorrelation(state)),
        (found.baseline, network.seasonal_naive(state, 30)),
        (found.naive_forecast_weights, expected.naive_forecast_weights),
        (found.resolution_weights, expected.resolution_weights),
    ):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)
    assert found.time_weights.keys() == expected.time_weights.keys()
    assert found.feature_weights.keys() == expected.feature_weights.keys()


@pytest.mark.parametrize("kind", ["eager", "compiled"])
def test_only_rows_that_are_written_change(kind: str) -> None:
    """The row that is read is what is true until the new one is safe: a failed commit goes back to it."""
    network, slots = networks("covariates", kind)
    batch = walk(network, 2, 40)
    cache = begun(slots, batch, np.array([3, 5]))
    before = cache.copy()
    slots.advance_slots(cache, np.array([3, 5]), np.array([8, 5]), *arrays(batch, 0, 40))
    slots.forecast_slots(cache, np.array([8, 5, 8]), batch.future.numpy()[[0, 1, 0]])
    changed = [row for row in range(len(cache)) if not np.array_equal(cache[row], before[row])]
    assert changed == [5, 8]


@pytest.mark.parametrize("name", COVERED)
@pytest.mark.parametrize("steps", [1, 3, 29])
def test_a_row_that_is_written_over_itself_comes_to_the_same_bits(name: str, steps: int) -> None:
    """In place, phases of the state lie on one another's places: a row may not read what it has just written."""
    network, slots = networks(name, "compiled")
    batch = walk(network, 2, 30 + steps)
    here = np.array([6, 2])
    cache = begun(slots, batch, here)
    slots.advance_slots(cache, here, here, *arrays(batch, 0, 30))
    slots.advance_slots(cache, here, np.array([0, 1]), *arrays(batch, 30, 30 + steps))
    slots.advance_slots(cache, here, here, *arrays(batch, 30, 30 + steps))
    assert np.array_equal(cache[here], cache[:2])


@pytest.mark.parametrize("name", COVERED)
def test_a_row_never_depends_on_its_neighbours(name: str) -> None:
    """Batches are as they come: which rows, in which order and beside which others must not show in a forecast."""
    network, slots = networks(name, "compiled")
    batch = walk(network, 64, 60)
    read, order = np.arange(64), np.random.default_rng(0).permutation(64)
    cache = begun(slots, batch, read, 128)
    slots.advance_slots(cache, read, read + 64, *arrays(batch, 0, 60))
    together = slots.forecast_slots(cache, read + 64, batch.future.numpy(), 5)
    for some in (order[:1], order[:7], order):
        one = batch.rows(some.tolist())
        alone = begun(slots, one, some, 128)
        slots.advance_slots(alone, some, some, *arrays(one, 0, 60))
        assert np.array_equal(alone[some], cache[some + 64])
        found = slots.forecast_slots(alone, some, one.future.numpy(), 5)
        for ours, theirs in zip(found[:8], together[:8], strict=True):
            assert np.array_equal(ours, theirs[some])


@pytest.mark.parametrize(("name", "kind"), BOTH)
def test_a_history_that_is_read_for_its_forecast_alone_gives_the_same_forecast(name: str, kind: str) -> None:
    """What is left out because nobody steps the row again must not show, whichever rows stand beside it."""
    _, slots = networks(name, kind)
    batch = walk(network := variant(name), 4, 170)
    here, horizon = np.array([4, 1, 9, 6]), network.config.horizon
    final = np.array([True, False, True, True])
    for cut in (1, 60, 169):  # a row that has been stepped before may come to its end as well
        plain, short = begun(slots, batch, here), begun(slots, batch, here)
        for cache in (plain, short):
            slots.advance_slots(cache, here, here, *arrays(batch, 0, cut))
        slots.advance_slots(plain, here, here, *arrays(batch, cut, 170))
        slots.advance_slots(short, here, here, *arrays(batch, cut, 170), final=final)
        expected, found = (slots.forecast_slots(cache, here, batch.future.numpy(), horizon) for cache in (plain, short))
        for ours, theirs in zip(found[:8], expected[:8], strict=True):
            assert np.array_equal(ours, theirs)
        assert np.array_equal(plain[1], short[1])
        left_out = kind == "compiled" and network.config.patch_length > 1 and cut < 169
        assert left_out == (not np.array_equal(plain[9], short[9]))


@pytest.mark.parametrize("kind", ["eager", "compiled"])
def test_a_horizon_after_the_other(kind: str) -> None:
    """Past its horizon a network goes on from its own median, and the state of the series stays where it was."""
    network, slots = networks("covariates", kind)
    batch = walk(network, 2, 80)
    here, there = np.array([1, 2]), np.array([5, 3])
    cache = begun(slots, batch, here)
    slots.advance_slots(cache, here, here, *arrays(batch, 0, 80))
    kept = cache[here].copy()
    future = batch.future.numpy()
    roll = RollOut.start(state := network.prime(batch.part(0, 80), batch.fresh()), network.decode(state, batch.future))
    near = last = slots.forecast_slots(cache, here, future)
    middle, horizon = network.config.quantile_levels.index(0.5), network.config.horizon
    for number, (read, part) in enumerate(((here, batch.future), (there, batch.future[:, :5])), start=1):
        reached = np.full(2, number * horizon)
        last = slots.roll_slots(cache, read, there, near, last.quantiles[..., middle], reached, future, part.numpy())
        roll = roll.advance(network, batch.future, part)
        np.testing.assert_allclose(last.quantiles, roll.quantiles.numpy(), rtol=1e-6)
        np.testing.assert_allclose(last.mean, roll.mean.numpy(), rtol=1e-6)
    assert np.array_equal(cache[here], kept)


@pytest.mark.parametrize("kind", ["eager", "compiled"])
def test_what_is_no_number_is_reported(kind: str) -> None:
    """A forecast that is not finite is no answer, and it must not take its neighbours along."""
    network, slots = networks("gru", kind)
    batch = walk(network, 3, 50)
    target = batch.target.clone()
    target[1] = torch.nan
    odd = batch.with_target(target)
    here = np.arange(3)
    cache = begun(slots, odd, here)
    slots.advance_slots(cache, here, here, *arrays(odd, 0, 50))
    found = slots.forecast_slots(cache, here, odd.future.numpy())
    assert found.finite.tolist() == [True, False, True]
    assert np.isnan(found.seasonal_error).tolist() == [False, True, False]


@pytest.mark.parametrize("kind", ["eager", "compiled"])
def test_slots_outside_the_cache_and_wrong_shapes_are_refused(kind: str) -> None:
    """Compiled code checks no bounds: what passes here unseen reads and writes another's memory."""
    network, slots = networks("covariates", kind)
    batch = walk(network, 2, 10)
    here, future = np.arange(2), batch.future.numpy()
    cache = begun(slots, batch, here)
    before = cache.copy()
    parts = arrays(batch, 0, 10)
    for wrong in (np.array([0, 16]), np.array([-1, 0])):
        with pytest.raises(InputError, match="slots: expected rows 0 to 15"):
            slots.advance_slots(cache, wrong, here, *parts)
        with pytest.raises(InputError, match="slots: expected rows 0 to 15"):
            slots.advance_slots(cache, here, wrong, *parts)
        with pytest.raises(InputError, match="slots: expected rows 0 to 15"):
            slots.forecast_slots(cache, wrong, future)
    for read, write in ((here[:1], here), (here, here[:1]), (np.arange(3), np.arange(3))):
        with pytest.raises(InputError, match="observations: expected target"):
            slots.advance_slots(cache, read, write, *parts)
    for given in (future[:1], future[:, :0], future[..., :1], np.concatenate([future, future], 1), future[0]):
        with pytest.raises(InputError, match="future: expected"):
            slots.forecast_slots(cache, here, given)
    assert np.array_equal(cache, before)


def test_threads_do_not_share_the_memory_they_work_in() -> None:
    """A compiled call holds no lock of the interpreter: two at once in one room would write over one another."""
    network, slots = networks("covariates", "compiled")
    batch = walk(network, 64, 60)
    rows, future = np.arange(64), batch.future.numpy()
    cache = begun(slots, batch, rows, 128)
    slots.advance_slots(cache, rows, rows, *arrays(batch, 0, 59))
    last, expected = arrays(batch, 59, 60), slots.forecast_slots(cache, rows, future).quantiles

    def work(_: int) -> bool:
        own = cache.copy()
        slots.advance_slots(own, rows, rows + 64, *last)
        return np.array_equal(slots.forecast_slots(own, rows, future).quantiles, expected)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(64)))


def test_caches_of_other_kinds_are_read_or_refused() -> None:
    """Tensors are the same memory; bytes from a store may be forecast from, but never silently changed as a copy."""
    network, slots = networks("gru", "compiled")
    batch = walk(network, 2, 40)
    here, parts = np.arange(2), arrays(batch, 0, 40)
    cache = begun(slots, batch, here)
    fixed = cache.copy()
    fixed.flags.writeable = False
    with pytest.raises(InputError, match="cache: expected contiguous rows"):
        slots.advance_slots(fixed, here, here, *parts)
    slots.advance_slots(torch.from_numpy(cache), here, here, *parts)
    assert not np.array_equal(cache, fixed)
    fixed = np.frombuffer(cache.tobytes(), np.uint8).reshape(cache.shape)
    found, future = slots.forecast_slots(fixed, here, batch.future.numpy()), batch.future.numpy()
    assert np.array_equal(found.quantiles, slots.forecast_slots(cache, here, future).quantiles)


@pytest.mark.parametrize(("name", "kind"), BOTH)
def test_a_shorter_forecast_is_the_beginning_of_a_longer_one(name: str, kind: str) -> None:
    """A batch is forecast as far as its longest request: how far the others look ahead must not show in an answer."""
    network, slots = networks(name, kind)
    batch, here = walk(network, 2, 50), np.array([1, 3])
    cache = begun(slots, batch, here)
    slots.advance_slots(cache, here, here, *arrays(batch, 0, 50))
    future = batch.future.numpy()
    whole = slots.forecast_slots(cache, here, future)
    for steps in (1, network.config.segment_length, network.config.horizon - 1):
        part = slots.forecast_slots(cache, here, future[:, :steps])
        for ours, theirs in ((part.quantiles, whole.quantiles), (part.mean, whole.mean)):
            np.testing.assert_allclose(ours, theirs[:, :steps], rtol=1e-5, atol=0 if kind == "compiled" else 1e-5)
        assert np.array_equal(part.autocorrelation, whole.autocorrelation)
