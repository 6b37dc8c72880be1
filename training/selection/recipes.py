"""Recipes: settings that go together. Rules say which ones may suit a table; a short race says which one does.

A recipe fills in what a config leaves open. A config that names one of the settings in which its recipes differ has
decided, and there is no race: the first recipe fills in the rest.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from statecast.config import ForecasterConfig
from training.config import FitConfig
from training.data.panel import MANY, Panel
from training.selection.defaults import choose_network

_SLOW = 30  # patches of half-life
_TIMES = 3  # that a fit is validated; early weights are not annealed, and validation cannot tell neighbours apart
_TUNING_MANY = {"steps": 1000, "batch": 16, "learning_rate": 1e-3}
_TUNING_FEW = {"steps": 300, "batch": 32, "learning_rate": 3e-4}


@dataclass(frozen=True)
class Recipe:
    """Values for keys of ``[network]`` and of ``[training]`` that go together.

    Those of one table all have the same keys, but for a tuning: its network is the family's.
    """

    name: str
    """Name that reports and messages show."""
    network: Mapping[str, Any]
    """Values for keys of ``[network]``."""
    training: Mapping[str, Any]
    """Values for keys of ``[training]``."""

    def fill(self, config: FitConfig) -> FitConfig:
        """Fill in what a config leaves open.

        Parameters
        ----------
        config : FitConfig
            The config; what it decides stays.

        Returns
        -------
        FitConfig
            With this recipe's values, and three validations unless it says otherwise.
        """
        values = asdict(config.training)
        training = replace(config.training, **{key: value for key, value in self.training.items() if not values[key]})
        every = training.validation_every or max(training.steps // _TIMES, 1)
        return replace(
            config,
            network={**self.network, **config.network},
            training=replace(training, validation_every=every),
        )


def tuning(panel: Panel, start: str) -> Recipe:
    """Make the recipe of a pretrained family's network, which knows other series already.

    Parameters
    ----------
    panel : Panel
        The series; there is more to learn from many unlike ones, at a higher rate.
    start : str
        Artifact of the family.

    Returns
    -------
    Recipe
        Called ``tuned``.
    """
    return Recipe("tuned", {}, {"start": start, **(_TUNING_MANY if len(panel.items) >= MANY else _TUNING_FEW)})


def choose_recipes(panel: Panel, config: FitConfig, *more: Recipe) -> tuple[Recipe, ...]:
    """Choose the recipes that may suit a table.

    Parameters
    ----------
    panel : Panel
        The series.
    config : FitConfig
        The config; where it names a setting in which the recipes differ, it has decided.
    *more : Recipe
        Others to try, such as a tuning.

    Returns
    -------
    tuple of Recipe
        The likeliest first, ``more`` last; one alone where the config has decided.

    Raises
    ------
    ConfigError
        As ``choose_network``.
    """
    if config.training.start:
        return (tuning(panel, config.training.start),)
    shape = choose_network(panel, config.network)
    recipes = (*(_for_many(panel, shape) if len(panel.items) >= MANY else _for_few(shape)), *more)
    values = asdict(config.training)
    for recipe in recipes[1:]:
        for ours, first, decided in (
            (recipe.network, recipes[0].network, config.network),
            (recipe.training, recipes[0].training, {key for key, value in values.items() if value}),
        ):
            if any(key in decided for key in ours if ours[key] != first.get(key)):
                return recipes[:1]
    return recipes


def _for_few(shape: ForecasterConfig) -> tuple[Recipe, ...]:
    """Series that have much in common, or one alone.

    ``steady`` is what suits ETTh1. ``bare`` does without the calendar: the last seasons show it too. ``plain`` has few
    weights and nearly fixed levels: where there is little but a level to learn, whatever can learn more does worse.
    ``lively`` has levels that follow quickly, and learns for longer.
    """
    network = _keep(shape, "width", "dropout", "half_life", "linear_lookback", "calendar")
    slow = network | {"dropout": 0.3, "half_life": float(_SLOW * shape.patch_length)}
    training = {"steps": 300, "batch": 32, "learning_rate": 1e-3}
    recipes = [Recipe("steady", slow, training)]
    if shape.calendar:
        recipes.append(Recipe("bare", slow | {"calendar": ()}, training))
    recipes.append(Recipe("plain", slow | {"width": 16, "linear_lookback": False}, training))
    recipes.append(Recipe("lively", network, {"steps": 600, "batch": 16, "learning_rate": 1e-3}))
    return tuple(recipes)


def _for_many(panel: Panel, shape: ForecasterConfig) -> tuple[Recipe, ...]:
    """Many unlike series, as in the competitions: more to learn from, so more steps, at a higher rate.

    ``levels`` is what suits M4 Hourly. ``shares`` learns in logarithms, as series do that grow by shares.
    """
    network = _keep(shape, "width", "resolutions", "asinh_unit")
    network |= {"width": 96, "resolutions": (1, *shape.mixed_frequency)}  # those derived gain nothing here
    training = {"steps": 2000, "batch": 16, "learning_rate": 3e-3}
    levels = Recipe("levels", network, training)
    unit = _small_value(panel)
    return (levels, Recipe("shares", network | {"asinh_unit": unit}, training)) if unit else (levels,)


def _small_value(panel: Panel) -> float:
    """A value below nearly all others, in one digit; 0 where any is negative. Looks at first halves of series only."""
    halves = [item.target[: item.target.size // 2] for item in panel.items]
    values = np.concatenate([half[~np.isnan(half)] for half in halves])
    if not values.size or values.min() < 0 or not (values > 0).any():
        return 0.0
    return float(f"{np.quantile(values[values > 0], 0.01):.0e}")


def _keep(shape: ForecasterConfig, *keys: str) -> dict[str, Any]:
    return {key: getattr(shape, key) for key in keys}
