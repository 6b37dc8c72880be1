"""From a table and a config to an untrained network, with all that it learns from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from statecast.config import ForecasterConfig
from statecast.models.forecaster import Forecaster
from training.config import FitConfig
from training.data.checks import inspect_panel, leave_out_dead
from training.data.encoding import PanelTensors, encode_panel, fit_covariates
from training.data.panel import Panel
from training.data.splits import Split, split_by_fractions, split_by_rows
from training.errors import TrainingError
from training.evaluation.baselines.naive import Task
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.selection.defaults import choose_forks, choose_network
from training.selection.recipes import choose_recipes
from training.selection.warm_start import choose_start


@dataclass(frozen=True)
class FitSetup:
    """An untrained network with all that it learns from."""

    network: Forecaster
    """The network, with its first weights."""
    tensors: PanelTensors
    """All rows of the panel, encoded for it."""
    task: Task
    """The panel, its borders and the horizon."""
    config: FitConfig
    """The config with everything that was chosen."""

    def fit(self, folder: Path | None = None) -> Fit[PanelForecast]:
        """Make its training, about to begin.

        Parameters
        ----------
        folder : Path, optional
            Where checkpoints go; left out, none are written.

        Returns
        -------
        Fit
            Of this setup's network, which it changes in place.
        """
        return Fit(PanelForecast(self.network, self.tensors, self.task, self.config.training), folder)


def prepare(panel: Panel, config: FitConfig) -> FitSetup:
    """Choose what a config leaves open, cut and encode the panel, make one network with its first weights.

    These are random, or a pretrained family's where the config names one to start from.

    Parameters
    ----------
    panel : Panel
        The series.
    config : FitConfig
        One without members.

    Returns
    -------
    FitSetup
        With a config in which nothing is open.

    Raises
    ------
    StatecastError
        If the data or the config cannot be trained on; the message says how to mend it.
    """
    if config.members:
        raise TrainingError(f"[[members]]: expected none where one network is tried, got {len(config.members)}")
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    config = choose_recipes(panel, config)[0].fill(config)
    if config.training.start:
        family, shape = choose_start(panel, config.training.start, config.network)
        make: Callable[[ForecasterConfig], Forecaster] = family.apart
    else:
        make, shape = Forecaster, choose_network(panel, config.network)
    panel = leave_out_dead(panel, cut(panel, config, shape.horizon))
    split = cut(panel, config, shape.horizon)
    inspect_panel(panel)
    shape = fit_covariates(panel, split, shape)
    forks, warm = choose_forks(panel, shape, config.training.forks, config.training.warm)
    training = replace(config.training, forks=forks, warm=warm)
    torch.manual_seed(training.seed)
    network = make(shape)
    task = Task(panel, split, shape.season, shape.horizon)
    used = FitConfig(config.data, network_table(shape.to_dict()), training)
    return FitSetup(network, encode_panel(panel, shape), task, used)


def living(panel: Panel, config: FitConfig) -> Panel:
    """Leave out the items of a panel that a fit could not learn from.

    Parameters
    ----------
    panel : Panel
        The series.
    config : FitConfig
        How it will be cut.

    Returns
    -------
    Panel
        See ``leave_out_dead``; its notes name them.

    Raises
    ------
    TrainingError
        If no item is left.
    """
    try:
        split = cut(panel, config, choose_network(panel, config.network).horizon)
    except TrainingError:
        return panel  # what is wrong is said where the fit begins
    return leave_out_dead(panel, split)


def cut(panel: Panel, config: FitConfig, horizon: int) -> Split:
    """Cut a panel in time as a config says: by rows where it names borders, else by fractions.

    Parameters
    ----------
    panel : Panel
        The series.
    config : FitConfig
        Whose ``data`` has the borders or the fractions.
    horizon : int
        Steps ahead F.

    Returns
    -------
    Split
        Ends of training, validation and test of each item.

    Raises
    ------
    TrainingError
        If the borders or the fractions cannot be, or the items are too short for them.
    """
    if config.data.borders:
        return split_by_rows(panel, config.data.borders)
    return split_by_fractions(panel, config.data.fractions, horizon)


def network_table(values: Mapping[str, Any]) -> dict[str, Any]:
    """Make the ``[network]`` table of a network, without what follows from the data.

    Parameters
    ----------
    values : mapping of str to any
        A network's config as plain values.

    Returns
    -------
    dict of str to any
        Without covariates and absent values; with the same data it makes the same network.
    """
    # The covariates follow from the data; a TOML file has no word for "none".
    return {key: value for key, value in values.items() if not key.endswith("_covariates") and value is not None}
