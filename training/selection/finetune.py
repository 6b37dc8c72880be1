"""From a pretrained family to a table's own forecaster: tuned, as it is, or from scratch, as validation prefers."""

import math
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from training.config import FitConfig
from training.data.panel import Panel
from training.fitting.choice import choose
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.progress import Watcher
from training.selection.defaults import choose_forks
from training.selection.prepare import FitSetup, prepare
from training.selection.warm_start import REQUESTED

TUNED, AS_IT_IS, SCRATCH = "tuned", "as it is", "from scratch"
_LONGEST = 720  # steps of a sequence that is learned from


@dataclass(frozen=True)
class StartTrial:
    """One start, done: how a forecaster came about."""

    name: str
    """Name of the start."""
    setup: FitSetup
    """What it was trained on."""
    fit: Fit[PanelForecast]
    """Its training."""
    validation: float
    """Validation of its weights, lower is better."""


def prepare_tuning(base: Path, panel: Panel, config: FitConfig) -> FitSetup:
    """Prepare to tune a family on a panel: the table's own settings, but for lengths, steps and learning rate.

    Covariates are left out; a family does not support them.

    Parameters
    ----------
    base : Path
        Artifact of the family.
    panel : Panel
        The series.
    config : FitConfig
        The table's; of ``[network]`` only what may be requested of a family.

    Returns
    -------
    FitSetup
        The family's network with its weights as they are.

    Raises
    ------
    StatecastError
        As ``prepare``.
    """
    bare, network = panel.bare(), {key: config.network[key] for key in REQUESTED if key in config.network}
    training = replace(
        config.training, start=str(base), warm=0, steps=0, learning_rate=0.0, validation_every=0, seconds=0.0
    )
    setup = prepare(bare, FitConfig(config.data, network, training))
    shape = setup.network.config
    forks, warm = choose_forks(bare, shape, _LONGEST // shape.patch_length, 0)
    return replace(setup, config=replace(setup.config, training=replace(setup.config.training, forks=forks, warm=warm)))


def tune(setup: FitSetup, scratch: StartTrial, place: Path, watcher: Watcher, resume: bool = False) -> list[StartTrial]:
    """Tune a family, and compare it with the family as it is and with training from scratch.

    Parameters
    ----------
    setup : FitSetup
        What ``prepare_tuning`` made.
    scratch : StartTrial
        Training from scratch, which is done.
    place : Path
        Folder of the tuning's checkpoints.
    watcher : Watcher
        Who follows the progress.
    resume : bool
        Whether to continue from the checkpoint.

    Returns
    -------
    list of StartTrial
        All three; the one to keep comes first.
    """
    watcher.say(f"tuning the pretrained family; validation so far: {describe_starts([scratch])}")
    untouched, tuned = replace(setup, network=deepcopy(setup.network)).fit(), setup.fit(place)
    curves = tuned.run(watcher, resume)
    (_, before), *later = curves.validation
    learned = curves.best if curves.best_step else min((value for _, value in later), default=math.inf)
    starts = [StartTrial(TUNED, setup, tuned, learned), StartTrial(AS_IT_IS, setup, untouched, before), scratch]
    starts.insert(0, starts.pop(choose([start.validation for start in starts])))
    return starts


def describe_starts(starts: list[StartTrial]) -> str:
    """List starts with their validation.

    Parameters
    ----------
    starts : list of StartTrial
        Starts that are done.

    Returns
    -------
    str
        Such as ``tuned 0.4210, from scratch 0.4302``.
    """
    return ", ".join(f"{start.name} {start.validation:.4f}" for start in starts)
