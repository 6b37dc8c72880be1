"""The plain loop: forked sequences in, averaged weights out, or those that validation finds clearly better."""

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from statecast import Forecaster, Observations, Prediction
from statecast.state.causal_scaling import Scaling
from statecast.state.transforms import compress, slope
from training.config import TrainingConfig
from training.data.encoding import PanelTensors
from training.data.sequences import Batch, Sequences, SequenceShape
from training.errors import TrainingError
from training.evaluation.backtest import Part, score_network
from training.evaluation.baselines.naive import Task
from training.fitting.checkpoint import keep_run, resume_run
from training.fitting.choice import choose
from training.fitting.loss_weighting import LossWeighting
from training.fitting.objectives import forecast_loss, level_weights
from training.fitting.weights import RunningMean, Weights, copy_weights, put_weights
from training.progress import Silent, Watcher

_WARM_UP = 0.03  # share of the steps over which the learning rate rises


@dataclass
class Curves:
    """What happened: ``[step, loss]`` and ``[step, validation]`` pairs, and where the weights came from.

    best: validation of the weights that are kept, of step ``best_step``, 0 for those it started at.
    diverged: the step whose loss was no number, 0 for none.
    """

    loss: list[list[float]] = field(default_factory=list)
    validation: list[list[float]] = field(default_factory=list)
    best_step: int = 0
    best: float = math.inf
    stale: int = 0
    diverged: int = 0
    steps: int = 0
    seconds: float = 0.0


