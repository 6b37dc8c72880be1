"""Ensembles from a config: a table a member, trained one after the other, judged and written as one."""

import tomllib

import numpy as np
import pytest

import statecast
from statecast.errors import ConfigError
from training.config import FitConfig
from training.data.panel import Panel
from training.errors import TrainingError
from training.pipeline import backtest_panel, fit_panel
from training.selection.members import merge_members, split_members
from training.selection.prepare import prepare
from training.selection.sweep_config import read_sweep

TOLD = {
    "network": {"horizon": 5, "season": 8, "width": 8},
    "training": {"steps": 8, "batch": 4, "forks": 10, "warm": 2, "validation_every": 4, "boosting": False, "seed": 7},
    "members": [
        {"patch_length": 8, "half_life": 20.0},
        {"patch_length": 4, "cell": "gru", "resolutions": [1], "training": {"steps": 6}},
    ],
}


@pytest.fixture(scope="module")
def fitted(wavy: Panel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("members") / "both"
    return folder, fit_panel(wavy, FitConfig.from_dict(TOLD), folder, name="both")


def test_each_member_has_its_own_keys_and_the_next_seed():
    first, second = split_members(FitConfig.from_dict(TOLD))
    assert (first.network["half_life"], second.network["cell"], second.network["width"]) == (20.0, "gru", 8)
    assert (first.training.seed, second.training.seed) == (7, 8)
    assert (first.training.steps, second.training.steps) == (8, 6)
    assert first.network["adaptation"] == second.network["adaptation"] == 0.0


def test_without_members_it_is_the_config_itself():
    config = FitConfig.from_dict({"network": {"width": 8}})
    assert split_members(config) == [config]


def test_put_together_it_comes_apart_again():
    configs = split_members(FitConfig.from_dict(TOLD))
    whole = merge_members(configs)
    assert split_members(whole) == configs
    assert split_members(FitConfig.from_dict(tomllib.loads(whole.to_toml()))) == configs


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([{"with": 8}], r"\[members\]: unknown key 'with'"),
        ([{"training": {"step": 8}}], r"\[members.training\]: unknown key 'step'"),
        ({"width": 8}, "in double brackets"),
    ],
)
def test_wrong_tables_are_told(members, says):
    with pytest.raises(ConfigError, match=says):
        FitConfig.from_dict({"members": members})


def test_one_network_is_not_made_of_members(wavy: Panel):
    """A sweep or an ablation that dropped them in silence would measure something else."""
    with pytest.raises(TrainingError, match="expected none where one network is tried, got 2"):
        prepare(wavy, FitConfig.from_dict(TOLD))


def test_a_sweep_refuses_them(tmp_path):
    (tmp_path / "both.toml").write_text(FitConfig.from_dict(TOLD).to_toml())
    with pytest.raises(ConfigError, match="none in a sweep"):
        read_sweep(tmp_path / "both.toml")


def test_a_fit_writes_one_artifact(fitted):
    folder, outcome = fitted
    artifact = statecast.load(folder)
    assert artifact.manifest["members"] == 2 and artifact.manifest["seeds"] == [7, 8]
    costs = artifact.manifest["training"]["costs"]
    assert costs["steps"] == 14 and [one["steps"] for one in costs["members"]] == [8, 6]
    assert [pair[0] for pair in artifact.manifest["training"]["curves"]["validation"]] == [4, 8, 12, 14]
    parts = [part["part"] for part in artifact.manifest["ablation"]["parts"]]
    assert "member 1: resolution 1d" in parts and "member 2: linear lookback" in parts
    assert not list(folder.glob("member-*")) and not list(folder.glob("checkpoint*"))
    assert bool(np.any(artifact.forecaster.calibration.conformal_offsets.numpy()))
    assert outcome.leaderboard.rows["statecast"]["mae"] > 0


def test_a_backtest_gives_the_figures_of_the_fit(fitted, wavy: Panel):
    folder, outcome = fitted
    again = backtest_panel(statecast.load(folder), wavy)
    assert again.leaderboard.rows == outcome.leaderboard.rows


def test_the_written_config_fits_the_same_again(fitted, wavy: Panel, tmp_path):
    folder, _ = fitted
    fit_panel(wavy, FitConfig.read(folder / "fit.toml"), tmp_path, name="both")
    assert statecast.load(tmp_path).manifest["files"] == statecast.load(folder).manifest["files"]


def test_it_goes_on_with_the_member_that_it_was_at(fitted, wavy: Panel, tmp_path, monkeypatch):
    """A break in the second member must cost neither the first nor the result."""
    folder, _ = fitted
    config = FitConfig.from_dict(TOLD)
    with monkeypatch.context() as broken:
        broken.setattr("training.pipeline.calibrate", _break)
        with pytest.raises(KeyboardInterrupt):
            fit_panel(wavy, config, tmp_path, name="both")
    assert (tmp_path / "member-1" / "checkpoint.json").is_file()
    for name in (tmp_path / "member-2").iterdir():
        name.unlink()
    fit_panel(wavy, config, tmp_path, name="both", resume=True)
    assert statecast.load(tmp_path).manifest["files"] == statecast.load(folder).manifest["files"]


def _break(*_: object) -> None:
    raise KeyboardInterrupt
