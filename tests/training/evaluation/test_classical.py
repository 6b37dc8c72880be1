"""Classical baselines: the right model, carried without looking ahead, and left out where it would take too long."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from tests.training.conftest import long_table
from training.data.panel import Panel
from training.data.splits import split_by_fractions
from training.data.tables import panel_of
from training.evaluation.backtest import Part, score_baseline
from training.evaluation.baselines.classical import KINDS, Statistical, installed
from training.evaluation.baselines.naive import SeasonalNaive, Task

needs_statsforecast = pytest.mark.skipif(not find_spec("statsforecast"), reason="the extra `stats` is not installed")


@pytest.fixture(scope="module")
def task():
    panel = panel_of(long_table((90, 70), season=4, covariates=False))
    return Task(panel, split_by_fractions(panel, (0.6, 0.2, 0.2), 3), season=4, horizon=3)


def test_whether_it_is_there_is_known_without_importing_it():
    assert installed() == (find_spec("statsforecast") is not None)


def test_the_reckoning_tells_a_monthly_panel_from_a_thousand_origins(task):
    ets, theta = (Statistical(kind) for kind in KINDS)
    assert ets.seconds(task) < 1 and theta.seconds(task) < 1
    long = replace(task.panel.items[0], target=np.tile(task.panel.items[0].target, 200))
    panel = Panel((long,), task.panel.freq)
    assert Statistical(KINDS[1]).seconds(Task(panel, split_by_fractions(panel, (0.6, 0.2, 0.2), 3), 4, 3)) > 60


@needs_statsforecast
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_it_is_statsforecast_s_own_forecast_at_the_first_origin(task, kind):
    from statsforecast import models

    ours = Statistical(kind)
    ours.fit(task)
    end = int(task.split.val[1])
    values = task.values(1)[:end]
    known = np.where(np.isnan(values), np.roll(values, 4), values)
    theirs = getattr(models, kind.title)(season_length=4).fit(known).predict(3)["mean"]
    np.testing.assert_allclose(ours.forecast(1, np.asarray([end - 1]))[0], theirs, rtol=1e-6)


@needs_statsforecast
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_it_does_not_see_what_comes_after_its_origin(task, kind):
    origin = task.split.val[:1] + 2
    changed = replace(task.panel.items[0], target=task.panel.items[0].target.copy())
    changed.target[int(origin[0]) + 1 :] = 500.0
    other = replace(task, panel=Panel((changed, *task.panel.items[1:]), task.panel.freq))
    forecasts = []
    for each in (task, other):
        model = Statistical(kind)
        model.fit(each)
        forecasts.append(model.forecast(0, origin))
    np.testing.assert_array_equal(*forecasts)
    assert np.isfinite(forecasts[0]).all()


@needs_statsforecast
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_what_cannot_be_fitted_repeats_the_last_season(kind):
    frame = long_table((40,), covariates=False)
    frame["target"] = np.where(np.arange(40) < 35, np.nan, 7.0)
    panel = panel_of(frame)
    borders = np.asarray([36]), np.asarray([37]), np.asarray([40])
    task = Task(panel, split_by_fractions(panel_of(long_table((40,))), (0.6, 0.2, 0.2), 3), season=4, horizon=3)
    task = replace(task, split=type(task.split)(*borders))
    model, naive = Statistical(kind), SeasonalNaive()
    model.fit(task)
    naive.fit(task)
    np.testing.assert_array_equal(model.forecast(0, np.asarray([36])), naive.forecast(0, np.asarray([36])))
    assert score_baseline(model, task, Part(task.split.val, task.split.test)).windows == 1