class Fit:
    """One training of one network.

    Parameters
    ----------
    network : the network, whose weights are changed in place.
    tensors : all rows; only those before the task's training border are learned from, those up to its validation
        border judge.
    config : in which nothing is left to be chosen, see ``training.selection.recipes``.
    folder : where checkpoints go; None for none.
    """

    def __init__(
        self, network: Forecaster, tensors: PanelTensors, task: Task, config: TrainingConfig, folder: Path | None = None
    ) -> None:
        self.network, self.tensors, self.task, self.config, self.folder = network, tensors, task, config, folder
        shape, dropped = network.config, (config.covariate_dropout, config.calendar_dropout)
        plan = SequenceShape(shape.patch_length, shape.horizon, config.forks, config.warm, *dropped)
        self.sequences = Sequences(tensors, task.split.train, plan)
        self.generator = np.random.default_rng(config.seed)
        self.average = RunningMean()
        self.best: Weights = copy_weights(network)
        self.curves = Curves()
        self._emphasis = LossWeighting.measured(task, config.weighting)
        self._weights = level_weights(network.config.quantile_levels, config.median_weight)
        self._optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._stride = task.split.stride(config.validation_stride, task.horizon)

    def start_at(self, weights: Weights, validation: float) -> None:
        """Weights, and what validation said of them, that training must not be clearly worse than."""
        self.best, self.curves.best = weights, validation
        self.curves.validation.append([0, validation])

    def run(self, watcher: Watcher | None = None, resume: bool = False, stop_after: int | None = None) -> Curves:
        """Train to the end, or to step ``stop_after``; leaves the best weights in the network.

        Raises
        ------
        TrainingError
            If the loss is not finite, or there is nothing to resume.
        """
        watcher = watcher or Silent()
        torch.set_flush_denormal(True)
        torch.manual_seed(self.config.seed)
        fabric = new_fabric(self.config.device)
        network, optimizer = fabric.setup(self.network, self._optimizer)
        network.mark_forward_method("fork")
        if resume:
            self._restore()
        elif self.config.start and math.isinf(self.curves.best):
            self.start_at(copy_weights(self.network), self.validate())
        watcher.begin(self.config.steps, self.curves.steps)
        begun = time.monotonic() - self.curves.seconds
        smooth = self.curves.loss[-1][1] if self.curves.loss else None
        while self.curves.steps < min(self.config.steps, stop_after or self.config.steps):
            share = self._share(time.monotonic() - begun)
            if share >= 1.0 or self.curves.stale >= self.config.patience:
                break
            self.network.train()
            for group in optimizer.param_groups:
                group["lr"] = self.config.learning_rate * _schedule(share)
            optimizer.zero_grad()
            value = self._backward(fabric, network)
            fabric.clip_gradients(network, optimizer, max_norm=self.config.clip, error_if_nonfinite=False)
            if not math.isfinite(value):
                self._diverged(value, watcher)
                break
            optimizer.step()
            self.curves.steps += 1
            smooth = value if smooth is None else 0.98 * smooth + 0.02 * value
            if share >= 1.0 - self.config.averaging:
                self.average.add(self.network)
            watcher.advance(self.curves.steps, smooth)
            if self.curves.steps % self.config.validation_every == 0:
                self.curves.seconds = time.monotonic() - begun
                self._validate(smooth, watcher)
                self._checkpoint()
        self.curves.seconds = time.monotonic() - begun
        ended = stop_after is None or self.curves.steps < stop_after
        if ended:
            if self.curves.steps % self.config.validation_every and not self.curves.diverged:
                self._validate(smooth or math.nan, watcher)
            put_weights(self.network, self.best)
        self.network.eval()
        return self.curves

    def _backward(self, fabric: Fabric, network: Any) -> float:
        """Draw a step's sequences, and pass them batch by batch; gives the loss, as if they had gone at once."""
        drawn = self.sequences.draw(self.config.batch * self.config.accumulate, self.generator)
        value = 0.0
        for batch in drawn.apart(self.config.accumulate):
            loss = self._loss(network, batch.to(fabric.device)) * (batch.observed / drawn.observed)
            fabric.backward(loss)
            value += float(loss.detach())
        return value

    def _diverged(self, loss: float, watcher: Watcher) -> None:
        """Leave it at the best weights so far, and say so; without any there is nothing to leave it at."""
        step = self.curves.steps + 1
        told = (
            f"step {step}: the loss is {loss}; lower learning_rate ({self.config.learning_rate}) or look for extremes"
        )
        if math.isinf(self.curves.best):
            raise TrainingError(told)
        self.curves.diverged = step
        watcher.say(f"{told}. Stopped with the weights of step {self.curves.best_step}, the best by then.")

    def _share(self, elapsed: float) -> float:
        """How much of the training is over, by steps or by time, whichever is further."""
        by_time = elapsed / self.config.seconds if self.config.seconds > 0 else 0.0
        return max(self.curves.steps / self.config.steps, by_time)

    def _loss(self, network: Any, batch: Batch) -> Tensor:
        observations = Observations(batch.target, batch.past, batch.known, batch.given, batch.earlier)
        state = self.network.fresh(batch.clock, batch.static)
        forks = batch.target.shape[1] // self.network.config.patch_length
        scored = torch.arange(forks - batch.truth.shape[1], forks, device=batch.target.device)
        prediction: Prediction = network.fork(observations, state, batch.future, scored)
        truth = batch.truth.flatten(0, 1)
        unit = self.network.config.asinh_unit
        scaled = Scaling(prediction.loc[:, None], prediction.scale[:, None]).apply(compress(truth, unit))
        # A series that has not moved yet has no unit to measure errors in.
        scaled = torch.where(prediction.scale[:, None] > 0, scaled, torch.nan)
        items = batch.items.repeat_interleave(batch.truth.shape[1])
        emphasis = self._emphasis.of(items, truth, prediction.scale[:, None] * slope(torch.nan_to_num(truth), unit))
        levels = self.network.config.quantile_levels
        return forecast_loss(prediction.scaled, scaled, levels, self._weights, emphasis)

    def _validate(self, loss: float, watcher: Watcher) -> None:
        """Judge the weights that would be kept now: the average's, once there is one."""
        own = copy_weights(self.network)
        candidate = self.average.mean or own
        if not all(bool(weight.isfinite().all()) for weight in candidate.values()):
            return  # the next loss will say so
        put_weights(self.network, candidate)
        value = self.validate()
        if not math.isfinite(value):
            value = loss  # nothing to validate on: series too short, or nothing observed there
        put_weights(self.network, own)
        lowest = min((earlier for _, earlier in self.curves.validation), default=math.inf)
        self.curves.loss.append([self.curves.steps, loss])
        self.curves.validation.append([self.curves.steps, value])
        # Averaged weights are the likelier ones: those before them are not annealed yet, and win by chance.
        better = value < lowest if self.average.mean is None else choose([value, lowest]) == 0
        if better:
            self.curves.best, self.curves.best_step, self.curves.stale = value, self.curves.steps, 0
            self.best = {name: weight.clone() for name, weight in candidate.items()}
        else:
            self.curves.stale += 1
        watcher.validated(value, better)

    def validate(self) -> float:
        """Score the network on the validation rows, with state carried from each item's first row."""
        part = Part(self.task.split.train, self.task.split.val)
        judge = self.config.judge
        accuracy = score_network(self.network, self.tensors, self.task, part, self._stride, names=(judge,))
        return accuracy.table()[judge]

    def _checkpoint(self) -> None:
        if self.folder is not None:
            numpy = self.generator.bit_generator.state
            facts = {"step": self.curves.steps, "curves": vars(self.curves), "numpy": numpy}
            keep_run(self.folder, self.network, self._optimizer, self.best, self.average, **facts)

    def _restore(self) -> None:
        self.best, self.average, facts = resume_run(self.folder, self.network, self._optimizer)
        self.generator.bit_generator.state = facts["numpy"]
        self.curves = Curves(**facts["curves"])


def new_fabric(device: str, precision: Any = "32-true") -> Fabric:
    """Choose the device that a fit runs on; ``precision`` as Fabric names it.

    Raises
    ------
    TrainingError
        If CUDA is asked for where there is none.
    """
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise TrainingError("device: expected a CUDA device, found none; say cpu or auto")
    return Fabric(accelerator="cuda" if there and device != "cpu" else "cpu", devices=1, precision=precision)


def _schedule(share: float) -> float:
    """Rise briefly, then fall as a half cosine to a hundredth."""
    if share < _WARM_UP:
        return 0.1 + 0.9 * share / _WARM_UP
    return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * (share - _WARM_UP) / (1.0 - _WARM_UP)))
