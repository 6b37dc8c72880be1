"""What a config leaves open is decided by a short race; what it names stands."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import statecast
from tests.training.conftest import long_table
from training.config import FitConfig, TrainingConfig
from training.data.panel import MANY, Item, Panel
from training.data.tables import panel_of
from training.errors import TrainingError
from training.fitting.choice import NOISE, choose
from training.pipeline import fit_panel
from training.progress import Silent
from training.selection.prepare import prepare
from training.selection.race import run_race
from training.selection.recipes import Recipe, choose_recipes

SHORT = TrainingConfig(forks=8, warm=2, seconds=0.6, boosting=False, baseline_seconds=0.0)
SMALL = FitConfig(network={"horizon": 5, "season": 8, "patch_length": 4}, training=SHORT)


class Listener(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def say(self, text: str) -> None:
        self.told.append(text)


def many(lowest: float) -> Panel:
    generator = np.random.default_rng(0)
    return Panel(
        tuple(
            Item(f"item-{n}", clock=0, offset=0, target=(lowest + generator.random(120)).astype(np.float32))
            for n in range(MANY)
        ),
        None,
    )


def test_recipes_of_one_table_have_the_same_keys(wavy):
    """What one leaves out another table's rule would fill in, and what was raced would not be what is trained."""
    for panel in (wavy, many(1.0)):
        recipes = choose_recipes(panel, FitConfig())
        assert len(recipes) > 1
        assert len({(tuple(sorted(one.network)), tuple(sorted(one.training))) for one in recipes}) == 1


def test_logarithms_are_no_candidate_where_values_are_negative():
    assert {"asinh_unit"} <= set(choose_recipes(many(1.0), FitConfig())[1].network)
    assert len(choose_recipes(many(-0.5), FitConfig())) == 1


@pytest.mark.parametrize(
    "named",
    [
        {"network": {"width": 8}},
        {"network": {"half_life": 9.0}},
        {"training": {"steps": 9}},
        {"training": {"batch": 2}},
    ],
)
def test_a_named_value_ends_the_race_and_stands(wavy, named):
    """A user who has decided must not pay for a race, nor be overruled by it."""
    config = FitConfig.from_dict(named)
    recipes = choose_recipes(wavy, config)
    assert len(recipes) == 1
    filled = recipes[0].fill(config)
    for key, value in named.get("network", {}).items():
        assert filled.network[key] == value
    for key, value in named.get("training", {}).items():
        assert getattr(filled.training, key) == value
    assert min(filled.training.steps, filled.training.batch, filled.training.validation_every) > 0


def test_what_recipes_agree_on_may_be_named(wavy):
    """The horizon is what everybody names; that alone decides nothing."""
    assert len(choose_recipes(wavy, SMALL)) > 1


def race(panel, *recipes):
    config = replace(SMALL, training=replace(SHORT, seconds=0.0))
    return run_race(recipes, config, lambda told: prepare(panel, told).fit(), Silent())


def recipe(name, width, rate, steps=18):
    keys = {"width": width, "dropout": 0.1, "half_life": 30.0, "linear_lookback": True}
    return Recipe(name, keys, {"steps": steps, "batch": 4, "learning_rate": rate})


def test_a_race_is_what_validation_says_and_the_same_twice(wavy):
    """A choice by chance could not be told from one by merit, nor be made again."""
    recipes = recipe("still", 4, 1e-9), recipe("learning", 8, 1e-2)
    raced, weights = race(wavy, *recipes)
    assert [one.recipe for one in raced] == ["learning", "still"]
    assert raced[0].validation < raced[1].validation
    assert raced[0].steps == 6
    again, same = race(wavy, *recipes)
    assert again == raced and all(torch.equal(weight, same[name]) for name, weight in weights.items())


def test_the_first_is_taken_unless_another_is_clearly_better():
    """Validation by a few months cannot tell neighbours apart; on ETTh1 a lead of 0.2 % cost 3 % of the error."""
    assert choose([1.0, 0.995, 1.2]) == 0
    assert choose([1.0, 0.98, 0.97]) == 2
    assert choose([0.9, 1.0]) == 0


def test_a_recipe_that_diverges_loses_and_the_race_goes_on(wavy):
    """One bad recipe must not end the fit of a table that another suits; if all are bad, that is said."""
    wild = recipe("wild", 4, 1e30, steps=30)
    assert [one.recipe for one in race(wavy, wild, recipe("tame", 4, 1e-3))[0]] == ["tame"]
    with pytest.raises(TrainingError, match="lower learning_rate"):
        race(wavy, wild)


def test_a_fit_tells_its_race_and_a_resumed_one_does_not_hold_it_again(wavy, tmp_path, monkeypatch):
    """Who reads the card wants to know what was tried; who resumes wants to go on."""
    listener = Listener()
    with monkeypatch.context() as broken:
        broken.setattr("training.pipeline.calibrate", _break)
        with pytest.raises(KeyboardInterrupt):
            fit_panel(wavy, replace(SMALL, training=replace(SHORT, validation_every=1)), tmp_path, name="raced")
    fit_panel(
        wavy, replace(SMALL, training=replace(SHORT, validation_every=1)), tmp_path,
        name="raced", resume=True, watcher=listener,
    )  # fmt: skip
    assert not any(line.startswith("race") for line in listener.told)
    training = statecast.load(tmp_path).manifest["training"]
    validations = [one["validation"] for one in training["race"]]
    assert len(validations) > 1 and validations[0] <= (1 + NOISE) * min(validations)
    assert len(training["race"]) == len(choose_recipes(wavy, SMALL))
    winner = training["race"][0]["settings"]
    assert all(training["config"]["network"][key] == winner[key] for key in ("width", "half_life", "linear_lookback"))
    assert not (tmp_path / "race.json").exists()
    assert training["race"][0]["recipe"] in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_validation_too_short_to_choose_by_holds_no_race_and_switches_nothing_off(tmp_path):
    """On airline passengers whatever won a race of one horizon missed the test by half as much again."""
    listener, panel = Listener(), panel_of(long_table((100,), covariates=False))
    config = FitConfig(network={"horizon": 10, "season": 8, "patch_length": 4}, training=SHORT)
    assert len(choose_recipes(panel, config)) > 1
    fit_panel(panel, config, tmp_path, name="one", watcher=listener)
    manifest = statecast.load(tmp_path).manifest
    assert any(line.startswith("no trials of recipes") for line in listener.told)
    assert manifest["training"]["race"] == [] and manifest["ablation"]["parts"] == []


def _break(*_arguments):
    raise KeyboardInterrupt
