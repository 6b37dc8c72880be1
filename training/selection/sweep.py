"""A sweep: fits over a space of settings, judged by carried validation, in a study that can be resumed.

The space is the table ``[sweep]`` of a config:

    [sweep]
    sampler = "tpe"                                        # or "grid", "random"
    trials = 30
    [sweep.network]
    width = [32, 64, 128]                                  # a choice
    [sweep.training]
    learning_rate = {from = 3e-4, to = 3e-3, log = true}   # a range

A trial that is behind the median of those before it at the same validation is given up (Golovin et al. 2017). TPE:
Bergstra et al. 2011.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from statecast.errors import ConfigError, StatecastError
from training.config import FitConfig
from training.data.panel import Panel
from training.errors import TrainingError
from training.progress import Silent, Watcher
from training.selection.prepare import prepare
from training.toml import build_table, expect, read_toml

SAMPLERS = ("tpe", "grid", "random")
# What is tried where a config names no space.
DEFAULT_SPACE: dict[str, dict[str, Any]] = {
    "network": {"width": [32, 64, 128], "dropout": {"from": 0.0, "to": 0.4}},
    "training": {"learning_rate": {"from": 3e-4, "to": 3e-3, "log": True}},
}


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, whole ones if both are; evenly in their logarithm if ``log``."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class SweepConfig:
    """Table ``[sweep]``: what is tried, and how."""

    sampler: str = "tpe"
    """`tpe`, `grid` or `random`."""
    trials: int = 20
    """Trials in all."""
    seed: int = 0
    """Seed of the sampler."""
    space: Mapping[tuple[str, str], tuple[Any, ...] | Range] = field(default_factory=dict)
    """Choices or ranges by ``(table, key)``."""

    def __post_init__(self) -> None:
        expect(self.sampler in SAMPLERS, "[sweep] sampler", f"one of {', '.join(SAMPLERS)}", self.sampler)
        expect(self.trials >= 1, "[sweep] trials", "a whole number above 0", self.trials)


def read_sweep(path: str | Path | None) -> tuple[FitConfig, SweepConfig]:
    """Read a config and its ``[sweep]``; without a file everything is chosen.

    Raises
    ------
    ConfigError
        If a table, a key or a value is not what it must be.
    """
    tables = read_toml(path) if path else {}
    own = dict(tables.pop("sweep", {}))
    spaces = {name: own.pop(name, {}) for name in ("network", "training")}
    if not any(spaces.values()):
        spaces = DEFAULT_SPACE
    space = {
        (table, key): _space(f"[sweep.{table}] {key}", value)
        for table in spaces
        for key, value in spaces[table].items()
    }
    sweep = replace(build_table(SweepConfig, own, "sweep"), space=space)
    config = FitConfig.from_dict(tables)
    expect(not config.members, "[[members]]", "none in a sweep, which tries one network", len(config.members))
    for (table, key), values in space.items():
        # Each end must be a value that the key can take; what does not go together is found out by trying.
        for value in values if isinstance(values, tuple) else (values.low, values.high):
            if table == "training":
                build_table(type(config.training), {key: value}, "training")
            else:
                FitConfig.from_dict({"network": {key: value}})
        if sweep.sampler == "grid" and isinstance(values, Range):
            raise ConfigError(f"[sweep.{table}] {key}: expected a list for a grid, got a range; name the values")
    return config, sweep


def _space(name: str, value: Any) -> tuple[Any, ...] | Range:
    if isinstance(value, list) and value:
        return tuple(tuple(one) if isinstance(one, list) else one for one in value)
    if isinstance(value, Mapping) and set(value) <= {"from", "to", "log"} and {"from", "to"} <= set(value):
        expect(value["from"] < value["to"], name, "from below to", dict(value))
        return Range(value["from"], value["to"], bool(value.get("log", False)))
    raise ConfigError(f"{name}: expected a list of values or {{from, to, log}}, got {value!r}")


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
    """Try settings until there are ``sweep.trials``; gives the best config and every trial, best first.

    The study lies in ``out / "study.jsonl"``; ``resume`` goes on with it, and keeps count of what was tried before.

    Raises
    ------
    TrainingError
        If there is a study already and it is not resumed, or no trial came to anything.
    """
    watcher = watcher or Silent()
    out.mkdir(parents=True, exist_ok=True)
    journal = out / "study.jsonl"
    if journal.exists() and not resume:
        raise TrainingError(f"{journal}: there is a study already; give --resume to go on with it, or another --out")
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
        except StatecastError as error:  # a pair that cannot be
            trial.set_user_attr("why", str(error))
            raise optuna.TrialPruned(str(error)) from None
        return setup.fit().run(_Pruning(trial, watcher)).best

    if left > 0:
        study.optimize(one, n_trials=left, catch=(TrainingError,))
    tried = [_new_trial(trial) for trial in study.trials]
    done = sorted((one for one in tried if one.ended == "complete"), key=lambda one: one.validation or 0.0)
    if not done:
        raise TrainingError(f"{out}: no trial came to an end; {tried[-1].ended if tried else 'none was begun'}")
    best = _with(config, done[0].settings)
    (out / "best.toml").write_text(best.to_toml(), encoding="utf-8")
    return best, done + [one for one in tried if one.ended != "complete"]


class _Pruning(Silent):
    """Gives a trial up that validation finds behind."""

    def __init__(self, trial: optuna.Trial, watcher: Watcher) -> None:
        self._trial, self._watcher, self._count = trial, watcher, 0
        self.begin, self.advance = watcher.begin, watcher.advance  # type: ignore[method-assign]

    def validated(self, value: float, best: bool) -> None:
        """Report, and end here if it is not worth going on."""
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
