"""The training loop, the same for a panel, a family and a text; what differs between them is an ``Objective``."""

import math
import time
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from lightning_fabric import Fabric
from torch.nn.utils import clip_grad_norm_

from training.errors import TrainingError
from training.fitting.checkpoint import keep_run, resume_run
from training.fitting.curves import Curves
from training.fitting.devices import new_fabric
from training.fitting.objectives import LoopSettings, Objective
from training.fitting.weights import RunningMean, Weights, copy_weights, is_finite, put_weights
from training.progress import Silent, Watcher

O = TypeVar("O", bound=Objective[Any])  # noqa: E741


class Fit(Generic[O]):
    """One training of one network, whose weights are changed in place.

    Deterministic in the seed on one machine and number of threads; a resumed fit gives the weights of an uninterrupted
    one.

    Parameters
    ----------
    objective : Objective
        What is learned, and the network that learns it.
    folder : Path, optional
        Where checkpoints go; left out, none are written.

    Attributes
    ----------
    average : RunningMean
        Averaged weights so far.
    best : dict of str to Tensor
        Weights that validation likes best, empty before the first validation.
    curves : Curves
        What happened so far.
    """

    def __init__(self, objective: O, folder: Path | None = None) -> None:
        self.objective, self.folder = objective, folder
        self.average = RunningMean()
        self.best: Weights = {}
        self.curves = Curves()
        self._optimizer = objective.new_optimizer()
        self._started = 0.0

    @property
    def settings(self) -> LoopSettings:
        """How long, how fast and where it trains."""
        return self.objective.settings

    def start_at(self, weights: Weights, validation: float) -> None:
        """Name weights that training must be clearly better than.

        Parameters
        ----------
        weights : dict of str to Tensor
            A copy of them.
        validation : float
            Their validation, lower is better.
        """
        self.best, self.curves.best = weights, validation
        self.curves.validation.append([0, validation])

    def run(self, watcher: Watcher | None = None, resume: bool = False, stop_after: int | None = None) -> Curves:
        """Train to the end, or to step ``stop_after``; leaves the weights that are kept in the network.

        Parameters
        ----------
        watcher : Watcher, optional
            Who follows the progress; left out, nobody.
        resume : bool
            Whether to continue from the checkpoint in ``folder``.
        stop_after : int, optional
            Step to pause at, as if interrupted there; the network keeps its weights as of that step.

        Returns
        -------
        Curves
            What happened.

        Raises
        ------
        TrainingError
            If the loss is not finite before any validation, or there is nothing to resume.
        """
        watcher = watcher or Silent()
        settings, network = self.settings, self.objective.network
        torch.set_flush_denormal(True)
        torch.manual_seed(settings.seed)
        fabric = new_fabric(settings.device, settings.precision)
        optimizer: Any = fabric.setup_optimizers(self._optimizer)
        network.to(fabric.device)
        if resume:
            self._restore()
        elif settings.validate_first and not self.best:
            self.start_at(copy_weights(network), self.objective.validate())
        watcher.begin(settings.steps, self.curves.steps)
        self._started = time.monotonic() - self.curves.seconds
        mean = self.curves.loss[-1][1] if self.curves.loss else None
        last = min(settings.steps, stop_after or settings.steps)
        network.train()
        while self.curves.steps < last and (share := self._share()) < 1.0 and not self._is_stale():
            loss = self._step(fabric, optimizer, share)
            if not math.isfinite(loss):
                self._stop_diverged(loss, watcher)
                break
            optimizer.step()
            self.curves.steps += 1
            mean = self.objective.smooth(mean, loss)
            if share >= 1.0 - settings.averaging:
                self.average.add(network)
            watcher.advance(self.curves.steps, mean)
            if self.curves.steps % settings.loss_every == 0:
                self.curves.loss.append([self.curves.steps, mean])
            if self.curves.steps % settings.validation_every == 0:
                self._validate(mean, watcher)
        if not self.curves.diverged and not (stop_after and stop_after <= self.curves.steps < settings.steps):
            self._finish(mean, watcher)
            self._say_precision(fabric, watcher)
        self.curves.seconds = time.monotonic() - self._started
        network.eval()
        return self.curves

    def _share(self) -> float:
        """How much of the training is over, 0 to 1, by steps or by time, whichever is further."""
        seconds = self.settings.seconds
        by_time = (time.monotonic() - self._started) / seconds if seconds > 0 else 0.0
        return max(self.curves.steps / self.settings.steps, by_time)

    def _is_stale(self) -> bool:
        return 0 < self.settings.patience <= self.curves.stale

    def _step(self, fabric: Fabric, optimizer: Any, share: float) -> float:
        """Compute the gradient of one step, batch by batch, and clip it; gives the loss as that of one batch."""
        settings, network = self.settings, self.objective.network
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * self.objective.schedule(self.curves.steps, share)
        optimizer.zero_grad()
        value = 0.0
        for batch, part in self.objective.draw(self.curves.steps, fabric.device):
            with fabric.autocast():
                loss = self.objective.loss(batch) * part
            fabric.backward(loss)
            value += float(loss.detach())
        clip_grad_norm_(network.parameters(), settings.clip)
        return value

    def _stop_diverged(self, loss: float, watcher: Watcher) -> None:
        """Go back to the best weights so far and report it; without any the fit has failed."""
        step, settings = self.curves.steps + 1, self.settings
        message = (
            f"step {step}: the loss is {loss}; lower learning_rate ({settings.learning_rate}) or clip "
            f"({settings.clip}), or look for extreme values in the data"
        )
        if not self.best:
            raise TrainingError(message)
        self.curves.diverged = step
        watcher.say(f"{message}. Stopped; kept the weights of step {self.curves.best_step}, the best so far.")
        put_weights(self.objective.network, self.best)

    def _validate(self, mean: float, watcher: Watcher) -> None:
        """Validate the weights that would be kept now, the average's once there is one, and write a checkpoint."""
        started, network = time.monotonic(), self.objective.network
        own = copy_weights(network)
        candidate = self.average.mean or own
        if is_finite(candidate):  # otherwise the next loss will show it
            put_weights(network, candidate)
            value = self.objective.validate()
            put_weights(network, own)
            self._compare(value if math.isfinite(value) else mean, candidate, watcher)
        network.train()
        now = time.monotonic()
        self.curves.validation_seconds += now - started
        self.curves.seconds = now - self._started
        if self.folder is not None:
            facts = {"step": self.curves.steps, "curves": vars(self.curves), "objective": self.objective.pack()}
            keep_run(self.folder, network, self._optimizer, self.best, self.average, **facts)

    def _compare(self, value: float, candidate: Weights, watcher: Watcher) -> None:
        curves = self.curves
        better = self.objective.is_better(value, curves.lowest, self.average.mean is not None)
        curves.validation.append([curves.steps, value])
        if better:
            curves.best, curves.best_step, curves.stale = value, curves.steps, 0
            if self.settings.keep_best:
                self.best = {name: weight.clone() for name, weight in candidate.items()}
        else:
            curves.stale += 1
        watcher.validated(value, better)

    def _finish(self, mean: float | None, watcher: Watcher) -> None:
        """Validate the last weights unless that is done, and leave those that are kept in the network."""
        curves, network = self.curves, self.objective.network
        if mean is not None and (not curves.validation or curves.validation[-1][0] != curves.steps):
            if curves.loss[-1:] != [[curves.steps, mean]]:
                curves.loss.append([curves.steps, mean])
            self._validate(mean, watcher)
        if curves.steps and self.settings.keep_best and not self.best:
            raise TrainingError(f"step {curves.steps}: the weights are not finite; lower learning_rate or clip")
        put_weights(network, self.best or self.average.mean or copy_weights(network))

    def _say_precision(self, fabric: Fabric, watcher: Watcher) -> None:
        """What the precision of training would cost where the weights are used, which is in float32."""
        if self.settings.precision != "32-true" and math.isfinite(full := self.objective.validate()):
            with fabric.autocast():
                low = self.objective.validate()
            watcher.say(f"validation {full:.5g} in float32, {low:.5g} in {self.settings.precision}")

    def _restore(self) -> None:
        self.best, self.average, facts = resume_run(self.folder, self.objective.network, self._optimizer)
        self.curves = Curves(**facts["curves"])
        self.objective.unpack(facts["objective"])
