"""From a table and a config to a network that has learned: a race for what is open, its members, its best start."""

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
from training.selection.finetune import SCRATCH, StartTrial, begin_with, tell_starts, tune
from training.selection.members import apart, run_all, together
from training.selection.prepare import FitSetup, prepare
from training.selection.race import RecipeTrial, SelectedConfig, forget_race, settle


@dataclass(frozen=True)
class FittedModel:
    """A network that has learned and is neither calibrated nor judged, with what it learned from and how.

    config: in which nothing is open; it trains the same again.  fits: of each member, or of the only network.
    raced, starts: recipes and starts that were tried, the one that was taken first; none where there was no choice.
    places: of checkpoints.
    """

    network: SeriesNetwork
    tensors: PanelTensors
    task: Task
    config: FitConfig
    fits: Sequence[Fit[PanelForecast]]
    raced: Sequence[RecipeTrial]
    places: Sequence[Path]
    starts: Sequence[StartTrial] = ()

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
    """Settle what a config leaves open, train, and with a family as ``base`` keep what validation likes best.

    family: a pretrained one that takes part in a race; none does beside ``base``.
    Checkpoints lie under ``out`` until ``forget_training``.

    Raises
    ------
    StatecastError
        If the data or the config cannot be trained on; the message says how to mend it.
    """
    if base and config.members:
        raise TrainingError("--from: expected one network, got [[members]]; fit an ensemble without --from")
    if base and config.training.start:
        raise TrainingError(f"--from: the config starts from {config.training.start} already; leave one of them out")
    begun = begin_with(base, panel, config) if base else None
    settled = settle(
        panel,
        config,
        out,
        lambda told: prepare(panel, told).fit(),
        family=None if base else family,
        watcher=watcher,
        resume=resume,
    )
    trained = _from_scratch(panel, settled, out, watcher, resume)
    return _best_start(trained, begun, out, watcher, resume) if begun else trained


def forget_training(trained: FittedModel, out: Path) -> None:
    """Delete the checkpoints and the race's outcome, when the artifact is whole."""
    forget_race(out)
    for place in trained.places:
        Checkpoint.remove(place)
        if place != out and place.exists():
            place.rmdir()


def _from_scratch(panel: Panel, settled: SelectedConfig, out: Path, watcher: Watcher, resume: bool) -> FittedModel:
    prepared = [prepare(panel, one) for one in apart(settled.config)]
    network: SeriesNetwork = prepared[0].network
    config, places = prepared[0].config, [out]
    if settled.config.members:
        network = Ensemble([one.network for one in prepared])
        config = together([one.config for one in prepared])
        places = [out / f"member-{number + 1}" for number in range(len(prepared))]
    fits = [one.fit(place) for one, place in zip(prepared, places, strict=True)]
    if settled.weights:
        fits[0].start_at(settled.weights, settled.raced[0].validation)
    trained = FittedModel(network, prepared[0].tensors, prepared[0].task, config, fits, settled.raced, places)
    items = f"{len(panel.items)} items, {panel.rows} rows"
    watcher.say(f"{items}, freq {network.config.freq}, {trained.parameters} parameters")
    run_all(fits, watcher, resume)
    return trained


def _best_start(trained: FittedModel, begun: FitSetup, out: Path, watcher: Watcher, resume: bool) -> FittedModel:
    place, (fit,) = out / "tuned", trained.fits
    done = FitSetup(fit.objective.network, trained.tensors, trained.task, trained.config)
    starts = tune(begun, StartTrial(SCRATCH, done, fit, fit.curves.best), place, watcher, resume)
    best = starts[0]
    watcher.say(f"kept: {best.name}; validation {tell_starts(starts)}")
    return replace(
        trained,
        network=best.fit.objective.network,
        tensors=best.prepared.tensors,
        task=best.prepared.task,
        config=best.prepared.config,
        fits=[best.fit],
        starts=starts,
        places=[*trained.places, place],
    )
