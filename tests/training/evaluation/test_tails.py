"""Tails reach as far as values did where the truth is known.

Without this a 95 % interval of a network that was fitted on series with rare jumps would be one of quiet series.
"""

import numpy as np
import pytest
import torch

from statecast.config import ForecasterConfig
from statecast.models.forecaster import Forecaster
from statecast.uncertainty.calibration import Calibration
from statecast.uncertainty.quantile_levels import TAIL_EXPONENT, quantiles_at
from training.data.encoding import encode_panel
from training.data.panel import Item, Panel
from training.data.splits import Split
from training.evaluation.baselines.naive import Task
from training.evaluation.conformal import calibrate
from training.evaluation.tails import calibrate_tails, holding_base, needed_bases
from training.pretraining.conformal import set_tails

SHAPE = ForecasterConfig(freq=None, horizon=8, season=1, patch_length=4, lookback_length=32, resolutions=(1,), width=8)
LEVELS = (0.1, 0.2, 0.5, 0.8, 0.9)
INNER = np.array([-1.2816, -0.8416, 0.0, 0.8416, 1.2816])


@pytest.mark.parametrize("power", [0.8, 1.0, 1.3, 1.5])
def test_levels_hold_with_the_base_that_was_found(power: float) -> None:
    """Whatever the distribution: its inner shape and its tail, on either side."""
    normal = np.random.default_rng(0).normal(size=60_000)
    values = np.sign(normal) * np.abs(normal) ** power
    quantiles = np.broadcast_to(np.sign(INNER) * np.abs(INNER) ** power, (len(values), 5))
    for side, wanted in ((0, (0.025, 0.05)), (-1, (0.95, 0.975))):
        base = holding_base(needed_bases(quantiles, LEVELS, values, side), 0.1)
        assert base is not None and base == pytest.approx(power - 2 * (power - 1), abs=0.1)
        found = quantiles_at(quantiles, LEVELS, wanted, (base, base))
        np.testing.assert_allclose((values[:, None] <= found).mean(0), wanted, atol=0.004)


def test_what_is_unknown_or_certain_says_nothing() -> None:
    quantiles = np.stack([INNER, INNER, np.zeros(5)])
    assert needed_bases(quantiles, LEVELS, np.array([np.nan, 3.0, 1.0]), -1).shape == (3, 1)
    assert needed_bases(quantiles, (0.01, 0.02, 0.5, 0.98, 0.99), np.zeros(3), 0).size == 0
    assert holding_base(np.zeros((0, 3)), 0.01) is None
    assert needed_bases(quantiles[:1], LEVELS, np.array([-5.0]), -1).tolist() == [[-np.inf]] * 3


def fitted(noise: np.ndarray, rows: int) -> tuple[float, float, int]:
    panel = Panel(
        tuple(Item(str(k), clock=0, offset=0, target=row.astype(np.float32)) for k, row in enumerate(noise)), None
    )
    torch.manual_seed(0)
    network, tensors = Forecaster(SHAPE).eval(), encode_panel(panel, SHAPE)
    task = Task(panel, Split(*(np.full(len(noise), end) for end in (500, 500 + rows, 900))), 1, 8)
    calibrate(network, tensors, task, 4)
    count = calibrate_tails(network, tensors, task, 4)
    return *network.calibration.exponents, count


def test_a_fit_finds_each_side_of_its_own_and_little_validation_moves_little() -> None:
    draw = np.random.default_rng(0)
    quiet = draw.normal(size=(4, 900))
    jumps = quiet + np.where(draw.random(quiet.shape) < 0.04, draw.exponential(15.0, quiet.shape), 0.0)
    below, above, count = fitted(jumps, 300)
    assert count > 1000 and above > below + 0.1
    assert pytest.approx(fitted(jumps, 0)[1]) == TAIL_EXPONENT and fitted(jumps, 0)[2] == 0
    assert abs(fitted(jumps[:1], 16)[1] - TAIL_EXPONENT) < 0.2


def test_a_family_gets_the_same_on_both_sides() -> None:
    calibration = Calibration(ForecasterConfig(freq=None, horizon=8, season=1, lookback_length=32), stride=1)
    levels = torch.tensor(calibration.levels)
    raw = torch.special.ndtri(levels).expand(500, 8, -1)
    truth = torch.distributions.Laplace(0.0, 1.0).sample((500, 8)) * 1.2816 / 1.6094
    set_tails(calibration, raw, truth, torch.full((500,), 1e6))
    below, above = calibration.exponents
    assert below == above and 1.3 < below < 1.7
