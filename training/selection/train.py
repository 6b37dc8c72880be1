"""From a table and a config to a trained network: a race for what is open, its members, its best start."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from statecast.models.ensemble import Ensemble
from statecast.models.interface import SeriesNetwork
from training.config import FitConfig
from training.data.encoding import PanelTensors
from training.data.panel import Panel
from training.errors import TrainingError
from training.evaluation.baselines.naive import Task
from training.fitting.checkpoint import Checkpoint
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.progress import Watcher
from training.selection.finetune import SCRATCH, StartTrial, describe_starts, prepare_tuning, tune
from training.selection.members import merge_members, run_all, split_members
from training.selection.prepare import FitSetup, prepare
from training.selection.race import RecipeTrial, SelectedConfig, remove_race, select_config


@dataclass(frozen=True)
class FittedModel:
    """A network that is trained, and neither calibrated nor scored."""

    network: SeriesNetwork
    """The network."""
    tensors: PanelTensors
    """All rows of the panel, encoded for it."""
    task: Task
    """The panel, its borders and the horizon."""
    config: FitConfig
    """A config in which nothing is open; it trains the same again."""
    fits: Sequence[Fit[PanelForecast]]
    """The training of each member, or of the only network."""
    trials: Sequence[RecipeTrial]
    """Recipes that were tried, the chosen one first."""
    places: Sequence[Path]
    """Folders of checkpoints."""
    starts: Sequence[StartTrial] = ()
    """Starts that ``--from`` tried, the one that was kept first."""

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        return sum(weight.numel() for weight in self.network.parameters())


def train(
    panel: Panel,
    config: FitConfig,
    out: Path,
    *,
    base: Path | None,
    family: Path | None,
    resume: bool,
    watcher: Watcher,
) -> FittedModel:
    """Choose what a config leaves open and train; with a family as ``base`` keep the start that validation prefers.

    Parameters
    ----------
    panel : Panel
        The series.
    config : FitConfig
        The config; what it leaves open is chosen from the data and by short trials.
    out : Path
        Folder that keeps checkpoints until ``remove_checkpoints``.
    base : Path or None
        Artifact of a pretrained family that is compared with training from scratch.
    family : Path or None
        Artifact of a pretrained family that is tried among the recipes where there is no ``base``.
    resume : bool
        Whether to continue from the checkpoints.
    watcher : Watcher
        Who follows the progress.

    Returns
    -------
    FittedModel
        Trained, and neither calibrated nor scored.

    Raises
    ------
    StatecastError
        If the data or the config cannot be trained on; the message says how to mend it.
    """
    if base and config.members:
        raise TrainingError("--from: expected one network, got [[members]]; fit an ensemble without --from")
    if base and config.training.start:
        raise TrainingError(f"--from: the config starts from {config.training.start} already; leave one of them out")
    tuning = prepare_tuning(base, panel, config) if base else None
    selected = select_config(
        panel,
        config,
        out,
        lambda chosen: prepare(panel, chosen).fit(),
        family=None if base else family,
        watcher=watcher,
        resume=resume,
    )
    fitted = _from_scratch(panel, selected, out, watcher, resume)
    return _best_start(fitted, tuning, out, watcher, resume) if tuning else fitted


def remove_checkpoints(fitted: FittedModel, out: Path) -> None:
    """Delete the checkpoints and the race's outcome, when the artifact is whole.

    Parameters
    ----------
    fitted : FittedModel
        What was trained.
    out : Path
        The folder that it was trained in.
    """
    remove_race(out)
    for place in fitted.places:
        Checkpoint.remove(place)
        if place != out and place.exists():
            place.rmdir()


def _from_scratch(panel: Panel, selected: SelectedConfig, out: Path, watcher: Watcher, resume: bool) -> FittedModel:
    setups = [prepare(panel, one) for one in split_members(selected.config)]
    network: SeriesNetwork = setups[0].network
    config, places = setups[0].config, [out]
    if selected.config.members:
        network = Ensemble([one.network for one in setups])
        config = merge_members([one.config for one in setups])
        places = [out / f"member-{number + 1}" for number in range(len(setups))]
    fits = [one.fit(place) for one, place in zip(setups, places, strict=True)]
    if selected.weights:
        fits[0].start_at(selected.weights, selected.trials[0].validation)
    fitted = FittedModel(network, setups[0].tensors, setups[0].task, config, fits, selected.trials, places)
    items = f"{len(panel.items)} items, {panel.rows} rows"
    watcher.say(f"{items}, freq {network.config.freq}, {fitted.parameters} parameters")
    run_all(fits, watcher, resume)
    return fitted


def _best_start(fitted: FittedModel, tuning: FitSetup, out: Path, watcher: Watcher, resume: bool) -> FittedModel:
    place, (fit,) = out / "tuned", fitted.fits
    done = FitSetup(fit.objective.network, fitted.tensors, fitted.task, fitted.config)
    starts = tune(tuning, StartTrial(SCRATCH, done, fit, fit.curves.best), place, watcher, resume)
    best = starts[0]
    watcher.say(f"kept: {best.name}; validation {describe_starts(starts)}")
    return replace(
        fitted,
        network=best.fit.objective.network,
        tensors=best.setup.tensors,
        task=best.setup.task,
        config=best.setup.config,
        fits=[best.fit],
        starts=starts,
        places=[*fitted.places, place],
    )
