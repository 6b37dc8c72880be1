"""The harness must give what a right one gives: naive rows of the long-horizon protocol and of the M4 competition."""

from pathlib import Path

import numpy as np
import pytest

from training.baselines import LastValue, SeasonalNaive, Task
from training.evaluate import Part, score_baseline
from training.splits import split_by_rows
from training.tables import read_panel

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "ett").is_dir(), reason=f"real data sets are not at {DATA}")


@pytest.mark.data
@needs_data
@pytest.mark.parametrize(("baseline", "mse", "mae"), [(LastValue(), 1.294, 0.713), (SeasonalNaive(), 0.512, 0.433)])
def test_the_published_naive_rows_of_etth1_come_out(baseline, mse, mae):
    panel = read_panel(DATA / "ett" / "ETTh1.csv.gz")
    split = split_by_rows(panel, (8640, 11520, 14400))
    task = Task(panel, split, season=24, horizon=96)
    baseline.fit(task)
    scores = score_baseline(baseline, task, Part(split.val, split.test))
    table = scores.table()
    assert scores.windows == 7 * 2785
    assert np.round([table["mse"], table["mae"]], 3).tolist() == [mse, mae]
