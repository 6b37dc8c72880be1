"""Pretraining: a family of forecasters learns from series that never were, and is judged by kinds it never learned.

Each step draws a batch of one season, takes the family's member for it and changes the weights that all share. The
learning rate rises briefly, stands, and falls over the last part of the steps, over which weights are averaged: so a
run can be lengthened, or ended early, by going on with other ``steps``. The weights kept are those that the held-apart
kinds like best. Deterministic in the seed on one machine and number of threads; a resumed run draws on where it was.
"""

import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from statecast.config import ForecasterConfig
from statecast.models.family import Family
from statecast.models.forecaster import Forecaster
from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import Observations
from statecast.uncertainty.prediction import Prediction
from training.errors import TrainingError
from training.fitting.checkpoint import keep_run, resume_run
from training.fitting.loop import Curves, new_fabric
from training.fitting.objectives import forecast_loss, level_weights, pinball
from training.fitting.weights import RunningMean, Weights, copy_weights, put_weights
from training.pretraining.config import PretrainConfig
from training.progress import Silent, Watcher
from training.synthetic.batches import SEASONS, Batches, SyntheticBatch

_WARM_UP = 400  # steps


@dataclass
class Spent:
    """Seconds that went into drawing series, how many series there were, and the last validation by season."""

    drawing: float = 0.0
    series: int = 0
    by_season: dict[str, float] = field(default_factory=dict)


