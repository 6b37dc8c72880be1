"""The harness must give what a right one gives: naive rows of the long-horizon protocol and of the M4 competition."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.data.splits import Split, split_by_rows
from training.data.tables import panel_of, read_panel
from training.evaluation.backtest import Part, score_baseline
from training.evaluation.baselines.naive import LastValue, Naive2, SeasonalNaive, Task

DATA = Path(__file__).parents[4] / "shared" / "data"
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


@pytest.mark.data
@needs_data
def test_the_official_m4_hourly_figures_of_naive_methods_come_out():
    parts = [pd.read_csv(DATA / "m4" / f"Hourly-{part}.csv.gz").set_index("V1") for part in ("train", "test")]
    values = [[part.loc[name].dropna().to_numpy(dtype=float) for part in parts] for name in parts[0].index]
    frames = [
        pd.DataFrame({"item_id": name, "timestamp": np.arange(sum(map(len, both))), "target": np.concatenate(both)})
        for name, both in zip(parts[0].index, values, strict=True)
    ]
    panel = panel_of(pd.concat(frames))
    borders = np.asarray([len(train) for train, _ in values])
    split = Split(borders, borders, borders + 48)
    task = Task(panel, split, season=24, horizon=48)
    expected = {LastValue: (43.003, 11.608), SeasonalNaive: (13.912, 1.193), Naive2: (18.383, 2.395)}
    for kind, (smape, mase) in expected.items():
        baseline = kind()
        baseline.fit(task)
        table = score_baseline(baseline, task, Part(split.val, split.test)).table()
        assert np.round([table["smape"], table["mase"]], 3).tolist() == pytest.approx([smape, mase], abs=1.5e-3)
