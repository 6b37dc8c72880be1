"""Optional parts that do not earn their place: validation after training decides, and they are switched off.

Each optional part is silenced in turn. Where validation is no worse without one, the one that it is best without stays
silent, and the others are tried again without it (backward elimination): of two parts that do the same one remains.
What a network cannot do without is silenced for comparison only.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from statecast import Forecaster
from statecast.layers.cells.recurrent import Recurrent
from training.fitting.loop import Fit
from training.fitting.panel_objective import PanelForecast
from training.progress import Watcher


@dataclass(frozen=True)
class AblationTrial:
    """Validation of one network with a part and without it, lower is better."""

    part: str
    """Name of the part."""
    with_part: float
    """Validation with it."""
    without: float
    """Validation without it."""
    off: bool
    """Whether it is switched off."""


@torch.no_grad()
def switch_off(fit: Fit[PanelForecast], watcher: Watcher) -> list[AblationTrial]:
    """Switch off those optional parts of a fit's network that validation is no better with.

    The order is fixed and nothing is drawn: the same fit comes out alike. Without a validation long enough to choose by
    nothing is tried.

    Parameters
    ----------
    fit : Fit
        One that is done; its network is changed in place.
    watcher : Watcher
        Who follows the progress.

    Returns
    -------
    list of AblationTrial
        All that were tried, those switched off first.
    """
    objective, network, trials = fit.objective, fit.objective.network, []
    score = objective.validate()
    if not math.isfinite(score) or not objective.task.split.can_choose(objective.task.horizon):
        return []
    left = network.ablatable()
    while left:
        without = {part: _validate_without(fit, tensors) for part, tensors in left.items()}
        part = min(without, key=without.__getitem__)
        if score < without[part]:
            trials += [AblationTrial(one, score, without[one], off=False) for one in left]
            break
        watcher.say(f"{part}: switched off, validation {without[part]:.4f} without and {score:.4f} with it")
        trials.append(AblationTrial(part, score, without[part], off=True))
        score = without[part]
        _silence(left.pop(part))
    equal = _validate_without(fit, list(network.naive_forecast_attention.parameters()))
    trials.append(AblationTrial("attention over naive forecasts (without: equal weights)", score, equal, off=False))
    if network.streaming == "exact":
        with _forgetting(network):
            trials.append(AblationTrial("recurrence in the finest resolution", score, objective.validate(), off=False))
    return trials


def describe_ablation(judge: str, trials: Sequence[Sequence[AblationTrial]]) -> dict[str, Any]:
    """Describe ablation for a manifest.

    Parameters
    ----------
    judge : str
        Metric that decided.
    trials : sequence of sequence of AblationTrial
        Those of each member, or of the only network.

    Returns
    -------
    dict of str to any
        ``judge`` and ``parts``, each with its validation ``with`` and ``without``.
    """
    parts = [
        {
            "part": f"member {number + 1}: {trial.part}" if len(trials) > 1 else trial.part,
            "with": round(trial.with_part, 6),
            "without": round(trial.without, 6),
            "off": trial.off,
        }
        for number, each in enumerate(trials)
        for trial in each
    ]
    return {"judge": judge, "parts": parts}


class _Forgetful(nn.Module):
    """Recurrent layers that begin anew at every patch."""

    def __init__(self, layers: Recurrent) -> None:
        super().__init__()
        self.layers = layers

    def run(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Recurrent.run``; the new state is what the last patch alone left."""
        rows, steps = inputs.shape[:2]
        after = self.step(inputs.flatten(0, 1), state.repeat_interleave(steps, dim=0)).unflatten(0, (rows, steps))
        return after[:, :, -1, 0], after[:, -1]

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """See ``Recurrent.step``."""
        return self.layers.step(inputs, torch.zeros_like(state))


@contextmanager
def _forgetting(network: Forecaster) -> Iterator[None]:
    kept = network.encoder.recurrent
    network.encoder.recurrent = _Forgetful(kept)  # type: ignore[assignment]
    try:
        yield
    finally:
        network.encoder.recurrent = kept


def _validate_without(fit: Fit[PanelForecast], tensors: Sequence[Tensor]) -> float:
    kept = [tensor.clone() for tensor in tensors]
    _silence(tensors)
    score = fit.objective.validate()
    for tensor, old in zip(tensors, kept, strict=True):
        tensor.copy_(old)
    return score


def _silence(tensors: Sequence[Tensor]) -> None:
    for tensor in tensors:
        tensor.zero_()
