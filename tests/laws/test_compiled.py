"""Compiled networks against the eager one that each stands in for, on every variant that is covered."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from statecast import Forecaster, Observations, Prediction, SeriesNetwork, State, load
from statecast.compiled import compile_network, uncovered
from statecast.compiled.build import entries
from statecast.errors import InputError
from statecast.state.transforms import compress
from tests.laws.series import NAMES, Batch, batches, plain_batch, variant

pytest.importorskip("numba", reason="the compiled networks need numba, which is optional")
# Whoever runs the tests first on a machine compiles, once.
pytestmark = pytest.mark.timeout(1200)

PARITY = 1e-5
"""Share of the series' scale."""
COVERED = [name for name in NAMES if uncovered(variant(name)) is None]
ROOT = Path(__file__).parents[2]


def compiled(network: SeriesNetwork) -> SeriesNetwork:
    found = compile_network(network)
    assert found is not None
    return found


def apart(ours: Prediction, theirs: Prediction) -> float:
    """Largest difference of quantiles, means and shares, as a share of the series' scale."""
    unit = torch.where(theirs.scale > 0, theirs.scale, 1.0)[:, None]

    def gap(a: Tensor, b: Tensor) -> float:
        assert torch.equal(a.isnan(), b.isnan())
        values = (compress(a, ours.unit) - compress(b, theirs.unit)).abs().flatten(1) / unit
        return float(values.nan_to_num().max())

    shares = [
        float((getattr(ours, name) - getattr(theirs, name)).abs().max())
        for name in ("naive_forecast_weights", "resolution_weights")
    ]
    return max(gap(ours.quantiles(), theirs.quantiles()), gap(ours.mean(), theirs.mean()), *shares)