class Pretraining:
    """One pretraining of one family, whose weights are changed in place.

    judged: batches of kinds held apart, one a season.  spent: what it took.
    """

    def __init__(self, family: Family, config: PretrainConfig, folder: Path | None = None) -> None:
        self.family, self.config, self.folder = family, config, folder
        self.batches = Batches(config.values, config.forks)
        self.generator = np.random.default_rng(config.seed)
        self.average = RunningMean()
        self.best: Weights = copy_weights(family)
        self.curves, self.spent = Curves(), Spent()
        self._members: dict[int, Forecaster] = {}
        self._weights = level_weights(family.config.quantile_levels, 1.0)
        groups: list[dict[str, Any]] = [
            {"params": [weight for weight in family.parameters() if weight.dim() > 1]},
            # Biases are not pulled to zero.
            {"params": [weight for weight in family.parameters() if weight.dim() <= 1], "weight_decay": 0.0},
        ]
        self._optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
        apart = np.random.default_rng([config.seed, 1])
        self.judged = [self.batches.judged(entry, self._shape(entry.season), config.judged, apart) for entry in SEASONS]

    def run(self, watcher: Watcher | None = None, resume: bool = False, stop_after: int | None = None) -> Curves:
        """Train to the end, or to step ``stop_after``; leaves the best weights in the family.

        Raises
        ------
        TrainingError
            If the loss is not finite, or there is nothing to resume.
        """
        watcher = watcher or Silent()
        torch.set_flush_denormal(True)
        torch.manual_seed(self.config.seed)
        if self.config.threads:
            torch.set_num_threads(self.config.threads)
        fabric = new_fabric(self.config.device, self.config.precision)
        optimizer = fabric.setup_optimizers(self._optimizer)
        self.family.to(fabric.device)
        if resume:
            self._restore()
        watcher.begin(self.config.steps, self.curves.steps)
        begun = time.monotonic() - self.curves.seconds
        smooth = self.curves.loss[-1][1] if self.curves.loss else None
        last = min(self.config.steps, stop_after or self.config.steps)
        while self.curves.steps < last:
            loss = self._step(fabric, optimizer)
            self.curves.steps += 1
            smooth = loss if smooth is None else 0.995 * smooth + 0.005 * loss
            watcher.advance(self.curves.steps, smooth)
            if self.curves.steps % self.config.validation_every == 0 or self.curves.steps == self.config.steps:
                self.curves.seconds = time.monotonic() - begun
                self._validate(smooth, watcher)
                self._checkpoint()
        self.curves.seconds = time.monotonic() - begun
        if self.curves.steps >= self.config.steps:
            put_weights(self.family, self.best)
        self.family.eval()
        return self.curves

    def validate(self) -> float:
        """Geometric mean over seasons of the pinball loss on kinds held apart, the seasonal naive's being 1."""
        self.family.eval()
        found = {}
        with torch.no_grad():
            for kept in self.judged:
                batch = kept.to(self._device)
                prediction = self.forecast(batch, batch.forks[-1:])
                truth, season = batch.truth[:, -1].double(), batch.season
                naive = batch.target[:, -season:][:, torch.arange(truth.shape[1]) % season].double()
                ours = pinball(truth, prediction.quantiles(), self.family.config.quantile_levels).mean(-1) * 2.0
                known = ~(ours.isnan() | naive.isnan())
                found[str(season)] = float(ours[known].mean() / (truth - naive).abs()[known].mean())
        self.spent.by_season = found
        return math.exp(sum(math.log(value) for value in found.values()) / len(found))

    @property
    def _device(self) -> torch.device:
        return next(self.family.parameters()).device

    def _shape(self, season: int) -> ForecasterConfig:
        return self.family.config.of(season)

    def _member(self, season: int) -> Forecaster:
        if season not in self._members:
            self._members[season] = self.family.of(season)
        return self._members[season].train(self.family.training)

    def forecast(self, batch: SyntheticBatch, forks: Tensor) -> Prediction:
        """What the member for its season forecasts after some of a batch's patches, row by row."""
        forecaster, target = self._member(batch.season), batch.target
        clock = torch.full(target.shape[:1], -1, dtype=torch.int64, device=target.device)
        nothing = target.new_zeros((*target.shape, 0))
        future = target.new_zeros((len(target), len(forks), batch.truth.shape[-1], 0))
        state = forecaster.fresh(clock, nothing[:, 0])
        return forecaster.fork(Observations(target, nothing, nothing), state, future, forks)

    def _step(self, fabric: Fabric, optimizer: Any) -> float:
        self.family.train()
        for group in optimizer.param_groups:
            group["lr"] = self.config.learning_rate * self._schedule()
        began = time.monotonic()
        batch = self.batches.draw(self._shape, self.generator).to(fabric.device)
        self.spent.drawing += time.monotonic() - began
        self.spent.series += len(batch.target)
        with fabric.autocast():
            loss = self._loss(batch)
        optimizer.zero_grad()
        fabric.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.family.parameters(), self.config.clip)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"step {self.curves.steps + 1}: the loss is {value}; lower learning_rate ({self.config.learning_rate})"
            )
        optimizer.step()
        if self.curves.steps >= self.config.steps * (1.0 - self.config.falling):
            self.average.add(self.family)
        return value

    def _loss(self, batch: SyntheticBatch) -> Tensor:
        """Half in units of the whole series' deviation, half in units of its change over one season."""
        prediction = self.forecast(batch, batch.forks)
        truth = batch.truth.flatten(0, 1)
        scaled = Scaling(prediction.loc[:, None], prediction.scale[:, None]).apply(truth)
        scaled = torch.where(prediction.scale[:, None] > 0, scaled, torch.nan)
        unit = batch.unit.repeat_interleave(batch.truth.shape[1])
        emphasis = (prediction.scale * (0.5 + 0.5 / unit))[:, None].float().expand(-1, truth.shape[1])
        return forecast_loss(prediction.scaled, scaled, self.family.config.quantile_levels, self._weights, emphasis)

    def _schedule(self) -> float:
        step, fall = self.curves.steps, self.config.steps * self.config.falling
        left = (self.config.steps - step) / max(fall, 1.0)
        return min(step / _WARM_UP + 0.02, 1.0) * (min(left, 1.0) * 0.98 + 0.02)

    def _validate(self, loss: float, watcher: Watcher) -> None:
        """Judge the weights that would be kept now: the average's, once there is one."""
        own = copy_weights(self.family)
        candidate = self.average.mean or own
        put_weights(self.family, candidate)
        value = self.validate()
        put_weights(self.family, own)
        self.curves.loss.append([self.curves.steps, loss])
        self.curves.validation.append([self.curves.steps, value])
        better = value < self.curves.best
        if better:
            self.curves.best, self.curves.best_step = value, self.curves.steps
            self.best = {name: weight.clone() for name, weight in candidate.items()}
        watcher.validated(value, better)

    def _checkpoint(self) -> None:
        if self.folder is not None:
            numpy, spent = self.generator.bit_generator.state, asdict(self.spent)
            facts = {"step": self.curves.steps, "curves": vars(self.curves), "numpy": numpy, "spent": spent}
            keep_run(self.folder, self.family, self._optimizer, self.best, self.average, **facts)

    def _restore(self) -> None:
        self.best, self.average, facts = resume_run(self.folder, self.family, self._optimizer)
        self.generator.bit_generator.state = facts["numpy"]
        self.curves, self.spent = Curves(**facts["curves"]), Spent(**facts["spent"])
