"""Laws 1 to 6 and 9 on every variant of the network."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast import Forecaster, Observations, State
from tests.laws.series import GRIDS, NAMES, OPTIONAL, Batch, batches, difference, plain_batch, variant

# Share of the series' scale. Float32: products are summed in another order for one step than for many.
EXACT = 3e-6

few = settings(max_examples=40, deadline=None)


@few
@given(batches(), st.data())
def test_law_1_stepping_equals_running(batch: Batch, data: st.DataObject) -> None:
    """A session that was fed in pieces must say what the whole history says; else all its forecasts are lies."""
    steps = batch.target.shape[1]
    cuts = sorted({0, steps, *data.draw(st.lists(st.integers(1, steps), max_size=4))})
    state = batch.fresh()
    for first, last in pairwise(cuts):
        state = batch.network.prime(batch.part(first, last), state)
    assert difference(batch.forecast(state), batch.run()) <= EXACT


@few
@given(batches(most=30))
def test_law_1_one_by_one(batch: Batch) -> None:
    """The hardest split: each observation alone, as a live session gets them."""
    state = batch.fresh()
    for position in range(batch.target.shape[1]):
        prediction, state = batch.network.step(batch.part(position, position + 1), state, batch.future)
    assert difference(prediction, batch.run()) <= EXACT


@few
@given(batches(most=50))
def test_law_1_every_origin(batch: Batch) -> None:
    """A backtest runs over a history and forecasts on the way; it must score what a session would give."""
    rows, steps = batch.target.shape
    future = batch.future[:, None].expand(-1, steps, -1, -1)
    whole, _ = batch.network.forward(batch.part(0, steps), batch.fresh(), future)
    state = batch.network.prime(batch.part(0, steps // 2 + 1), batch.fresh())
    index = torch.arange(rows) * steps + steps // 2
    there = whole._replace(scaled=whole.scaled[index], loc=whole.loc[index], scale=whole.scale[index])
    assert difference(there, batch.forecast(state)) <= EXACT


@few
@given(batches(most=60))
def test_training_sees_what_is_served(batch: Batch) -> None:
    """Forked training must be the deployed computation; else the scores of training say nothing of the service.

    Up to calibration, which only what validation and the series itself found out afterwards decides.
    """
    period, steps = batch.network.config.patch_length, batch.target.shape[1]
    if steps < period or not isinstance(batch.network, Forecaster):
        return  # an ensemble's members are trained one by one
    future = batch.future[:, None].expand(-1, steps // period, -1, -1)
    forked = batch.network.fork(batch.part(0, steps), batch.fresh(), future)
    whole, _ = batch.network.forward(batch.part(0, steps), batch.fresh(), future, every=period)
    assert difference(forked, whole._replace(scaled=whole.raw)) <= EXACT


@few
@given(batches(rows=5), st.permutations(range(5)), st.integers(1, 5))
def test_law_2_no_row_knows_its_neighbours(batch: Batch, order: list[int], size: int) -> None:
    """In a batching server a neighbour is another customer: nothing of it may reach my forecast."""
    chosen = order[:size]
    alone, together = batch.rows(chosen).run(), batch.run()
    index = torch.tensor(chosen)
    there = together._replace(scaled=together.scaled[index], loc=together.loc[index], scale=together.scale[index])
    assert difference(alone, there) <= EXACT


@few
@given(batches(rows=2), st.sampled_from(["missing", "huge", "constant"]))
def test_law_2_bad_neighbours(batch: Batch, kind: str) -> None:
    """A neighbour that is all missing, constant or enormous may not spread."""
    target = batch.target.clone()
    target[1] = {"missing": torch.nan, "huge": 3e38, "constant": 7.0}[kind]
    mixed = batch.with_target(target).run()
    one = mixed._replace(scaled=mixed.scaled[:1], loc=mixed.loc[:1], scale=mixed.scale[:1])
    assert difference(one, batch.rows([0]).run()) <= EXACT


@few
@given(batches(), st.data())
def test_law_3_no_look_ahead(batch: Batch, data: st.DataObject) -> None:
    """Changing the future must change no past output, bit for bit; else a backtest flatters."""
    steps = batch.target.shape[1]
    cut = data.draw(st.integers(1, steps - 1))
    future = batch.future[:, None].expand(-1, steps, -1, -1)
    before, _ = batch.network.forward(batch.part(0, steps), batch.fresh(), future)
    parts = ("target", "past", "known", "mixed_frequency")
    other = replace(batch, **{name: getattr(batch, name).clone() for name in parts})
    other.target[:, cut:] = -3.0 * other.target[:, cut:] + 11.0
    other.past[:, cut:] += 1.0
    other.known[:, cut:] -= 1.0
    other.mixed_frequency[:, cut:] = 5.0 - other.mixed_frequency[:, cut:]
    after, _ = batch.network.forward(other.part(0, steps), batch.fresh(), future)
    rows = batch.target.shape[0]
    assert torch.equal(
        before.scaled.unflatten(0, (rows, steps))[:, :cut].nan_to_num(),
        after.scaled.unflatten(0, (rows, steps))[:, :cut].nan_to_num(),
    )


_LOOKING_BACK = {
    "law 1": test_law_1_stepping_equals_running.hypothesis.inner_test,
    "fork": lambda batch, _: test_training_sees_what_is_served.hypothesis.inner_test(batch),
    "law 3": test_law_3_no_look_ahead.hypothesis.inner_test,
}


@pytest.mark.parametrize("law", _LOOKING_BACK)
@pytest.mark.parametrize("name", [*OPTIONAL, *GRIDS])
@settings(max_examples=3, deadline=None)
@given(st.data())
def test_each_optional_part(name: str, law: str, data: st.DataObject) -> None:
    """Among so many variants chance may pass one over; each part that looks back is tried whatever chance says."""
    _LOOKING_BACK[law](data.draw(batches(only=[name])), data)


@few
@given(batches())
def test_law_4_state_is_a_value(batch: Batch) -> None:
    """A step that wrote into its input would apply twice when it is tried twice."""
    state = batch.network.prime(batch.part(0, 1), batch.fresh())
    kept = state.rows.clone()
    first, after = batch.network.step(batch.part(1, 2), state, batch.future)
    again, _ = batch.network.step(batch.part(1, 2), state, batch.future)
    assert torch.equal(state.rows, kept)
    assert torch.equal(first.scaled, again.scaled)
    assert after.rows.shape == (len(state), batch.network.spec.row_bytes)


@pytest.mark.parametrize("name", NAMES)
def test_law_4_bounded_bytes(name: str) -> None:
    """Bytes a session are known at load and never grow: they decide how many sessions a machine holds."""
    batch = plain_batch(variant(name), torch.randn(1, 120))
    state = batch.fresh()
    for first in range(0, 120, 40):
        state = batch.network.prime(batch.part(first, first + 40), state)
        assert state.rows.numel() == batch.network.spec.row_bytes


@few
@given(batches(rows=3))
def test_law_4_take_and_put(batch: Batch) -> None:
    """A slab moves rows by index; a row must come back as it was put, and its neighbours untouched."""
    state = batch.network.prime(batch.part(0, batch.target.shape[1]), batch.fresh())
    other = batch.fresh()
    swapped = other.put(torch.tensor([2]), state.take(torch.tensor([0])))
    assert torch.equal(swapped.rows[2], state.rows[0])
    assert torch.equal(swapped.rows[:2], other.rows[:2])
    assert torch.equal(
        State(
            state.spec, torch.frombuffer(bytearray(state.rows.numpy().tobytes()), dtype=torch.uint8).view(3, -1)
        ).rows,
        state.rows,
    )


@few
@given(batches(), st.sampled_from([0.5, 4.0, 1024.0]), st.sampled_from([-64.0, 0.0, 128.0]))
def test_law_5_scale_and_shift_pass_through(batch: Batch, scale: float, shift: float) -> None:
    """Degrees or Fahrenheit, watts or kilowatts: the unit of a series is nobody's business but the user's."""
    if batch.network.config.asinh_unit:
        return  # it is for series whose zero means something
    exact = (batch.target * 64).round() / 64  # few enough digits that float32 holds the shifted series exactly
    plain, moved = batch.with_target(exact).run(), batch.with_target(exact * scale + shift).run()
    expected = plain.quantiles() * scale + shift
    unit = torch.where(moved.scale > 0, moved.scale, 1.0)[:, None, None]
    assert float(((moved.quantiles() - expected).abs() / unit).max()) <= 1e-3


@few
@given(batches())
def test_law_6_quantiles_never_cross(batch: Batch) -> None:
    """A 90 % level below the 80 % level makes every interval worthless; no weights and no input may bring it about."""
    quantiles = batch.run().quantiles()
    assert bool((quantiles.diff(dim=-1) >= 0).all())
    mean = batch.run().mean()
    assert bool(((mean >= quantiles[..., 0]) & (mean <= quantiles[..., -1])).all())


@few
@given(batches(most=40), st.integers(1, 12))
def test_law_9_missing_is_missing(batch: Batch, length: int) -> None:
    """An outage tells nothing of level or spread: both must stand where the last observed value left them."""
    rows, steps = batch.target.shape
    state = batch.network.prime(batch.part(0, steps), batch.fresh())
    hole = torch.full((rows, length), torch.nan), batch.past[:, :1], batch.known[:, :1]
    outage = Observations(hole[0], *(columns.expand(-1, length, -1) for columns in hole[1:]))
    before, after = batch.forecast(state), batch.forecast(batch.network.prime(outage, state))
    torch.testing.assert_close(after.loc, before.loc, rtol=0, atol=float(before.scale.max()) * 1e-6)
    torch.testing.assert_close(after.scale, before.scale, rtol=1e-6, atol=0)
    assert bool(after.quantiles().isfinite().all())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0.0, 5.0, -1e30, 1e-30])
def test_law_9_constant_series(name: str, value: float) -> None:
    """A series that never moved is forecast as that constant, with zero width, at any level."""
    network = variant(name)
    target = torch.full((1, 30), value)
    target[0, [3, 17]] = torch.nan
    batch = plain_batch(network, target)
    quantiles = batch.run().quantiles()
    # A transform there and back in float32 costs some digits of the level.
    tolerance = 1e-4 if network.config.asinh_unit else 0.0
    assert float((quantiles - quantiles[0, 0, 0]).abs().max()) <= abs(value) * tolerance * 1e-9
    assert float(quantiles[0, 0, 0]) == pytest.approx(float(target[0, 0]), rel=tolerance, abs=0.0)


@pytest.mark.parametrize("name", NAMES)
def test_law_9_nothing_observed(name: str) -> None:
    """From nothing follows nothing: the forecast is missing, not zero."""
    network = variant(name)
    assert bool(plain_batch(network, torch.full((1, 9), torch.nan)).run().quantiles().isnan().all())
