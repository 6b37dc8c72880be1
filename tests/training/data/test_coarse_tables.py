"""Tables of coarser resolutions: joined by the clock, learned from, asked for where wanting, refused by name."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import statecast
from statecast import Forecaster, ForecasterConfig
from statecast.api.forecast import forecast_series
from statecast.errors import StatecastError
from statecast.inputs.bucket_values import align
from tests.training.conftest import long_table
from training.cli.main import app
from training.data.coarse_tables import join_resolutions
from training.data.columns import Columns
from training.data.encoding import encode_panel
from training.data.sequences import Sequences, SequenceShape
from training.data.splits import split_by_fractions
from training.data.tables import panel_of
from training.evaluation.backtest import Part, carried_forecasts

SHAPE = ForecasterConfig(
    horizon=5, season=4, patch_length=4, lookback_length=40, resolutions=(1, 6, 24), mixed_frequency=(6, 24),
    width=8, dropout=0.0, coarse_history_length=10,
)  # fmt: skip


def quarters(begin, periods, seed=0, freq="6h", items=("item-0", "item-1")):
    """A table of random steps for the items of ``long_table``."""
    generator = np.random.default_rng(seed)
    parts = [
        pd.DataFrame(
            {
                "item_id": name,
                "timestamp": pd.date_range(begin, periods=periods, freq=freq),
                "target": generator.choice([-40.0, 40.0], periods),
            }
        )
        for name in items
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def joined(tmp_path):
    """Hours, quarters of days from before them and, for one item alone, days from among them."""
    quarters("2025-12-20", 90).drop(index=[3, 70]).to_csv(tmp_path / "quarters.csv", index=False)
    quarters("2026-01-03", 8, 1, "1D", ("item-1",)).to_csv(tmp_path / "days.csv", index=False)
    panel = panel_of(long_table((140, 120), covariates=False), freq="1h")
    files = {"6h": str(tmp_path / "quarters.csv"), "1d": str(tmp_path / "days.csv")}
    return join_resolutions(panel, files, Columns())


def test_a_backtest_reads_given_values_as_a_notebook_does(joined):
    """Training carries a panel, a notebook one series; a bucket apart, and scores would be of another forecast."""
    torch.manual_seed(0)
    network = Forecaster(SHAPE).eval()
    for value in network.resolution_attention.values:
        torch.nn.init.normal_(value.weight)
    part = Part(np.asarray([60, 60]), np.asarray([90, 90]))
    for window in carried_forecasts(network, encode_panel(joined, SHAPE), part, every=4):
        item = joined.items[window.item]
        given = {
            name: (str(statecast.time.frequency.Frequency.parse(name).times(np.asarray([one.bucket]))[0]), one.values)
            for name, one in (("6h", item.mixed_frequency[6]), ("1d", item.mixed_frequency[24]))
        }
        for at, origin in enumerate(window.origins.tolist()):
            history = item.target[item.first : origin + 1]
            start = joined.times(item)[item.first]
            alone = forecast_series(network, history, start=start, resolutions=given)
            theirs = np.stack(list(alone.quantiles.values()), axis=-1)
            np.testing.assert_allclose(window.quantiles[at], theirs, rtol=1e-4, atol=1e-4)


def test_sequences_begin_with_what_was_given_by_then_and_see_no_more(joined):
    split = split_by_fractions(joined, (0.6, 0.2, 0.2), 5)
    sequences = Sequences(encode_panel(joined, SHAPE), split.train, SequenceShape(4, 5, forks=6))
    batch = sequences.cut(np.asarray([0, 1, 1]), np.asarray([0, 7, 30]), forks=3)
    for row, number in enumerate(batch.items.tolist()):
        for place, length in enumerate(SHAPE.mixed_frequency):
            one = joined.items[number].mixed_frequency[length]
            column, earlier = align(one.values[None], one.bucket, length, int(batch.clock[row]), 12, 10)
            np.testing.assert_array_equal(batch.mixed_frequency[row, :, place], column[0])
            np.testing.assert_array_equal(batch.coarse_history[row, place], earlier[0])
    assert int((~batch.mixed_frequency.isnan()).sum()) >= 4
    assert int((~batch.coarse_history.isnan()).sum()) >= 20


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """Hours whose level the value of the pair of hours before told; nothing in the hours themselves tells it ahead."""
    folder = tmp_path_factory.mktemp("given")
    table = quarters("2025-12-31", 12 * 35, freq="2h")
    hours = []
    for name, values in table.groupby("item_id")["target"]:
        level = np.repeat(values.to_numpy()[11:-1] / 40, 2)
        noise = np.random.default_rng(5).normal(0, 0.1, level.size)
        times = pd.date_range("2026-01-01", periods=level.size, freq="1h")
        hours.append(pd.DataFrame({"item_id": name, "timestamp": times, "target": 5 + level + noise}))
    pd.concat(hours).to_csv(folder / "hours.csv", index=False)
    table.to_csv(folder / "pairs.csv", index=False)
    table.assign(target=-table["target"]).to_csv(folder / "turned.csv", index=False)
    (folder / "small.toml").write_text(
        f"""
