"""Paths: distributed as the forecast says, fixed by their seed, and nobody's neighbours."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast.errors import InputError
from statecast.models.roll_out import RollOut, roll_on
from statecast.models.scenarios import quantile_function, sample_paths
from statecast.uncertainty.autocorrelation import correlate
from tests.laws.series import Batch, batches

few = settings(max_examples=15, deadline=None)


@few
@given(batches(rows=2, most=40), st.integers(1, 200))
def test_paths_have_the_forecasts_margins(batch: Batch, seed: int) -> None:
    """Bands that people read off paths must be the bands of the forecast."""
    state = batch.network.prime(batch.part(0, batch.target.shape[1]), batch.fresh())
    paths = sample_paths(batch.network, state, batch.future, 200, np.array([seed, seed + 1]))
    direct = batch.forecast(state).quantiles()
    ours = torch.quantile(paths, torch.tensor(batch.network.config.quantile_levels).double(), dim=1).permute(1, 2, 0)
    width = (direct[..., -1] - direct[..., 0]).clamp_min(1e-9)
    assert float(((ours - direct).abs() / width[..., None]).max()) < 0.06


@few
@given(batches(rows=3, most=40), st.integers(0, 99))
def test_a_seed_fixes_the_paths_whoever_is_beside(batch: Batch, seed: int) -> None:
    """The same question, asked alone or in a batch, must get the same futures; and asking changes no state."""
    state = batch.network.prime(batch.part(0, batch.target.shape[1]), batch.fresh())
    kept = state.rows.clone()
    together = sample_paths(batch.network, state, batch.future, 5, np.array([seed, 1, 2]))
    alone = sample_paths(batch.network, state.take(torch.tensor([0])), batch.future[:1], 5, np.array([seed]))
    unit = float(batch.forecast(state).scale[0]) or 1.0
    assert torch.equal(state.rows, kept)
    # Two paths whose ranks differ by rounding alone may change places; what each step may hold stays the same.
    assert float((together[0].sort(0).values - alone[0].sort(0).values).abs().max()) / unit < 1.0
    assert float((together[0] - alone[0]).abs().median()) / unit < 1e-4


@few
@given(batches(rows=1, most=40))
def test_temperature_narrows_to_the_mean(batch: Batch) -> None:
    """Zero is the mean path; half is half as wide about the median."""
    state, seed = batch.network.prime(batch.part(0, 2), batch.fresh()), np.array([3])
    mean = sample_paths(batch.network, state, batch.future, 2, seed, temperature=0.0)
    assert torch.equal(mean[0, 0], batch.forecast(state).mean()[0])
    one, half = (sample_paths(batch.network, state, batch.future, 64, seed, temperature=t) for t in (1.0, 0.5))
    torch.testing.assert_close((one.amax(1) - one.amin(1)) * 0.5, half.amax(1) - half.amin(1))


@few
@given(batches(rows=1, most=30))
def test_past_the_trained_horizon_the_spread_does_not_explode(batch: Batch) -> None:
    """Errors that are fed back double and double; at three horizons the width must still be one that was forecast."""
    state = batch.network.prime(batch.part(0, batch.target.shape[1]), batch.fresh())
    paths = sample_paths(batch.network, state, batch.future.repeat(1, 3, 1), 64, np.array([1]))
    assert paths.shape == (1, 64, 3 * batch.network.config.horizon)
    assert bool(paths.isfinite().all())


@pytest.mark.parametrize("strength", [0.3, 0.8, 0.95])
def test_steps_of_a_path_hang_together_as_asked(strength: float) -> None:
    """Paths of independent steps add up to nothing: a storage planned on them is too small. Also past the last lag."""
    wanted = strength ** torch.arange(200, dtype=torch.float64)
    found = torch.corrcoef(_correlated(20_000, 300, wanted[None]).T)
    for lag in (1, 2, 5):
        ours = torch.diagonal(found, lag)
        torch.testing.assert_close(ours, torch.full_like(ours, float(wanted[lag])), atol=0.05, rtol=0)


def test_any_numbers_give_a_process() -> None:
    """Estimates from gaps belong to no process; they must not blow paths up."""
    wild = torch.tensor([[1.0, -0.9, -0.9, 0.9, 2.0, -3.0]])
    assert float((_correlated(5_000, 200, wild).std(0) - 1.0).abs().max()) < 0.1


def _correlated(samples: int, horizon: int, autocorrelation: torch.Tensor) -> torch.Tensor:
    noise = torch.randn(1, samples, horizon, dtype=torch.float64, generator=torch.manual_seed(0))
    return torch.cat(list(correlate(lambda steps: noise[..., list(steps)], horizon, autocorrelation)), dim=2)[0]


def test_quantile_function_ascends_through_levels_and_tails() -> None:
    """The tails of a normal distribution come out of its quantiles."""
    levels = (0.1, 0.5, 0.9)
    normal = torch.special.ndtri(torch.tensor([levels], dtype=torch.float64))
    shares = torch.tensor([[0.001, 0.05, 0.1, 0.5, 0.9, 0.99]], dtype=torch.float64)
    values = quantile_function(normal, levels, shares, (0.86, 0.86))
    torch.testing.assert_close(values[:, [0, 1, 2, 3, 4, 5]], torch.special.ndtri(shares))


def test_wrong_use_is_told() -> None:
    """Before any work is done."""
    with pytest.raises(InputError, match="samples and horizon from 1"):
        sample_paths(None, None, torch.zeros(1, 2, 0), 0, np.array([1]))  # type: ignore[arg-type]


@few
@given(batches(rows=2, most=30))
def test_rolling_on_a_horizon_at_a_time_is_rolling_on_at_once(batch: Batch) -> None:
    """The service forecasts in pieces what a notebook does in one call; both must give the same bits."""
    network, future = batch.network, batch.future.repeat(1, 3, 1)
    horizon = network.config.horizon
    state = network.prime(batch.part(0, batch.target.shape[1]), batch.fresh())
    near = network.decode(state, future[:, :horizon])
    quantiles, mean = roll_on(network, state, future, near)
    roll, parts = RollOut.start(state, near), []
    for begin in range(horizon, 4 * horizon, horizon):
        parts.append(roll)
        if begin < 3 * horizon:
            roll = roll.advance(network, future[:, begin - horizon : begin], future[:, begin : begin + horizon])
    assert torch.equal(quantiles, torch.cat([part.quantiles for part in parts], dim=1))
    assert torch.equal(mean, torch.cat([part.mean for part in parts], dim=1))
