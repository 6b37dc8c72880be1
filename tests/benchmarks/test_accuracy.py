"""The accuracy command: readers and splits are the published protocol's, and what it prints is what was measured."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy import __main__ as accuracy
from benchmarks.accuracy import neural
from benchmarks.accuracy.__main__ import Results, lines
from benchmarks.accuracy.protocols import CONFIGS, PROTOCOLS, list_configs
from benchmarks.accuracy.published import check_harness, published
from training.data.panel import Item, Panel
from training.data.splits import split_by_fractions
from training.evaluation.backtest import Part, score_baseline
from training.evaluation.baselines.naive import LastValue, Naive2, SeasonalNaive, Task
from training.evaluation.leaderboard import Leaderboard
from training.selection.prepare import cut

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "ett").is_dir(), reason=f"real data sets are not at {DATA}")
SEASONS = {"m1-monthly": 12, "electricity": 24, "ettm1": 96, "weather": 144}


@pytest.mark.data
@needs_data
@pytest.mark.parametrize("name", SEASONS)
def test_naive_rows_come_to_what_the_protocol_says(name):
    protocol = PROTOCOLS[name]
    panel, horizon = protocol.read(DATA / protocol.path), protocol.horizons[0]
    split = cut(panel, protocol.config(name, None), horizon)
    task, part = Task(panel, split, SEASONS[name], horizon), Part(split.val, split.test)
    expected = published("harness", name, horizon)
    scores = {}
    for model in (LastValue(), SeasonalNaive(), Naive2()):
        if model.name in expected:
            model.fit(task)
            scores[model.name] = score_baseline(model, task, part)
    assert check_harness(name, horizon, Leaderboard(scores).rows) == []


@pytest.mark.data
@needs_data
@pytest.mark.parametrize("name", ["gefcom", "bike-sharing", "beijing-pm25", "min-temperatures", "births", "sunspots"])
def test_the_other_sets_are_read_whole(name):
    panel = PROTOCOLS[name].read(DATA / PROTOCOLS[name].path)
    rows = {"gefcom": 78_888, "bike-sharing": 17_544, "beijing-pm25": 43_824, "min-temperatures": 3_652, "births": 365}
    assert [item.target.size for item in panel.items] == [rows.get(name, 2_820)]
    assert set(PROTOCOLS[name].compared) <= set(panel.items[0].known)


@pytest.mark.data
@needs_data
def test_the_command_prints_both_sides_and_keeps_them(tmp_path, monkeypatch, capsys):
    options = ["airline", "--seeds", "0,1", "--steps", "3", "--horizon", "6", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["accuracy", *options, "--data", str(DATA)])
    with pytest.raises(SystemExit) as ended:
        accuracy.main()
    assert ended.value.code == 0
    output = capsys.readouterr().out
    for text in ("commit", "airline, 6 steps ahead", "statecast, seed 1", "mean of 2", "seasonal_naive", "boosting"):
        assert text in output
    kept = json.loads((tmp_path / "results.json").read_text())
    ours = [kept["rows"][f"statecast, {which}"]["mae"] for which in ("seed 0", "seed 1", "mean of 2")]
    assert ours[2] == pytest.approx(np.mean(ours[:2]))
    assert kept["horizon"] == 6
    assert (tmp_path / "airline-1" / "report.html").exists()


def test_data_that_is_not_there_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["accuracy", "births", "--data", str(tmp_path)])
    accuracy.main()
    assert "daily-total-female-births.csv: no such file; pass its folder as --data" in capsys.readouterr().out


def test_every_config_that_is_offered_can_be_taken(monkeypatch, capsys):
    """A name that help offers and the reader then refuses sends its user looking for a mistake of theirs."""
    offered = list_configs()
    for name in offered:
        assert PROTOCOLS["airline"].config(name, 6).network["horizon"] == 6
    assert {"etth1", "m4-hourly-ensemble"} <= set(offered) < {path.stem for path in CONFIGS.glob("*.toml")}
    monkeypatch.setattr(sys, "argv", ["accuracy", "airline", "--config", "default"])
    with pytest.raises(SystemExit):
        accuracy.main()
    assert "invalid choice: 'default' (choose from" in capsys.readouterr().err


def test_published_rows_stand_beside_ours_with_the_best_of_them_named():
    results = Results(96, {"statecast, seed 0": {"mse": 0.36, "mae": 0.389, "mase": 0.9, "pinball": 0.3}}, {}, [])
    text = "\n".join(lines("etth1", PROTOCOLS["etth1"], results))
    assert "| published: SegRNN, a GRU (720) | 0.351 | 0.392 | – | – | – | |" in text
    assert "Published rows: repositories of the models" in text
    assert "MSE: 0.3600, 2.6 % above the best published, 0.351 (SegRNN, a GRU (720))." in text
    assert "MAE: 0.3890, at or below the best published, 0.390 (TimeMixer (searched))." in text


def test_a_naive_row_that_is_off_is_named():
    rows = {"last_value": {"mse": 1.29, "mae": 0.713}, "seasonal_naive": {"mse": 0.512, "mae": 0.433}}
    assert check_harness("etth1", 96, rows) == ["last_value: MSE is 1.29, expected 1.294"]


@pytest.mark.skipif(not find_spec("neuralforecast"), reason="the extra `peers` is not installed")
def test_a_neural_peer_forecasts_from_every_test_origin(monkeypatch):
    from neuralforecast import models

    series = np.sin(np.arange(120, dtype=np.float32) * np.pi / 4)
    panel = Panel(tuple(Item(f"item-{k}", 0, 0, (k + 1) * series) for k in range(2)), None)
    task = Task(panel, split_by_fractions(panel, (0.6, 0.2, 0.2), 4), season=8, horizon=4)
    nhits = models.NHITS
    monkeypatch.setattr(models, "NHITS", lambda **given: nhits(**{**given, "max_steps": 2}))
    model = neural.Neural("NHITS")
    model.fit(task)
    scores = score_baseline(model, task, Part(task.split.val, task.split.test))
    assert scores.windows == 2 * 21
    assert np.isfinite(scores.table()["mae"])