[data]
resolutions = {{ "2h" = "{folder / "pairs.csv"}" }}
[network]
horizon = 2
season = 2
patch_length = 2
resolutions = [1]
calendar = []
width = 12
coarse_history_length = 12
dropout = 0.0
[training]
steps = 120
learning_rate = 2e-2
forks = 40
warm = 2
boosting = false
baseline_seconds = 0.0
"""
    )
    result = run("fit", folder / "small.toml", "--data", folder / "hours.csv", "--out", folder / "small")
    assert result.exit_code == 0, result.output
    return folder, result.output


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def ours(text):
    return re.findall(r"│ statecast.*", text)


def test_what_is_given_is_learned_from(learned):
    """With the signs of the table turned the same network must fall apart, or the figures come from elsewhere."""
    folder, output = learned
    artifact = statecast.load(folder / "small")
    assert artifact.manifest["mixed_frequency"] == [2]
    assert artifact.forecaster.config.resolutions == (1, 2)
    scores = artifact.manifest["scores"]
    assert scores["ours"]["mae"] < 0.6 * min(row["mae"] for row in scores["baselines"].values())
    told = ("backtest", folder / "small", "--data", folder / "hours.csv", "--resolution")
    again, turned = (run(*told, f"2h={folder / name}") for name in ("pairs.csv", "turned.csv"))
    assert again.exit_code == turned.exit_code == 0, again.output + turned.output
    assert ours(again.output) == ours(output)
    assert ours(turned.output) != ours(output)


def test_a_forecast_of_a_table_hangs_on_the_given_one(learned, tmp_path):
    folder, _ = learned
    means = []
    for name in ("pairs.csv", "turned.csv"):
        told = ("--data", folder / "hours.csv", "--resolution", f"2h={folder / name}", "--out", tmp_path / "out.csv")
        result = run("forecast", folder / "small", *told)
        assert result.exit_code == 0, result.output
        means.append(pd.read_csv(tmp_path / "out.csv")["mean"].to_numpy())
    assert np.abs(means[0] - means[1]).max() > 0.5


def test_a_network_is_not_asked_without_the_tables_that_it_learned_from(learned, tmp_path):
    """Forecasts with days silently missing are worse than the scores that the artifact carries."""
    folder, _ = learned
    told = ("--data", folder / "hours.csv", "--out", tmp_path / "out.csv")
    result = run("forecast", folder / "small", *told)
    assert result.exit_code == 2
    assert "reads 2h and the data has no such table; add --resolution 2h=FILE" in " ".join(result.output.split())
    quarters("2025-12-31", 140).to_csv(tmp_path / "more.csv", index=False)
    pairs = ("--resolution", f"2h={folder / 'pairs.csv'}", "--resolution", f"6h={tmp_path / 'more.csv'}")
    result = run("forecast", folder / "small", *told, *pairs)
    assert result.exit_code == 2
    assert "reads 2h and not 6h; leave --resolution 6h out" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("freq", "table", "message"),
    [
        ("90min", quarters("2026-01-01", 20), "expected several whole steps of the data's 1h, got 90min"),
        ("30min", quarters("2026-01-01", 20), "expected several whole steps of the data's 1h, got 30min"),
        ("1mo", quarters("2026-01-01", 4, freq="MS"), "expected several whole steps of the data's 1h, got 1mo"),
        ("1d", quarters("2026-01-01", 20), "expected 1d, got times 6h apart"),
        ("6h", quarters("2026-01-01T01:00", 20), "such as 2026-01-01T00:00:00Z, got 2026-01-01T01:00:00Z"),
        ("6h", quarters("2026-01-01", 20, items=("item-0", "item-7")), "item 'item-7' is not in the data"),
        ("6h", quarters("2025-12-01", 20), "item 'item-0' ends with 2025-12-05T18:00:00Z, 127 buckets before the data"),
        ("6h", pd.concat([quarters("2026-01-01", 20, items=("item-0",))] * 2), "duplicate|unsorted"),
        ("later", quarters("2026-01-01", 20), "freq: expected a count"),
    ],
)  # fmt: skip
def test_tables_that_do_not_go_together_are_refused(tmp_path, freq, table, message):
    """A table read a bucket or an item astray would still train, and never be noticed."""
    table.to_csv(tmp_path / "table.csv", index=False)
    panel = panel_of(long_table((140, 120), covariates=False), freq="1h")
    with pytest.raises(StatecastError, match=message) as refused:
        join_resolutions(panel, {freq: str(tmp_path / "table.csv")}, Columns())
    assert "resolution " in str(refused.value)
