"""How wide a family's intervals are comes from kinds of series held apart, and goes with age."""

from pathlib import Path

import numpy as np
import pytest
import torch

import statecast
from statecast.config import ForecasterConfig
from statecast.models.family import Family
from statecast.uncertainty.calibration import Calibration
from tests.builders import TINY
from training.pretraining.conformal import draw_lines
from training.synthetic.batches import SEASONS
from training.synthetic.families import held_apart
from training.synthetic.shape import Shape

SHIPPED = Path(__file__).parents[3] / "artifacts" / "default"
ROWS = 150


def test_margins_and_youth_are_the_line_that_the_needs_lie_on():
    """A slope put where the foot belongs would make the intervals of old series too wide for ever."""
    calibration = Calibration(ForecasterConfig(**TINY), stride=1)
    generator = torch.Generator().manual_seed(0)
    lives = torch.rand(40_000, generator=generator) * 5
    needed = torch.randn(40_000, 2, 12, generator=generator) * 0.2
    needed += (0.3 + 0.1 * lives)[:, None, None] - 0.2 * torch.special.ndtri(torch.tensor(0.9))
    needed[::7, :, 5] = torch.nan
    draw_lines(calibration, lives, needed)
    torch.testing.assert_close(calibration.conformal_offsets, torch.full((2, 3), 0.3), atol=0.02, rtol=0.0)
    torch.testing.assert_close(calibration.cold_start_widening, torch.full((3,), 0.1), atol=0.01, rtol=0.0)


@pytest.mark.parametrize(("season", "steps"), [(12, 24), (24, 48), (24, 96), (96, 192)])
def test_intervals_of_short_lives_hold_on_kinds_that_were_never_learned(season, steps):
    """The first request of a new sensor is two days long; an interval that holds half of the time misleads."""
    family = statecast.load(SHIPPED).network
    assert isinstance(family, Family)
    member = family.of(season)
    horizon, long = member.config.horizon, next(entry.long for entry in SEASONS if entry.season == season)
    shape = Shape(ROWS, steps + horizon, season, long)
    values = torch.from_numpy(held_apart(shape, np.random.default_rng(7))).float()
    nothing = torch.zeros(ROWS, steps, 0)
    state = member.fresh(torch.full((ROWS,), -1), nothing[:, 0])
    state = member.prime(statecast.Observations(values[:, :steps], nothing, nothing), state)
    forecast, truth = member.decode(state, torch.zeros(ROWS, horizon, 0)), values[:, steps:].double()

    def holds(quantiles):
        return float(((truth >= quantiles[..., 0]) & (truth <= quantiles[..., -1])).double().mean())

    assert holds(forecast.raw_quantiles()) + 0.02 < holds(forecast.quantiles())
    assert 0.72 < holds(forecast.quantiles()) < 0.88