def walk(network: SeriesNetwork, rows: int, steps: int, seed: int = 0) -> Batch:
    """Random walks with a season, one value in twenty missing, and an outage."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, steps)).cumsum(1) * 0.3 + np.sin(np.arange(steps) * np.pi / 2) + 5.0
    values[random.random((rows, steps)) < 0.05] = np.nan
    values[:, steps // 2 : steps // 2 + 9] = np.nan
    batch, config = plain_batch(network, torch.from_numpy(values.astype(np.float32))), network.config

    def normal(*shape: int) -> Tensor:
        return torch.from_numpy(random.normal(size=shape).astype(np.float32))

    return Batch(
        network,
        batch.target,
        normal(rows, steps, config.past_width),
        normal(rows, steps, config.known_width),
        normal(rows, config.static_width),
        torch.arange(rows) * 3 - 1,
        normal(rows, config.horizon, config.known_width),
        batch.mixed_frequency,
        batch.coarse_history,
    )


@pytest.mark.parametrize("name", COVERED)
def test_hundreds_of_steps_come_to_the_same(name: str) -> None:
    """A server that runs compiled and a notebook that runs eagerly must tell of one series the same."""
    eager = variant(name)
    ours, batch = compiled(eager), walk(eager, 4, 300)
    state = stepped = batch.fresh()
    for first in range(300):
        part = batch.part(first, first + 1)
        state, stepped = eager.prime(part, state), ours.prime(part, stepped)
        if first % 37 == 0 or first > 290:
            assert apart(ours.decode(stepped, batch.future), eager.decode(state, batch.future)) <= PARITY
    for field in eager.spec.fields:
        torch.testing.assert_close(stepped[field], state[field], rtol=1e-4, atol=1e-4, equal_nan=True)


@pytest.mark.parametrize("name", COVERED)
def test_stepping_equals_running_to_the_bit(name: str) -> None:
    """Sums are taken one after the other, however a history is cut: not even rounding tells of the cuts."""
    batch = walk(variant(name), 3, 140)
    ours = compiled(batch.network)
    whole = pieces = batch.fresh()
    whole = ours.prime(batch.part(0, 140), whole)
    for first, last in ((0, 1), (1, 2), (2, 30), (30, 107), (107, 140)):
        pieces = ours.prime(batch.part(first, last), pieces)
    assert torch.equal(whole.rows, pieces.rows)


@pytest.mark.parametrize("name", COVERED)
def test_a_row_alone_is_the_row_among_64_to_the_bit(name: str) -> None:
    """In a batching server the neighbours change with every request; the forecast may not, not by a bit."""
    batch = walk(variant(name), 64, 60)
    ours = compiled(batch.network)
    together = ours.prime(batch.part(0, 60), batch.fresh())
    forecast = ours.decode(together, batch.future)
    for row in (0, 17, 63):
        one = batch.rows([row])
        alone = ours.prime(one.part(0, 60), one.fresh())
        assert torch.equal(alone.rows[0], together.rows[row])
        assert torch.equal(ours.decode(alone, one.future).quantiles()[0], forecast.quantiles()[row])
        assert torch.equal(ours.decode(alone, one.future).mean()[0], forecast.mean()[row])


@pytest.mark.parametrize("name", COVERED)
def test_states_pass_between_the_two(name: str) -> None:
    """A session may go on where the other kind runs: after an upgrade, on another machine, in a notebook."""
    eager = variant(name)
    ours, batch = compiled(eager), walk(eager, 3, 160, seed=1)
    mixed = alone = batch.fresh()
    for turn, first in enumerate(range(0, 160, 20)):
        part = batch.part(first, first + 20)
        mixed, alone = (ours, eager)[turn % 2].prime(part, mixed), eager.prime(part, alone)
    assert apart(ours.decode(mixed, batch.future), eager.decode(alone, batch.future)) <= PARITY


@settings(max_examples=60, deadline=None)
@given(batches(rows=3, only=COVERED))
def test_series_as_they_come(batch: Batch) -> None:
    """Odd levels, holes and clocks, as the other laws draw them."""
    ours, whole = compiled(batch.network), batch.part(0, batch.target.shape[1])
    kept = batch.fresh()
    before = kept.rows.clone()
    theirs = batch.network.decode(batch.network.prime(whole, kept), batch.future)
    assert apart(ours.decode(ours.prime(whole, kept), batch.future), theirs) <= PARITY
    assert torch.equal(kept.rows, before)  # a state is a value


@pytest.mark.parametrize("name", COVERED)
@pytest.mark.parametrize("value", [np.nan, 0.0, -1e30, 3e38])
def test_series_without_news(name: str, value: float) -> None:
    """All missing gives missing, a constant itself; whatever stands beside them."""
    eager = variant(name)
    ours, batch = compiled(eager), walk(eager, 2, 50)
    target = batch.target.clone()
    target[0] = value
    odd = batch.with_target(target)
    state = odd.fresh()
    there, here = eager.prime(odd.part(0, 50), state), ours.prime(odd.part(0, 50), state)
    found, expected = ours.decode(here, odd.future), eager.decode(there, odd.future)
    if not eager.config.asinh_unit:  # there and back again it costs digits of the level, on either way
        torch.testing.assert_close(found.quantiles()[0], expected.quantiles()[0], rtol=1e-7, atol=0.0, equal_nan=True)
    alone = odd.rows([1])
    beside = ours.decode(ours.prime(alone.part(0, 50), alone.fresh()), alone.future)
    assert torch.equal(beside.quantiles()[0], found.quantiles()[1])


@pytest.mark.parametrize("season", [1, 7, 12, 24, 52])
def test_one_compilation_serves_every_season_and_horizon(season: int) -> None:
    """Compiling takes a minute: were it to happen for a new season, a request would wait for it."""
    eager = load(ROOT / "artifacts" / "default").member(season).forecaster
    ours, batch = compiled(eager), walk(eager, 2, 3 * eager.config.horizon + 2 * season)
    steps = batch.target.shape[1]
    there, here = eager.prime(batch.part(0, steps), batch.fresh()), ours.prime(batch.part(0, steps), batch.fresh())
    for horizon in (1, 5, eager.config.horizon):
        future = batch.future[:, :horizon]
        assert apart(ours.decode(here, future), eager.decode(there, future)) <= PARITY
    assert [len(entry.signatures) for entry in entries()] == [1, 1]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in COVERED])
def test_what_is_not_covered_says_why(name: str) -> None:
    """It runs eagerly; who wonders why it is slow must be able to read the reason."""
    assert uncovered(variant(name))
    assert compile_network(variant(name)) is None


def test_wrong_shapes_are_named() -> None:
    """Compiled code checks no bounds: what passes here unseen reads another's memory."""
    eager = variant("covariates")
    ours, batch = compiled(eager), walk(eager, 2, 10)
    state = batch.fresh()
    for part in (
        batch.part(0, 0),
        batch.rows([0]).part(0, 5),
        batch.part(0, 5)._replace(past=batch.past[:, :4]),
        batch.part(0, 5)._replace(known=batch.known[:, :5, :1]),
    ):
        with pytest.raises(InputError, match="observations: expected target"):
            ours.prime(part, state)
    for future in (batch.future[:1], batch.future[:, :0], batch.future[..., :1], batch.future.repeat(1, 2, 1)):
        with pytest.raises(InputError, match="future: expected"):
            ours.decode(state, future)


def test_states_of_another_network_are_refused() -> None:
    """Its bytes would be read as this one's: numbers without sense, which look like forecasts."""
    ours, batch = compiled(variant("lstm")), walk(variant("gru"), 1, 4)
    with pytest.raises(InputError):
        ours.prime(Observations(*batch.part(0, 4)[:3]), State(variant("gru").spec, batch.fresh().rows))


def test_a_changed_prediction_is_computed_anew() -> None:
    """Quantiles come along with a compiled forecast; they may not outlive a change of what they were made of."""
    batch = walk(variant("gru"), 1, 40)
    ours = compiled(batch.network)
    forecast = ours.decode(ours.prime(batch.part(0, 40), batch.fresh()), batch.future)
    shifted = forecast._replace(scaled=forecast.scaled + 1.0)
    torch.testing.assert_close(shifted.quantiles(), forecast.quantiles() + forecast.scale)


def test_networks_in_training_have_no_compiled_form_of_their_own() -> None:
    """Weights are copied: a compiled form of a network that is still fitted would silently be an older network."""
    network = Forecaster(variant("gru").config)  # type: ignore[arg-type]
    assert uncovered(network) == "a network in training"
