"""Members of an ensemble: a config for each, and their fits one after the other."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from training.config import FitConfig, TrainingConfig
from training.fitting.checkpoint import Checkpoint
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.progress import Watcher
from training.selection.warm_start import REQUESTED
from training.toml import build_table


def split_members(config: FitConfig) -> list[FitConfig]:
    """Make one config per member, ``[network]`` and ``[training]`` with the member's own keys put in.

    Members do not adapt (see ``statecast.models.ensemble``); each has the next seed unless it names one. Of
    ``[network]`` a member that starts from a pretrained family takes only what may be requested of a family.

    Parameters
    ----------
    config : FitConfig
        The whole config.

    Returns
    -------
    list of FitConfig
        Without members; of a config without members that config alone.
    """
    if not config.members:
        return [config]
    found = []
    for number, member in enumerate(config.members):
        own = dict(member)
        values = {"seed": config.training.seed + number, **own.pop("training", {})}
        training = build_table(TrainingConfig, asdict(config.training) | values, "members.training")
        shared = {key: value for key, value in config.network.items() if _takes(training, key)}
        found.append(FitConfig(config.data, {**shared, "adaptation": 0.0, **own}, training))
    return found


def merge_members(configs: Sequence[FitConfig]) -> FitConfig:
    """Make one config that ``split_members`` takes apart into these: what all share, and what each has of its own.

    Parameters
    ----------
    configs : sequence of FitConfig
        One per member.

    Returns
    -------
    FitConfig
        With members.
    """
    first = configs[0]
    network = {key: value for key, value in first.network.items() if all(key in c.network for c in configs)}
    network = {key: value for key, value in network.items() if all(c.network[key] == value for c in configs)}
    members: list[dict[str, Any]] = []
    for config in configs:
        own: dict[str, Any] = {
            key: value
            for key, value in config.network.items()
            if key not in network or not _takes(config.training, key)
        }
        theirs = asdict(config.training)
        changed = {
            key: value for key, value in theirs.items() if value != getattr(first.training, key) or key == "seed"
        }
        members.append({**own, "training": changed})
    return replace(first, network=network, members=tuple(members))


def _takes(training: TrainingConfig, key: str) -> bool:
    """Whether a member takes a key from ``[network]``; one that starts from a family has the family's shape."""
    return not training.start or key in REQUESTED


def run_all(fits: Sequence[Fit[PanelForecast]], watcher: Watcher, resume: bool) -> None:
    """Fit one after the other.

    Parameters
    ----------
    fits : sequence of Fit
        One per member.
    watcher : Watcher
        Who follows the progress.
    resume : bool
        Whether to continue: members that have a checkpoint from there, the others from the start. Without any
        checkpoint the first one refuses.
    """
    there = [fit.folder is not None and Checkpoint.load(fit.folder) is not None for fit in fits]
    for number, fit in enumerate(fits):
        if len(fits) > 1:
            watcher.say(f"member {number + 1} of {len(fits)}")
        fit.run(watcher, resume and (there[number] or not any(there)))


def sum_costs(fits: Sequence[Fit[PanelForecast]]) -> dict[str, Any]:
    """Sum up what fits took.

    Parameters
    ----------
    fits : sequence of Fit
        Fits that are done.

    Returns
    -------
    dict of str to any
        Steps and wall-clock seconds in all and, of several, each one's under ``members``.
    """
    each = [
        {
            "steps": fit.curves.steps,
            "seconds": round(fit.curves.seconds, 1),
            "best_step": fit.curves.best_step,
            "diverged": fit.curves.diverged,
        }
        for fit in fits
    ]
    if len(each) == 1:
        return each[0]
    return {name: round(sum(costs[name] for costs in each), 1) for name in ("steps", "seconds")} | {"members": each}


def join_curves(fits: Sequence[Fit[PanelForecast]]) -> dict[str, list[list[float]]]:
    """Join the curves of fits; the steps of several follow one another.

    Parameters
    ----------
    fits : sequence of Fit
        Fits that are done.

    Returns
    -------
    dict of str to list
        ``[step, value]`` pairs under ``loss`` and ``validation``.
    """
    curves: dict[str, list[list[float]]] = {"loss": [], "validation": []}
    before = 0
    for fit in fits:
        for name, pairs in curves.items():
            pairs += [[before + int(step), round(value, 6)] for step, value in getattr(fit.curves, name)]
        before += fit.curves.steps
    return curves
