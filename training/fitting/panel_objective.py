"""Forecast a panel: forked sequences of its training rows, pinball loss, carried validation."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from statecast import Forecaster, Observations, Prediction
from statecast.state.causal_scaling import Scaling
from statecast.state.transforms import compress, slope
from training.config import TrainingConfig
from training.data.encoding import PanelTensors
from training.data.sequences import Batch, Sequences, SequenceShape
from training.evaluation.backtest import Part, score_network
from training.evaluation.baselines.naive import Task
from training.fitting.choice import choose
from training.fitting.loss_weighting import LossWeighting
from training.fitting.losses import forecast_loss, level_weights
from training.fitting.objectives import LoopSettings, moving_average

_WARM_UP = 0.03  # share of the steps over which the learning rate rises
_WEIGHT = 0.02  # of a new loss in its running mean


class PanelForecast:
    """A forecaster learns from the training rows of a panel and is validated on the rows after them.

    Parameters
    ----------
    network : Forecaster
        The network, whose weights are changed in place.
    tensors : PanelTensors
        All rows of the panel, encoded.
    task : Task
        The panel, its borders, season and horizon. Only rows before the training border are learned from; those up to
        the validation border choose the weights.
    config : TrainingConfig
        One in which nothing is left to be chosen, see ``training.selection.recipes``.
    """

    def __init__(self, network: Forecaster, tensors: PanelTensors, task: Task, config: TrainingConfig) -> None:
        self.network, self.tensors, self.task, self.config = network, tensors, task, config
        shape, dropped = network.config, (config.covariate_dropout, config.calendar_dropout)
        cut = SequenceShape(shape.patch_length, shape.horizon, config.forks, config.warm, *dropped)
        self.sequences = Sequences(tensors, task.split.train, cut)
        self.generator = np.random.default_rng(config.seed)
        self._weighting = LossWeighting.measured(task, config.weighting)
        self._stride = task.split.stride(config.validation_stride, task.horizon)

    @property
    def settings(self) -> LoopSettings:
        """The loop's part of the config; where there is a start, its weights compete too."""
        config = self.config
        return LoopSettings(
            steps=config.steps,
            learning_rate=config.learning_rate,
            validation_every=config.validation_every,
            loss_every=config.validation_every,
            seed=config.seed,
            seconds=config.seconds,
            clip=config.clip,
            averaging=config.averaging,
            patience=config.patience,
            validate_first=bool(config.start),
            device=config.device,
            precision=config.precision,
        )

    def new_optimizer(self) -> torch.optim.Optimizer:
        """AdamW on all weights, see ``Objective.new_optimizer``."""
        config = self.config
        return torch.optim.AdamW(self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)

    def draw(self, step: int, device: torch.device) -> Sequence[tuple[Batch, float]]:  # noqa: ARG002
        """Draw sequences in ``accumulate`` parts, each weighted by the values that it is compared with.

        See ``Objective.draw``.
        """
        drawn = self.sequences.draw(self.config.batch * self.config.accumulate, self.generator)
        return [(part.to(device), part.observed / drawn.observed) for part in drawn.apart(self.config.accumulate)]

    def loss(self, batch: Batch) -> Tensor:
        """Weighted pinball loss of the forecasts at every scored fork of a batch.

        See ``Objective.loss``.
        """
        config = self.network.config
        observations = Observations(batch.target, batch.past, batch.known, batch.mixed_frequency, batch.coarse_history)
        state = self.network.fresh(batch.clock, batch.static)
        forks = batch.target.shape[1] // config.patch_length
        scored = torch.arange(forks - batch.truth.shape[1], forks, device=batch.target.device)
        prediction: Prediction = self.network.fork(observations, state, batch.future, scored)
        truth, unit = batch.truth.flatten(0, 1), config.asinh_unit
        scaled = Scaling(prediction.loc[:, None], prediction.scale[:, None]).apply(compress(truth, unit))
        # A series that has not moved yet has no unit to measure errors in.
        scaled = torch.where(prediction.scale[:, None] > 0, scaled, torch.nan)
        items = batch.items.repeat_interleave(batch.truth.shape[1])
        values = truth + batch.level.repeat_interleave(batch.truth.shape[1])[:, None]
        weights = self._weighting.of(items, values, prediction.scale[:, None] * slope(torch.nan_to_num(truth), unit))
        levels = config.quantile_levels
        counting = level_weights(levels, self.config.median_weight, scaled.device)
        return forecast_loss(prediction.scaled, scaled, levels, counting, weights)

    def schedule(self, step: int, share: float) -> float:  # noqa: ARG002
        """Rise briefly, then fall as a half cosine to a hundredth.

        See ``Objective.schedule``.
        """
        if share < _WARM_UP:
            return 0.1 + 0.9 * share / _WARM_UP
        return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * (share - _WARM_UP) / (1.0 - _WARM_UP)))

    def smooth(self, mean: float | None, loss: float) -> float:
        """Exponential moving average, see ``Objective.smooth``."""
        return moving_average(mean, loss, _WEIGHT)

    def validate(self) -> float:
        """Score the network on the validation rows, with state carried from each item's first row.

        See ``Objective.validate``.
        """
        part = Part(self.task.split.train, self.task.split.val)
        judge = self.config.judge
        accuracy = score_network(self.network, self.tensors, self.task, part, self._stride, names=[judge])
        return accuracy.table()[judge]

    def is_better(self, value: float, lowest: float, averaged: bool) -> bool:
        """Prefer averaged weights: those before them are not annealed yet, and win by chance.

        See ``Objective.is_better``.
        """
        return choose([value, lowest]) == 0 if averaged else value < lowest

    def pack(self) -> dict[str, Any]:
        """Keep the state of the generator that draws sequences, see ``Objective.pack``."""
        return {"generator": self.generator.bit_generator.state}

    def unpack(self, facts: Mapping[str, Any]) -> None:
        """Restore the generator, see ``Objective.unpack``."""
        self.generator.bit_generator.state = facts["generator"]
