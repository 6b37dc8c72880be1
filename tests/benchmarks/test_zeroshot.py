"""The published protocols: windows, means and errors are theirs, because their seasonal naive comes out.

Without this our figures would stand beside others' that were measured on something else.
"""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.zeroshot.data import TaskSeries
from benchmarks.zeroshot.forecasting import naive_forecasts
from benchmarks.zeroshot.published import read_published
from benchmarks.zeroshot.scoring import LEVELS, Forecasts, score
from benchmarks.zeroshot.tables import OURS, kind_lines, naive_line, suite_lines, task_lines
from benchmarks.zeroshot.tasks import SHORT, TASKS, NaiveRule, Task

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "zeroshot").is_dir(), reason=f"real data sets are not at {DATA}")
# Cheap ones, with each way of a suite among them; `python -m benchmarks.zeroshot --naive` has all.
WINDOWS = {
    "monash_m1_yearly": 1, "monash_m1_monthly": 1, "ett1/H/medium": 4, "ett1/D/short": 3, "ett1/W/short": 2,
    "jena_weather/D/short": 2, "jena_weather_1D": 11, "proenfo_gfc14": 20,
}  # fmt: skip


@pytest.mark.data
@needs_data
@pytest.mark.parametrize("name", WINDOWS)
def test_the_published_seasonal_naive_comes_out(name):
    task = TASKS[name]
    series = task.read(DATA)
    assert task.windows(series) == WINDOWS[name]
    _, off = naive_line(task, score(task, naive_forecasts(task, series)), read_published(DATA)[task.key])
    assert off < 5e-4


@pytest.mark.data
@needs_data
def test_every_published_development_task_is_rebuilt_and_has_its_row():
    published = read_published(DATA)
    assert {task.key for task in TASKS.values()} == set(published)
    made = {"MASE": 0.5, "WQL": 0.01, "80 %": 0.8, "80 % by third": [0.8, 0.8, 0.8]}
    results = {name: {"windows": 1, OURS: made} for name in TASKS}
    printed = list(task_lines(results, published))
    assert len(printed) == len(TASKS) + 2 and len({line.count("|") for line in printed}) == 1
    assert sum(line.startswith("| **ours**") for line in suite_lines(results, published)) == 4
    assert len(list(kind_lines(results, published))) == 7


def test_windows_apart_are_averaged_one_by_one():
    """A window of large values would otherwise decide alone."""
    actual = np.asarray([[1.0, 1.0], [100.0, 100.0]])
    median = np.asarray([[2.0, 2.0], [110.0, 110.0]])
    found = Forecasts(actual, np.repeat(median[..., None], len(LEVELS), axis=-1), np.asarray([1.0, 20.0]))
    together = Task("gift", "", SHORT, lambda data: (), 2, 1, NaiveRule(1))
    apart = Task("fev", "", SHORT, lambda data: (), 2, 1, NaiveRule(1), apart=True, wql_floor=4.0)
    assert score(together, found)["MASE"] == score(apart, found)["MASE"] == pytest.approx((1 + 0.5) / 2)
    assert score(together, found)["WQL"] == pytest.approx(22 / 202)
    assert score(apart, found)["WQL"] == pytest.approx((1 / 4 + 10 / 100) / 2)


def test_naive_intervals_widen_by_the_season():
    values = np.tile([0.0, 1.0], 20) + np.repeat([0.0, 0.5], 20)
    task = Task("gift", "", SHORT, lambda data: (), 4, 2, NaiveRule(2), fixed_windows=1)
    found = naive_forecasts(task, [TaskSeries(values, "1h")])
    width = found.quantiles[0, :, -1] - found.quantiles[0, :, 0]
    assert width[2:] == pytest.approx(width[:2] * np.sqrt(2)) and found.quantiles[0, :2, 4] == pytest.approx([0.5, 1.5])
