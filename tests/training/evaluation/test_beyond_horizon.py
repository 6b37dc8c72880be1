"""Past the horizon: forecasts are those that are served, and intervals grow as fast as validation shows."""

import numpy as np
import pytest
import torch

from statecast.config import ForecasterConfig
from statecast.models.forecaster import Forecaster
from statecast.models.roll_out import direct_quantiles
from tests.training.conftest import long_table
from training.data.encoding import encode_panel
from training.data.panel import Item, Panel
from training.data.splits import Split
from training.data.tables import panel_of
from training.evaluation.baselines.naive import Task
from training.evaluation.beyond_horizon import calibrate_growth, rolled_forecasts
from training.evaluation.conformal import calibrate
from training.evaluation.reader import Reader

SHAPE = ForecasterConfig(freq=None, horizon=8, season=1, patch_length=4, lookback_length=32, resolutions=(1,), width=8)


def test_forecasts_are_those_of_the_carried_state() -> None:
    """What is calibrated must be what is served, whichever items end first."""
    panel = panel_of(long_table((90, 60), covariates=False))
    torch.manual_seed(0)
    network = Forecaster(ForecasterConfig(horizon=5, season=8, patch_length=4, lookback_length=64, width=8)).eval()
    tensors = encode_panel(panel, network.config)
    (rolled,) = rolled_forecasts(network, tensors, [np.array([30, 50, 70]), np.array([40])], 15)
    assert list(zip(rolled.items, rolled.origins, strict=True)) == [(0, 30), (1, 40), (0, 50), (0, 70)]
    reader = Reader(network, tensors)
    reader.read(torch.tensor([51, 0]))
    index = torch.tensor([0])
    known = reader.known_ahead(index, torch.tensor([50]), 15)
    quantiles, mean = direct_quantiles(network, reader.state.take(index), known)
    torch.testing.assert_close(rolled.quantiles[2:3], quantiles + tensors.level[0])
    torch.testing.assert_close(rolled.mean[2:3], mean + tensors.level[0])
    task = Task(panel, Split(*(np.array([end, end]) for end in (20, 60, 90))), 8, 5)
    truth = rolled.truth(task, np.array([58, 60]))
    assert truth[2, :7].isfinite().all() and truth[2, 7:].isnan().all()


@pytest.mark.parametrize(("kind", "least", "most"), [("level", 0.0, 0.12), ("walk", 0.2, 0.8)])
def test_intervals_grow_as_validation_does(kind: str, least: float, most: float) -> None:
    """A walk's 80 % interval that stayed as wide as its first horizon's would hold 60 % three horizons ahead."""
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(12, 1200))
    values = (noise.cumsum(1) if kind == "walk" else noise).astype(np.float32)
    panel = Panel(tuple(Item(str(k), clock=0, offset=0, target=row) for k, row in enumerate(values)), None)
    torch.manual_seed(0)
    network, tensors = Forecaster(SHAPE).eval(), encode_panel(panel, SHAPE)
    task = Task(panel, Split(*(np.full(12, end) for end in (600, 1000, 1200))), 1, 8)
    calibrate(network, tensors, task, 4)
    before = float(network.calibration.spread_growth)
    assert calibrate_growth(network, tensors, task) > 1000
    found = float(network.calibration.spread_growth)
    assert found != before and least <= found <= most


def test_without_rows_past_the_horizon_growth_stays() -> None:
    """Two steps more than a horizon say nothing of the next two horizons."""
    panel = panel_of(long_table((90, 60), covariates=False))
    torch.manual_seed(0)
    network = Forecaster(ForecasterConfig(horizon=16, season=8, patch_length=4, lookback_length=64, width=8)).eval()
    tensors = encode_panel(panel, network.config)
    task = Task(panel, Split(*(np.array(ends) for ends in ([40, 40], [58, 58], [90, 60]))), 8, 16)
    before = float(network.calibration.spread_growth)
    assert calibrate_growth(network, tensors, task) == 0
    assert float(network.calibration.spread_growth) == before
