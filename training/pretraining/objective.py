"""Pretrain a family: it learns from synthetic series, and is validated on held-out kinds of series.

Each step draws a batch of one season, takes the family's member for it and changes the weights that all share. The
learning rate rises briefly, stays, and falls over the last part of the steps, over which weights are averaged: so a
run can be lengthened, or ended early, by resuming it with other ``steps``.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from statecast.config import ForecasterConfig
from statecast.models.family import Family
from statecast.models.forecaster import Forecaster
from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import Observations
from statecast.uncertainty.prediction import Prediction
from training.fitting.losses import forecast_loss, level_weights, pinball
from training.fitting.objectives import LoopSettings, moving_average
from training.fitting.optimizers import adamw
from training.fitting.schedules import rise_stay_fall
from training.pretraining.config import PretrainConfig
from training.pretraining.stream import DrawnSteps, draw_beside
from training.synthetic.batches import SEASONS, Batches, SyntheticBatch

_WARM_UP = 400  # steps
_WEIGHT = 0.005  # of a new loss in its running mean


@dataclass
class DrawingCosts:
    """What drawing series cost, and the last validation."""

    drawing: float = 0.0
    """Seconds that drawing series took."""
    series: int = 0
    """Number of series drawn."""
    by_season: dict[str, float] = field(default_factory=dict)
    """Last validation of each season."""


class FamilyPretraining:
    """A family learns from synthetic series of all seasons.

    Parameters
    ----------
    family : Family
        The family, whose weights are changed in place.
    config : PretrainConfig
        How it is pretrained.

    Attributes
    ----------
    validation_batches : list of SyntheticBatch
        One batch per season, of kinds of series that are held out of training.
    costs : DrawingCosts
        What drawing series cost.
    """

    def __init__(self, family: Family, config: PretrainConfig) -> None:
        self.family, self.config = family, config
        self.batches = Batches(config.values, config.forks)
        self.generator = np.random.default_rng(config.seed)
        self.costs = DrawingCosts()
        self._members: dict[int, Forecaster] = {}
        self._stream: tuple[int, Iterator[SyntheticBatch]] | None = None
        held_out = np.random.default_rng([config.seed, 1])
        self.validation_batches = [
            self.batches.judged(entry, self._shape(entry.season), config.judged, held_out) for entry in SEASONS
        ]

    @property
    def network(self) -> Family:
        """The family itself: all members share its weights."""
        return self.family

    @property
    def settings(self) -> LoopSettings:
        """The loop's part of the config."""
        config = self.config
        return LoopSettings(
            steps=config.steps,
            learning_rate=config.learning_rate,
            validation_every=config.validation_every,
            loss_every=config.validation_every,
            seed=config.seed,
            clip=config.clip,
            averaging=config.falling,
            device=config.device,
            precision=config.precision,
        )

    def new_optimizer(self) -> torch.optim.Optimizer:
        """AdamW, whose weight decay leaves biases alone."""
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return adamw(self.family, learning_rate=rate, weight_decay=decay)

    def draw(self, step: int, device: torch.device) -> Sequence[tuple[SyntheticBatch, float]]:
        """One batch of one season. See ``Objective.draw``."""
        started = time.monotonic()
        if workers := self.config.workers_beside(device.type):
            batch = self._next(step, workers, device)
        else:
            batch = self.batches.draw(self._shape, self.generator)
        batch = batch.to(device)
        self.costs.drawing += time.monotonic() - started
        self.costs.series += len(batch.target)
        return [(batch, 1.0)]

    def loss(self, batch: SyntheticBatch) -> Tensor:
        """Mean loss of all forecasts of a batch.

        It counts half in units of the whole series' deviation, half in units of its change over one season.

        Parameters
        ----------
        batch : SyntheticBatch
            Series of one season, on the family's device.

        Returns
        -------
        Tensor
            A scalar.
        """
        prediction = self.forecast(batch, batch.forks)
        truth = batch.truth.flatten(0, 1)
        scaled = Scaling(prediction.loc[:, None], prediction.scale[:, None]).apply(truth)
        scaled = torch.where(prediction.scale[:, None] > 0, scaled, torch.nan)
        unit = batch.unit.repeat_interleave(batch.truth.shape[1])
        weights = (prediction.scale * (0.5 + 0.5 / unit))[:, None].float().expand(-1, truth.shape[1])
        levels = self.family.config.quantile_levels
        return forecast_loss(prediction.scaled, scaled, levels, level_weights(levels, 1.0, scaled.device), weights)

    def forecast(self, batch: SyntheticBatch, forks: Tensor) -> Prediction:
        """Forecast with the member for a batch's season after some of the patches.

        Parameters
        ----------
        batch : SyntheticBatch
            Series ``[B, T]`` of one season.
        forks : Tensor, shape [N]
            Numbers of the patches after which forecasts are due.

        Returns
        -------
        Prediction
            ``B * N`` forecasts: all forks of the first series, then of the second.
        """
        forecaster, target = self._member(batch.season), batch.target
        clock = torch.full(target.shape[:1], -1, dtype=torch.int64, device=target.device)
        nothing = target.new_zeros((*target.shape, 0))
        future = target.new_zeros((len(target), len(forks), batch.truth.shape[-1], 0))
        state = forecaster.fresh(clock, nothing[:, 0])
        return forecaster.fork(Observations(target, nothing, nothing), state, future, forks)

    def schedule(self, step: int, share: float) -> float:  # noqa: ARG002
        """Rise briefly, stay, and fall linearly to a fiftieth over the last steps. See ``Objective.schedule``."""
        return rise_stay_fall(step, self.config.steps, self.config.falling, _WARM_UP)

    def smooth(self, mean: float | None, loss: float) -> float:
        """Exponential moving average, slow because seasons differ in loss. See ``Objective.smooth``."""
        return moving_average(mean, loss, _WEIGHT)

    def validate(self) -> float:
        """Pinball loss on held-out kinds relative to the seasonal naive forecast, geometric mean over seasons."""
        self.family.eval()
        found = {}
        with torch.no_grad():
            for kept in self.validation_batches:
                batch = kept.to(next(self.family.parameters()).device)
                prediction = self.forecast(batch, batch.forks[-1:])
                truth, season = batch.truth[:, -1].double(), batch.season
                place = torch.arange(truth.shape[1], device=truth.device) % season
                naive = batch.target[:, -season:][:, place].double()
                ours = pinball(truth, prediction.quantiles(), self.family.config.quantile_levels).mean(-1) * 2.0
                known = ~(ours.isnan() | naive.isnan())
                found[str(season)] = float(ours[known].mean() / (truth - naive).abs()[known].mean())
        self.costs.by_season = found
        return math.exp(sum(math.log(value) for value in found.values()) / len(found))

    def is_better(self, value: float, lowest: float, averaged: bool) -> bool:  # noqa: ARG002
        """Whether it is lower than any before: held-out series are many. See ``Objective.is_better``."""
        return value < lowest

    def pack(self) -> dict[str, Any]:
        """Give the state of the generator that draws series, and the costs so far."""
        return {"generator": self.generator.bit_generator.state, "costs": asdict(self.costs)}

    def unpack(self, facts: Mapping[str, Any]) -> None:
        """Restore generator and costs. See ``Objective.unpack``."""
        self.generator.bit_generator.state = facts["generator"]
        self.costs = DrawingCosts(**facts["costs"])

    def _next(self, step: int, workers: int, device: torch.device) -> SyntheticBatch:
        """What was drawn beside the training for a step."""
        if self._stream is None or self._stream[0] != step:
            config = self.config
            batches = Batches(config.values_on_gpu if device.type == "cuda" else config.values, config.forks)
            drawn = DrawnSteps(batches, self.family.config, config.seed)
            self._stream = step, draw_beside(drawn, step, config.steps, workers, device)
        stream = self._stream[1]
        batch = next(stream)
        self._stream = (step + 1, stream) if step + 1 < self.config.steps else None
        return batch

    def _shape(self, season: int) -> ForecasterConfig:
        return self.family.config.of(season)

    def _member(self, season: int) -> Forecaster:
        if season not in self._members:
            self._members[season] = self.family.of(season)
        return self._members[season].train(self.family.training)
