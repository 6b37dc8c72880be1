"""The backtest's forecasts are those of a network that is stepped through each series alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from statecast.config import ForecasterConfig
from statecast.models.forecaster import Forecaster, Observations
from tests.training.conftest import long_table
from training.data.columns import Columns
from training.data.encoding import encode_panel, fit_covariates
from training.data.panel import Panel
from training.data.splits import split_by_fractions
from training.data.tables import panel_of
from training.evaluation.backtest import Part, carried_forecasts, score_baseline, score_network
from training.evaluation.baselines.boosting import Boosting
from training.evaluation.baselines.naive import (
    Ewma,
    LastValue,
    Naive2,
    SeasonalNaive,
    Task,
    fill_seasonal,
)
from training.evaluation.baselines.seasonality import seasonal_indices

CONFIG = ForecasterConfig(
    horizon=5, season=8, patch_length=4, lookback_length=64, resolutions=(1, 4), width=8, dropout=0.0
)


@pytest.fixture(scope="module")
def uneven():
    panel = panel_of(long_table((150, 97, 61)), Columns(past=("wind",), future=("holiday",), static=("site",)))
    late = replace(panel.items[1], target=np.where(np.arange(97) < 9, np.nan, panel.items[1].target))
    panel = Panel((panel.items[0], late, panel.items[2]), panel.freq)
    return Task(panel, split_by_fractions(panel, (0.6, 0.2, 0.2), 5), season=8, horizon=5)


@pytest.mark.parametrize("every", [1, 3])
def test_carried_forecasts_are_those_of_stepping_alone(uneven, every):
    torch.manual_seed(0)
    config = fit_covariates(uneven.panel, uneven.split, CONFIG)
    network = Forecaster(config).eval()
    tensors = encode_panel(uneven.panel, config)
    part = Part(uneven.split.val, uneven.split.test)
    seen = []
    for window in carried_forecasts(network, tensors, part, every):
        item, offset = window.item, int(tensors.offset[window.item])
        first = uneven.panel.items[item].first
        for at, origin in enumerate(window.origins.tolist()):
            rows = slice(offset + first, offset + origin + 1)
            ahead = slice(offset + origin + 1, offset + origin + 6)
            state = network.fresh(tensors.clock[[item]] + first - 1, tensors.static[[item]])
            history = Observations(tensors.target[None, rows], tensors.past[None, rows], tensors.known[None, rows])
            with torch.inference_mode():
                alone = network.decode(network.prime(history, state), tensors.known[None, ahead])
            found = alone.quantiles()[0] + tensors.level[item]
            np.testing.assert_allclose(window.quantiles[at], found.numpy(), rtol=1e-4, atol=1e-4)
            seen.append((item, origin))
    expected = [(item, int(o)) for item in range(3) for o in part.origins(item, 5, every)]
    assert sorted(seen) == sorted(expected)


def test_an_item_without_rows_in_a_part_has_no_forecasts_there(uneven):
    """A series too short to be cut is learned from only; judged on training rows it would flatter validation."""
    config = fit_covariates(uneven.panel, uneven.split, CONFIG)
    begin, end = uneven.split.train.copy(), uneven.split.val.copy()
    begin[1] = end[1] = uneven.panel.items[1].target.size
    found = carried_forecasts(Forecaster(config), encode_panel(uneven.panel, config), Part(begin, end))
    assert {window.item for window in found} == {0, 2}


def test_scores_of_network_and_baselines_stand_on_the_same_windows(uneven):
    config = fit_covariates(uneven.panel, uneven.split, CONFIG)
    part = Part(uneven.split.val, uneven.split.test)
    ours = score_network(Forecaster(config), encode_panel(uneven.panel, config), uneven, part)
    for baseline in (LastValue(), SeasonalNaive(), Ewma(), Naive2(), Boosting(examples=400)):
        baseline.fit(uneven)
        scores = score_baseline(baseline, uneven, part)
        assert scores.windows == ours.windows
        assert np.isfinite(scores.table()["mae"])


def test_baselines_by_hand():
    frame = long_table((60,), covariates=False)
    frame["target"] = np.tile([1.0, 2.0, 3.0, 4.0], 15)
    frame.loc[50, "target"] = np.nan
    panel = panel_of(frame)
    task = Task(panel, split_by_fractions(panel, (0.6, 0.2, 0.2), 6), season=4, horizon=6)
    origins = np.asarray([49, 50, 51])
    seasonal, last = SeasonalNaive(), LastValue()
    seasonal.fit(task)
    last.fit(task)
    np.testing.assert_array_equal(seasonal.forecast(0, origins)[0], [3, 4, 1, 2, 3, 4])
    np.testing.assert_array_equal(seasonal.forecast(0, origins)[1], [4, 1, 2, 3, 4, 1])
    np.testing.assert_array_equal(last.forecast(0, origins)[:, 0], [2, 2, 4])
    np.testing.assert_array_equal(fill_seasonal(np.asarray([1, 2, np.nan, 5, np.nan]), 2), [1, 2, 1, 5, 1])
    np.testing.assert_allclose(seasonal_indices(np.tile([1.0, 2.0, 3.0, 4.0], 15), 4), [0.4, 0.8, 1.2, 1.6])
    naive2 = Naive2()
    naive2.fit(task)
    np.testing.assert_allclose(naive2.forecast(0, origins)[0], [3, 4, 1, 2, 3, 4])


def test_baselines_do_not_see_what_comes_after_their_origin(uneven):
    origin = np.asarray([120])
    changed = replace(uneven.panel.items[0], target=uneven.panel.items[0].target.copy())
    changed.target[121:] = 500.0
    other = replace(uneven, panel=Panel((changed, *uneven.panel.items[1:]), uneven.panel.freq))
    for baseline in (LastValue(), SeasonalNaive(), Ewma(), Naive2(), Boosting(examples=400)):
        baseline.fit(uneven)
        before = baseline.forecast(0, origin)
        baseline.fit(other)
        np.testing.assert_array_equal(before, baseline.forecast(0, origin))
