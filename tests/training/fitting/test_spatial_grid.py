"""What moves across a grid is learned from the side that it comes from, and kept because it helps."""

import numpy as np
import pytest
import torch

from statecast import Forecaster, ForecasterConfig
from training.config import TrainingConfig
from training.data.encoding import encode_panel, fit_covariates
from training.data.panel import Item, Panel
from training.data.splits import split_by_fractions
from training.evaluation.baselines.naive import Task
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.progress import Silent
from training.selection.pruning import switch_off

HORIZON = 3
GRID = (("west", "target", "east"),)
PLAN = TrainingConfig(steps=150, batch=8, forks=16, warm=4, validation_every=150, learning_rate=0.02)


def blown(rows=3, steps=700, seed=0):
    """White noise that goes east, a cell every ``HORIZON`` steps: nothing that comes is known but to the west."""
    random = np.random.default_rng(seed)
    items = []
    for number in range(rows):
        noise = random.normal(size=steps + 2 * HORIZON).astype(np.float32)
        east, target, west = (noise[late : late + steps] for late in (0, HORIZON, 2 * HORIZON))
        items.append(Item(f"cell-{number}", 0, 0, target + 5.0, past={"west": west, "east": east}))
    return Panel(tuple(items), None)


def fitted(panel, **changes):
    shape = ForecasterConfig(
        freq=None, horizon=HORIZON, season=1, patch_length=4, lookback_length=16, resolutions=(1,), width=32,
        dropout=0.0, segment_length=3, **changes,
    )  # fmt: skip
    split = split_by_fractions(panel, (0.6, 0.3, 0.1), HORIZON)
    shape = fit_covariates(panel, split, shape)
    torch.manual_seed(0)
    task = Task(panel, split, season=1, horizon=HORIZON)
    fit = Fit(PanelForecast(Forecaster(shape), encode_panel(panel, shape), task, PLAN))
    fit.run()
    return fit


@pytest.fixture(scope="module")
def grid():
    return fitted(blown(), spatial_grid=GRID)


def test_what_comes_from_the_west_is_foreseen(grid):
    """The same fit without neighbours can only say what is usual; half of its error is far from chance."""
    alone = fitted(blown().bare())
    assert grid.objective.validate() < 0.5 * alone.objective.validate()


def test_neighbours_that_help_are_kept(grid):
    """Silence must be tried for them as for any optional part, and must lose here."""
    trials = {trial.part: trial for trial in switch_off(grid, Silent())}
    neighbours = trials["neighbours on the grid"]
    assert not neighbours.off and neighbours.without > 1.5 * neighbours.with_part
    assert all(bool(weight.any()) for weight in grid.objective.network.ablatable()["neighbours on the grid"])
    assert trials["recurrence in the finest resolution"].with_part == pytest.approx(grid.objective.validate())
