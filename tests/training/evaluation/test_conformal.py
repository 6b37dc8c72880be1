"""Validation says how wide intervals must be, beside what series have found out for themselves on learned rows."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from statecast.config import ForecasterConfig
from statecast.models.forecaster import Forecaster
from tests.training.conftest import long_table
from training.data.encoding import encode_panel
from training.data.splits import Split, split_by_fractions
from training.data.tables import panel_of
from training.evaluation.backtest import Part, score_network
from training.evaluation.baselines.naive import Task
from training.evaluation.conformal import calibrate
from training.selection.defaults import choose_network

SHAPE = ForecasterConfig(horizon=5, season=8, patch_length=4, lookback_length=64, resolutions=(1, 4), width=8)


@pytest.fixture(scope="module")
def calibrated():
    """A network that has learned nothing, calibrated on series that end at different times."""
    panel = panel_of(long_table((700, 500), covariates=False))
    task = Task(panel, split_by_fractions(panel, (0.5, 0.4, 0.1), 5), season=8, horizon=5)
    torch.manual_seed(0)
    network, tensors = Forecaster(SHAPE).eval(), encode_panel(panel, SHAPE)
    assert calibrate(network, tensors, task, 1) > 400
    return network, tensors, task


def test_rows_up_to_the_latest_end_of_training_count_as_learned(calibrated):
    """Were later rows to count, a live series would be held against margins of rows that it has left behind."""
    network, tensors, task = calibrated
    ends = tensors.clock.numpy() + task.split.train
    assert int(network.calibration.in_sample_until) == ends.max()
    assert network.calibration.in_sample_offsets.abs().min() > 0


def test_served_intervals_hold_on_validation_as_often_as_promised(calibrated):
    """What counts is the interval that is served, with each series' own margins in it."""
    network, tensors, task = calibrated
    scores = score_network(network, tensors, task, Part(task.split.train, task.split.val))
    low, high = scores.coverage()[[0, -1]]
    assert low == pytest.approx(0.1, abs=0.02) and high == pytest.approx(0.9, abs=0.02)


def test_without_validation_margins_are_those_of_learned_rows(calibrated):
    """They are the least that later rows will need."""
    network, tensors, task = calibrated
    bare = replace(task, split=replace(task.split, val=task.split.train))
    found = copy.deepcopy(network)
    assert calibrate(found, tensors, bare, 1) == 0
    torch.testing.assert_close(found.calibration.conformal_offsets, found.calibration.in_sample_offsets)


@pytest.mark.parametrize(("horizon", "log_width"), [(48, 1 / 120), (96, 1 / 120), (320, 0.0025)])
def test_intervals_follow_a_long_horizon_slowly(horizon, log_width):
    """Margins with a shorter memory than the errors held 73 % of the time at 720 steps, where 80 was promised."""
    panel = panel_of(long_table((2000,), covariates=False))
    assert choose_network(panel, {"horizon": horizon}).adaptation == pytest.approx(log_width)
    assert choose_network(panel, {"horizon": horizon, "adaptation": 0.1}).adaptation == 0.1


def test_one_origin_a_series_is_enough_to_calibrate_by():
    """M4 validates one origin a series, of which every fifth is none: nothing was stretched."""
    panel = panel_of(long_table((200, 200, 200), covariates=False))
    task = Task(panel, split_by_fractions(panel, (0.98, 0.01, 0.01), 5), season=8, horizon=5)
    torch.manual_seed(0)
    network = Forecaster(SHAPE).eval()
    assert calibrate(network, encode_panel(panel, SHAPE), task, every=5) == 3
    assert not torch.equal(network.calibration.conformal_offsets, network.calibration.in_sample_offsets)


def test_one_horizon_of_one_series_does_not_close_an_interval():
    """Airline passengers rose less than forecast for a while; an interval without room above its median held 47 %."""
    panel = panel_of(long_table((120,), covariates=False))
    split = Split(*(np.array([border]) for border in (100, 106, 112)))  # 1.2 horizons to validate by
    task = Task(panel, split, season=8, horizon=5)
    torch.manual_seed(0)
    network = Forecaster(SHAPE).eval()
    assert calibrate(network, encode_panel(panel, SHAPE), task, every=1) == 2
    margins, learned = network.calibration.conformal_offsets, network.calibration.in_sample_offsets
    assert bool((margins >= learned).all()) and not torch.equal(margins, learned)
