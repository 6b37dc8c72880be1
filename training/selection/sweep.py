"""A sweep: fits over a space of settings, compared by carried validation, in a study that can be resumed.

A trial that is behind the median of those before it at the same validation is stopped early.

References
----------
Golovin, D. et al. (2017). Google Vizier: a service for black-box optimization. KDD. (The median rule.)
Bergstra, J. et al. (2011). Algorithms for hyper-parameter optimization. NeurIPS. (TPE.)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from statecast.errors import StatecastError
from training.config import FitConfig
from training.data.panel import Panel
from training.errors import TrainingError
from training.progress import Silent, Watcher
from training.selection.prepare import prepare
from training.selection.sweep_config import Range, SweepConfig


@dataclass(frozen=True)
class SweepTrial:
    """A trial of a sweep."""

    settings: Mapping[str, Any]
    """Values by ``table.key``."""
    validation: float | None
    """Its best validation, None if it was not completed."""
    ended: str
    """How it ended: ``complete``, or why not."""


def sweep_panel(
    panel: Panel,
    config: FitConfig,
    sweep: SweepConfig,
    out: Path,
    *,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> tuple[FitConfig, list[SweepTrial]]:
    """Try settings until there are ``sweep.trials`` trials.

    The study is kept in ``out / "study.jsonl"``, the best config in ``out / "best.toml"``.

    Parameters
    ----------
    panel : Panel
        The series.
    config : FitConfig
        What all trials share.
    sweep : SweepConfig
        What is tried.
    out : Path
        Folder of the study.
    resume : bool
        Whether to continue the study that is there; what was tried before counts.
    watcher : Watcher, optional
        Who follows the progress; left out, nobody.

    Returns
    -------
    tuple of FitConfig and list of SweepTrial
        The best config, and every trial: the completed ones, best first, then the others.

    Raises
    ------
    TrainingError
        If there is a study already and it is not resumed, or no trial came to an end.
    """
    watcher = watcher or Silent()
    out.mkdir(parents=True, exist_ok=True)
    journal = out / "study.jsonl"
    if journal.exists() and not resume:
        raise TrainingError(f"{journal}: there is a study already; pass --resume to continue it, or another --out")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(journal))),
        study_name="sweep",
        sampler=_sampler(sweep),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
        load_if_exists=True,
    )
    left = sweep.trials - sum(trial.state.is_finished() for trial in study.trials)

    def one(trial: optuna.Trial) -> float:
        settings = {
            f"{table}.{key}": _suggest(trial, table, key, values) for (table, key), values in sweep.space.items()
        }
        watcher.say(f"trial {trial.number + 1} of {sweep.trials}: {_describe(settings)}")
        try:
            setup = prepare(panel, _with(config, settings))
        except StatecastError as error:  # settings that do not go together
            trial.set_user_attr("why", str(error))
            raise optuna.TrialPruned(str(error)) from None
        return setup.fit().run(_Pruning(trial, watcher)).best

    if left > 0:
        study.optimize(one, n_trials=left, catch=(TrainingError,))
    tried = [_new_trial(trial) for trial in study.trials]
    done = sorted((one for one in tried if one.ended == "complete"), key=lambda one: one.validation or 0.0)
    if not done:
        raise TrainingError(f"{out}: no trial came to an end; {tried[-1].ended if tried else 'none was started'}")
    best = _with(config, done[0].settings)
    (out / "best.toml").write_text(best.to_toml(), encoding="utf-8")
    return best, done + [one for one in tried if one.ended != "complete"]


class _Pruning(Silent):
    """Stops a trial that validation finds behind."""

    def __init__(self, trial: optuna.Trial, watcher: Watcher) -> None:
        self._trial, self._watcher, self._count = trial, watcher, 0
        self.begin, self.advance = watcher.begin, watcher.advance  # type: ignore[method-assign]

    def validated(self, value: float, best: bool) -> None:
        """Report to the study, and stop here if it is not worth continuing."""
        self._watcher.validated(value, best)
        self._trial.report(value, self._count)
        self._count += 1
        if self._trial.should_prune():
            raise optuna.TrialPruned("behind the median of the trials before it")


def _sampler(sweep: SweepConfig) -> optuna.samplers.BaseSampler:
    if sweep.sampler == "grid":
        grid = {
            f"{table}.{key}": list(range(len(values)))
            for (table, key), values in sweep.space.items()
            if isinstance(values, tuple)
        }
        return optuna.samplers.GridSampler(grid, seed=sweep.seed)
    if sweep.sampler == "random":
        return optuna.samplers.RandomSampler(seed=sweep.seed)
    return optuna.samplers.TPESampler(seed=sweep.seed)


def _suggest(trial: optuna.Trial, table: str, key: str, values: tuple[Any, ...] | Range) -> Any:
    name = f"{table}.{key}"
    if isinstance(values, tuple):
        # By place, as a study can hold neither lists nor tables; what was meant stands beside it.
        chosen = values[trial.suggest_categorical(name, list(range(len(values))))]
    elif isinstance(values.low, int) and isinstance(values.high, int):
        chosen = trial.suggest_int(name, values.low, values.high, log=values.log)
    else:
        chosen = trial.suggest_float(name, values.low, values.high, log=values.log)
    trial.set_user_attr(name, chosen)
    return chosen


def _with(config: FitConfig, settings: Mapping[str, Any]) -> FitConfig:
    parts: dict[str, dict[str, Any]] = {"network": {}, "training": {}}
    for name, value in settings.items():
        table, key = name.split(".", 1)
        parts[table][key] = tuple(value) if isinstance(value, list) else value
    return FitConfig(config.data, {**config.network, **parts["network"]}, replace(config.training, **parts["training"]))


def _new_trial(trial: optuna.trial.FrozenTrial) -> SweepTrial:
    settings = {name: value for name, value in trial.user_attrs.items() if name != "why"}
    ended = trial.user_attrs.get("why") or trial.state.name.lower()
    return SweepTrial(settings, trial.value if trial.state is TrialState.COMPLETE else None, ended)


def _describe(settings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in settings.items()
    )
