"""A short race of recipes, decided by carried validation."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from statecast.errors import StatecastError
from training.config import FitConfig
from training.data.panel import Panel
from training.errors import TrainingError
from training.fitting.choice import choose
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.fitting.weights import Weights
from training.progress import Watcher
from training.selection.defaults import choose_network
from training.selection.prepare import cut
from training.selection.recipes import Recipe, choose_recipes, tuning
from training.selection.warm_start import choose_start

_SHARE = 3  # a run in the race takes a third of its recipe's steps
_FILE = "race.json"


@dataclass(frozen=True)
class RecipeTrial:
    """One recipe's short run."""

    recipe: str
    """Name of the recipe."""
    settings: Mapping[str, Any]
    """Its values for keys of ``[network]`` and ``[training]``."""
    steps: int
    """Steps it took."""
    validation: float
    """Validation of its best weights, lower is better."""


@dataclass(frozen=True)
class SelectedConfig:
    """A config in which trials of recipes, where there was a choice, have decided what it left open."""

    config: FitConfig
    """The config, with the chosen recipe filled in."""
    trials: Sequence[RecipeTrial] = ()
    """All trials, the chosen one first; empty if there was no choice."""
    weights: Weights = field(default_factory=dict)
    """Best weights of the chosen trial, if it was run just now; a longer training need not find better ones."""


def select_config(
    panel: Panel,
    config: FitConfig,
    out: Path,
    begin: Callable[[FitConfig], Fit[PanelForecast]],
    *,
    family: Path | None,
    watcher: Watcher,
    resume: bool,
) -> SelectedConfig:
    """Hold a race where a config leaves something to race about; one that is resumed is recalled.

    Parameters
    ----------
    panel : Panel
        The series.
    config : FitConfig
        The config; of one with members nothing is raced about.
    out : Path
        Folder that keeps the outcome of a race until the artifact is whole.
    begin : callable
        Makes a fit of a config in which nothing is open.
    family : Path or None
        Artifact of a pretrained family that is tuned beside the recipes, if it can be.
    watcher : Watcher
        Who follows the progress.
    resume : bool
        Whether to take the outcome that ``out`` keeps.

    Returns
    -------
    SelectedConfig
        The config with the chosen recipe filled in, or as it came where there was no race.

    Raises
    ------
    TrainingError
        If no recipe comes to anything, or the one that was chosen before an interruption is not available now.
    """
    tunings, refusal = _tunings(panel, config, family)
    recipes = choose_recipes(panel, config, *tunings)
    if config.members or len(recipes) < 2:
        return SelectedConfig(config)
    if refusal:
        watcher.say(refusal)
    horizon = choose_network(panel, config.network).horizon
    if not cut(panel, config, horizon).can_choose(horizon):
        watcher.say(f"no trials of recipes: validation is too short to choose by; taking the first, {recipes[0].name}")
        return SelectedConfig(config)
    trials, weights = (_recall(out), {}) if resume else run_race(recipes, config, begin, watcher)
    if not trials:
        return SelectedConfig(config)
    _remember(out, trials)
    winner = {recipe.name: recipe for recipe in recipes}.get(trials[0].recipe)
    if winner is None:
        raise TrainingError(
            f"--resume: {trials[0].recipe} was chosen before and is not available now; fit without --resume"
        )
    return SelectedConfig(winner.fill(config), trials, weights)


def _tunings(panel: Panel, config: FitConfig, family: Path | None) -> tuple[list[Recipe], str]:
    """The family's recipe, or none and why not."""
    if family is None:
        return [], ""
    try:
        choose_start(panel, family, config.network)
    except StatecastError as error:
        return [], f"{family} is not tried: {error}"
    return [tuning(panel, str(family))], ""


def run_race(
    recipes: Sequence[Recipe], config: FitConfig, begin: Callable[[FitConfig], Fit[PanelForecast]], watcher: Watcher
) -> tuple[list[RecipeTrial], Weights]:
    """Run every recipe for a third of its steps, its whole schedule within them.

    Parameters
    ----------
    recipes : sequence of Recipe
        The likeliest first.
    config : FitConfig
        What they fill in.
    begin : callable
        Makes a fit of a config in which nothing is open.
    watcher : Watcher
        Who follows the progress.

    Returns
    -------
    tuple of list and dict
        All trials, the one to take first, and its best weights: where there is little to learn, a longer training need
        not find better ones.

    Raises
    ------
    TrainingError
        If no recipe comes to anything.
    """
    trials: list[RecipeTrial] = []
    weights: list[Weights] = []
    failed = TrainingError("")
    for number, recipe in enumerate(recipes):
        watcher.say(f"recipe {number + 1} of {len(recipes)}: {recipe.name}, {_differences(recipe, recipes)}")
        try:
            fit = begin(_shortened(recipe.fill(config)))
            curves = fit.run(watcher)
        except TrainingError as error:  # it diverged at once
            failed = error
            continue
        weights.append(fit.best)
        trials.append(RecipeTrial(recipe.name, {**recipe.network, **recipe.training}, curves.steps, curves.best))
    if not trials:
        raise failed
    taken = choose([one.validation for one in trials])
    trials.insert(0, trials.pop(taken))
    watcher.say(
        "trials of recipes: "
        + ", ".join(f"{one.recipe} {one.validation:.4f}" for one in trials)
        + f"; chosen: {trials[0].recipe}"
    )
    return trials, weights[taken]


def _remember(folder: Path, trials: Sequence[RecipeTrial]) -> None:
    """Keep the outcome beside the checkpoint, for a fit that is resumed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FILE).write_text(json.dumps([asdict(one) for one in trials]), encoding="utf-8")


def _recall(folder: Path) -> list[RecipeTrial]:
    """Read the outcome that was kept, empty where there is none."""
    path = folder / _FILE
    return [RecipeTrial(**one) for one in json.loads(path.read_text(encoding="utf-8"))] if path.is_file() else []


def remove_race(folder: Path) -> None:
    """Delete the outcome that was kept, when the artifact is whole.

    Parameters
    ----------
    folder : Path
        Where it is, if there is one.
    """
    (folder / _FILE).unlink(missing_ok=True)


def _shortened(config: FitConfig) -> FitConfig:
    training = config.training
    short = replace(
        training,
        steps=max(training.steps // _SHARE, 1),
        validation_every=max(training.validation_every // _SHARE, 1),
        seconds=training.seconds / _SHARE,
    )
    return replace(config, training=short)


def _differences(recipe: Recipe, recipes: Sequence[Recipe]) -> str:
    """The settings in which it differs from another, in words."""
    ours = {**recipe.network, **recipe.training}
    others = [{**one.network, **one.training} for one in recipes]
    return ", ".join(f"{key} {value}" for key, value in ours.items() if any(one.get(key) != value for one in others))
