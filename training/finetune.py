"""From a pretrained family to a table's own forecaster: as it is, tuned, or from scratch, as validation likes best."""

from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from statecast import Artifact, Family, Forecaster
from statecast.errors import ConfigError
from training.baselines import Task
from training.config import TrainingConfig
from training.defaults import choose_forks
from training.encoding import PanelTensors, encode_panel
from training.errors import TrainingError
from training.fit import Fit
from training.panel import Panel
from training.progress import Watcher

SCRATCH, AS_IT_IS, TUNED = "from scratch", "as it is", "tuned"
_STEPS, _RATE = 1000, 1e-3


@dataclass(frozen=True)
class Start:
    """One way to come to a forecaster, done: how, what it learned from, and what validation says (lower is better)."""

    name: str
    fit: Fit
    tensors: PanelTensors
    validation: float


def begin_with(base: Artifact, panel: Panel, season: int, horizon: int) -> Forecaster:
    """A family's member for a panel, with weights of its own.

    Raises
    ------
    TrainingError
        If the artifact is no family, or its seasons or its horizon do not reach as far.
    """
    if not isinstance(base.network, Family):
        raise TrainingError(f"--from: expected a pretrained family, got {base.name}, a {base.kind}")
    try:
        return base.network.apart(season, str(panel.freq) if panel.freq else None, horizon)
    except ConfigError as error:
        raise TrainingError(f"--from: {base.name} cannot start here: {error}; fit without --from") from None


def tune(network: Forecaster, trained: Fit, place: Path, watcher: Watcher, resume: bool = False) -> list[Start]:
    """Take all three, best first. ``trained``, from scratch, is one; ``network`` learns on at a recipe of its own."""
    task = trained.task
    tensors, training = encode_panel(task.panel.bare(), network.config), recipe(task, network, trained.config)
    tuned = Fit(network, tensors, task, training, place)
    untouched = Fit(deepcopy(network), tensors, task, training)
    starts = [
        Start(SCRATCH, trained, trained.tensors, trained.curves.best),
        Start(AS_IT_IS, untouched, tensors, untouched.validate()),
    ]
    watcher.say(f"tuning what was pretrained; validation so far: {tell_starts(starts)}")
    tuned.run(watcher, resume)
    starts.append(Start(TUNED, tuned, tensors, tuned.curves.best))
    return sorted(starts, key=lambda start: start.validation)


def tell_starts(starts: list[Start]) -> str:
    """Each way with its validation."""
    return ", ".join(f"{start.name} {start.validation:.4f}" for start in starts)


def recipe(task: Task, network: Forecaster, training: TrainingConfig) -> TrainingConfig:
    """The table's own settings, but for lengths in patches, steps and rate: there is less to learn."""
    forks, warm = choose_forks(task.panel, network.config, 720 // network.config.patch_length, 0)
    return replace(
        training, forks=forks, warm=warm, steps=_STEPS, learning_rate=_RATE, validation_every=_STEPS // 5, seconds=0.0
    )
