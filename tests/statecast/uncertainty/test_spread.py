"""Past the horizon intervals go on from those within it: never narrower at the same place in the season, in order."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast.models.roll_out import direct_quantiles
from statecast.uncertainty.spread import Spread
from tests.laws.series import Batch, batches

LEVELS = torch.linspace(0.1, 0.9, 9, dtype=torch.float64)
NONE = torch.tensor(0.0)


def normal(width: torch.Tensor) -> torch.Tensor:
    """Quantiles ``[1, F, 9]`` of normal distributions about 0."""
    return width[None, :, None] * torch.special.ndtri(LEVELS)


@settings(max_examples=25, deadline=None)
@given(batches(rows=2, most=60))
def test_a_width_never_shrinks_with_the_distance(batch: Batch) -> None:
    """Airline passengers, 96 months: 226 wide at step 32 and 55 at step 33, where less is known, not more."""
    network, config = batch.network, batch.network.config
    state = network.prime(batch.part(0, batch.target.shape[1]), batch.fresh())
    quantiles, mean = direct_quantiles(network, state, batch.future.repeat(1, 4, 1)[:, : 4 * config.horizon - 1])
    width = quantiles[..., -1] - quantiles[..., 0]
    begin = config.horizon - config.season
    earlier, later = width[:, begin : -config.season], width[:, begin + config.season :]
    assert bool((later >= earlier * (1 - 1e-12)).all())
    assert bool((quantiles.diff(dim=-1) >= 0).all())
    assert bool(((mean >= quantiles[..., 0]) & (mean <= quantiles[..., -1])).all())


@pytest.mark.parametrize("growth", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("season", [1, 4, 24, 70, 200])
def test_a_power_of_the_distance_goes_on_as_one(growth: float, season: int) -> None:
    """A random walk's interval grows with the root of the distance, whatever the season; a level's stays."""
    steps = torch.arange(1.0, 289.0, dtype=torch.float64)
    every = normal(steps**growth)
    near = every[:, :96]
    deviations, skew = Spread.of(near, near.mean(-1), 4, season, NONE).ahead(torch.tensor([96]), 192)
    torch.testing.assert_close(deviations, every[:, 96:], rtol=0.03, atol=0.0)
    torch.testing.assert_close(skew, torch.zeros_like(skew))


def test_nights_stay_nights() -> None:
    """A solar plant yields nothing at night on any day; an interval that forgot the season would say otherwise."""
    day = torch.sin(torch.arange(96, dtype=torch.float64) * torch.pi / 12).clamp_min(0.0)
    near = normal(day) + day[None, :, None]
    deviations, _ = Spread.of(near, near.mean(-1), 4, 24, torch.tensor(0.1)).ahead(torch.tensor([96]), 48)
    night = day[:24] == 0
    assert bool((deviations.unflatten(1, (2, 24))[:, :, night] == 0).all())
    assert bool((deviations[0, :24, -1][~night] > near[0, 72:, -1][~night] - day[72:][~night]).all())


def test_a_season_that_the_horizon_shows_once_is_repeated() -> None:
    """Days of 15 minutes and 96 steps ahead: the wide hours of tomorrow are wide the day after as well."""
    width = 1.0 + 3.0 * ((torch.arange(96, dtype=torch.float64) > 40) & (torch.arange(96) < 60))
    near = normal(width)
    deviations, _ = Spread.of(near, near.mean(-1), 4, 70, NONE).ahead(torch.tensor([96]), 140)
    torch.testing.assert_close(deviations.unflatten(1, (2, 70))[:, 0], near[:, 26:])
    torch.testing.assert_close(deviations.unflatten(1, (2, 70))[:, 1], near[:, 26:])


def test_pieces_continue_each_other() -> None:
    """A forecast in pieces must be the forecast at once, to the bit, also beside rows that have come elsewhere."""
    torch.manual_seed(0)
    near = torch.rand(3, 32, 9, dtype=torch.float64).cumsum(-1)
    spread = Spread.of(near, near.mean(-1), 4, 7, torch.tensor(0.1))
    whole = spread.ahead(torch.full((3,), 32), 90)
    for row, begin in enumerate((32, 64, 96)):
        mixed = spread.ahead(torch.tensor([32, 64, 96]), 20)
        for all_steps, part in zip(whole, mixed, strict=True):
            assert torch.equal(all_steps[row, begin - 32 : begin - 12], part[row])


@given(st.integers(1, 40), st.integers(1, 100))
def test_any_horizon_and_season_go_together(horizon: int, season: int) -> None:
    """A model of one step, or of a season longer than its horizon, must forecast past it too; missing stays missing."""
    near = (
        normal(torch.ones(horizon, dtype=torch.float64)).repeat(3, 1, 1)
        * torch.tensor([1.0, 0.0, torch.nan])[:, None, None]
    )
    deviations, _ = Spread.of(near, near[..., 4], 4, season, torch.tensor(0.1)).ahead(
        torch.full((3,), horizon), horizon
    )
    assert bool((deviations[0, :, -1] >= near[0, :, -1]).all())
    assert bool((deviations[1] == 0).all())
    assert bool(deviations[2].isnan().all())
