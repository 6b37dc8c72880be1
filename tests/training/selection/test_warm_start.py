"""A fit that begins with what a pretrained family has learned."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import statecast
from statecast import Family, FamilyConfig, Observations
from statecast.errors import ConfigError
from tests.training.conftest import long_table
from training.config import FitConfig
from training.data.panel import Panel
from training.data.tables import panel_of
from training.errors import TrainingError
from training.pipeline import fit_panel
from training.progress import Silent
from training.selection.prepare import prepare

SMALL = FamilyConfig(patches=((12, 8, 16), (48, 16, 16)), width=8)
SHORT = {"steps": 4, "batch": 2, "forks": 6, "warm": 0, "boosting": False, "baseline_seconds": 0.0}

OPEN = {"network": {"season": 8, "horizon": 5}, "training": {"boosting": False, "seconds": 0.6}}


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    folder = tmp_path_factory.mktemp("start") / "default"
    torch.manual_seed(0)
    network = Family(SMALL).eval()
    with torch.no_grad():  # a fresh one trusts all experts alike, whatever the segment
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    statecast.save(folder, network, {"name": "default", "version": "1"})
    return folder


def config(family, **network) -> FitConfig:
    return FitConfig.from_dict({"network": {"season": 8, **network}, "training": {**SHORT, "start": str(family)}})


@pytest.mark.parametrize("horizon", [5, 16, 40])
def test_it_begins_where_the_family_is_whatever_the_horizon(wavy: Panel, family, horizon):
    """Tuning that begins elsewhere throws away what was learned; 36,000 steps on three million series."""
    begun = prepare(wavy, config(family, horizon=horizon)).network
    member = statecast.load(family).member(8, "1h").forecaster
    target = torch.from_numpy(wavy.items[0].target[:100][None])
    nothing = torch.zeros(1, 100, 0)
    found = []
    for network in (begun.eval(), member):
        state = network.fresh(torch.tensor([-1]), torch.zeros(1, 0))
        state = network.prime(Observations(target, nothing, nothing), state)
        steps = network.config.horizon
        found.append(network.decode(state, torch.zeros(1, steps, 0)).raw_quantiles()[0].detach().numpy())
    both = min(horizon, 16)
    np.testing.assert_allclose(found[0][:both], found[1][:both], rtol=1e-5, atol=1e-5)
    assert found[0].shape == (horizon, 9) and np.isfinite(found[0]).all()


def test_an_artifact_says_what_it_began_with_and_its_config_makes_the_same_again(wavy: Panel, family, tmp_path):
    first = fit_panel(wavy, config(family, horizon=5), tmp_path / "first", name="first")
    told = FitConfig.read(tmp_path / "first" / "fit.toml")
    assert told.training.start == str(family)
    second = fit_panel(wavy, told, tmp_path / "second", name="first")
    ours, again = first.network.state_dict(), second.network.state_dict()
    assert all(torch.equal(weight, again[name]) for name, weight in ours.items())
    scores = statecast.load(family).member(8, "1h", 5).forecaster.state_dict()
    assert any(not torch.equal(weight, scores[name]) for name, weight in ours.items() if name in scores)


def test_members_may_begin_with_a_family_beside_those_from_scratch(wavy: Panel, family, tmp_path):
    """What was pretrained and what was not err in different ways."""
    told = FitConfig.from_dict(
        {
            "network": {"season": 8, "horizon": 5, "width": 6, "segment_length": 8, "calendar": []},
            "training": SHORT,
            "members": [{"patch_length": 4}, {"training": {"start": str(family)}}],
        }
    )
    outcome = fit_panel(wavy, told, tmp_path / "both", name="both")
    assert [member.config.width for member in outcome.network.members] == [6, 8]
    again = fit_panel(wavy, FitConfig.read(tmp_path / "both" / "fit.toml"), tmp_path / "again", name="both")
    assert again.leaderboard.rows["statecast"] == outcome.leaderboard.rows["statecast"]


def test_what_cannot_be_begun_with_is_refused_by_name(wavy: Panel, family, tmp_path):
    with pytest.raises(ConfigError, match=r"\[network\] width: expected 8, as default has it, got 9"):
        prepare(wavy, config(family, horizon=5, width=9))
    with pytest.raises(TrainingError, match="season: expected 1 to 48 steps, got 60"):
        prepare(wavy, config(family, horizon=5, season=60))
    heard = panel_of(long_table((200,)), FitConfig().data.columns, "1h")
    if heard.items[0].known or heard.items[0].past:
        with pytest.raises(TrainingError, match="does not support covariates"):
            prepare(heard, config(family, horizon=5))
    with pytest.raises(TrainingError, match=r"starts from .*default already; leave one of them out"):
        fit_panel(wavy, config(family, horizon=5), tmp_path / "twice", name="twice", base=family)
    fit_panel(wavy, config(family, horizon=5), tmp_path / "own", name="own")
    with pytest.raises(TrainingError, match="expected a pretrained family, got own, a forecaster"):
        prepare(wavy, config(tmp_path / "own", horizon=5))


def test_a_race_tries_the_family_where_nothing_is_decided(family, tmp_path):
    """Without a config a fit must not be worse than the model that lies beside it."""
    panel = panel_of(long_table((400, 300), covariates=False))
    told = FitConfig.from_dict(
        {"network": {"season": 8, "horizon": 5}, "training": {"boosting": False, "seconds": 0.6}}
    )
    fit_panel(panel, told, tmp_path / "raced", name="raced", family=family)
    training = statecast.load(tmp_path / "raced").manifest["training"]
    assert {"tuned", "steady"} <= {one["recipe"] for one in training["race"]}
    won = [{**training["race"][0], "recipe": "tuned"}]
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / "race.json").write_text(json.dumps(won))
    with pytest.raises(TrainingError, match="tuned was chosen before and is not available now"):
        fit_panel(panel, told, tmp_path / "lost", name="lost", resume=True)
    started = training["config"]["training"]["start"]
    assert started == (str(family) if training["race"][0]["recipe"] == "tuned" else "")


def test_a_race_goes_on_without_a_family_that_cannot_hear_the_data(family, tmp_path):
    panel = panel_of(long_table((400, 300)), FitConfig.from_dict({"data": {"past": ["wind"]}}).data.columns)
    said: list[str] = []
    watcher = Silent()
    watcher.say = said.append
    told = FitConfig.from_dict(
        {"network": {"season": 8, "horizon": 5}, "training": {"boosting": False, "seconds": 0.6}}
    )
    fit_panel(panel, told, tmp_path / "raced", name="raced", family=family, watcher=watcher)
    assert any("is not tried" in line and "wind" in line for line in said)
    names = {one["recipe"] for one in statecast.load(tmp_path / "raced").manifest["training"]["race"]}
    assert "steady" in names and "tuned" not in names


def test_tuning_that_only_harms_leaves_what_was_there(wavy: Panel, family):
    """Two years of days can spoil what three million series have taught."""
    begun = prepare(wavy, config(family, horizon=5))
    harm = replace(begun.config.training, learning_rate=0.5, validation_every=4)
    harmful = replace(begun, config=replace(begun.config, training=harm))
    before = {name: weight.clone() for name, weight in begun.network.state_dict().items()}
    fit = harmful.fit()
    curves = fit.run()
    assert curves.best_step == 0 and curves.validation[0] == [0, curves.best]
    assert all(torch.equal(weight, before[name]) for name, weight in fit.objective.network.state_dict().items())
