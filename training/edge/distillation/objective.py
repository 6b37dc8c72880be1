"""What a student lowers: its distance from the teacher's quantiles, and a little of its own pinball loss."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from statecast.state.causal_scaling import Scaling
from statecast.uncertainty.prediction import Prediction
from training.edge.distillation.config import DistillConfig
from training.edge.distillation.series import Lessons
from training.edge.distillation.teacher import observe, teach
from training.fitting.losses import forecast_loss, level_weights, pinball
from training.fitting.objectives import LoopSettings, moving_average
from training.fitting.optimizers import adamw
from training.fitting.schedules import rise_stay_fall
from training.synthetic.batches import SyntheticBatch

_WARM_UP = 200  # steps
_WEIGHT = 0.01  # of a new loss in its running mean
_LEAST = 0.03  # change over a season, in deviations of a series, below which no series counts more


class Distillation:
    """A small forecaster learns to forecast as a larger one does.

    Validation is the distance from the teacher's quantiles on series that neither learns from here, the teacher's own
    pinball loss there being 1. What came is too noisy to choose by: of weights whose losses are equal there, those that
    keep nearer to the teacher were twice as near to its MASE on M4 Hourly.

    Parameters
    ----------
    student : Forecaster
        Whose weights are changed in place.
    teacher : SeriesNetwork
        In evaluation mode, of the same horizon and levels.
    lessons : Lessons
        Where series come from.
    config : DistillConfig
        How it is distilled.

    Attributes
    ----------
    found : dict of str to float
        Pinball loss over the teacher's at the last validation, by kind of series.
    """

    def __init__(self, student: Forecaster, teacher: SeriesNetwork, lessons: Lessons, config: DistillConfig) -> None:
        self.student, self.teacher, self.lessons, self.config = student, teacher, lessons, config
        self.generator = np.random.default_rng(config.seed)
        self.found: dict[str, float] = {}
        self._validation = lessons.validation(config.validation_rows, config.seed)
        self._reference: dict[str, tuple[Tensor, float]] = {}

    @property
    def network(self) -> Forecaster:
        """The student."""
        return self.student

    @property
    def settings(self) -> LoopSettings:
        """The loop's part of the config."""
        config = self.config
        return LoopSettings(
            steps=config.steps,
            learning_rate=config.learning_rate,
            validation_every=config.validation_every,
            loss_every=max(config.validation_every // 5, 1),
            seed=config.seed,
            averaging=config.falling,
            device=config.device,
        )

    def new_optimizer(self) -> torch.optim.Optimizer:
        """AdamW, whose weight decay leaves biases alone."""
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return adamw(self.student, learning_rate=rate, weight_decay=decay)

    def draw(self, step: int, device: torch.device) -> Sequence[tuple[SyntheticBatch, float]]:  # noqa: ARG002
        """One batch of one kind. See ``Objective.draw``."""
        return [(self.lessons.draw(self.generator).to(device), 1.0)]

    def loss(self, batch: SyntheticBatch) -> Tensor:
        """Mean absolute distance from the teacher's quantiles, and the pinball loss of what came.

        Parameters
        ----------
        batch : SyntheticBatch
            Series of the student's season.

        Returns
        -------
        Tensor
            A scalar, in units that make series comparable.
        """
        prediction, taught = self._forecast(batch, batch.forks), self._taught(batch, batch.forks)
        scale = prediction.scale
        inverse = Scaling(prediction.loc, scale).inverse
        wanted = ((taught - prediction.loc[:, None, None]) * inverse[:, None, None]).float()
        unit = _changes(batch).repeat_interleave(batch.truth.shape[1])
        weights = torch.where(scale > 0, scale * (0.5 + 0.5 / unit), 0.0).float().nan_to_num()[:, None]
        distance = ((prediction.raw - wanted.nan_to_num()).abs().mean(-1) * weights).mean()
        truth = Scaling(prediction.loc[:, None], scale[:, None]).apply(batch.truth.flatten(0, 1))
        truth = torch.where(scale[:, None] > 0, truth, torch.nan)
        levels = self.student.config.quantile_levels
        came = forecast_loss(
            prediction.raw, truth, levels, level_weights(levels, 1.0, truth.device), weights.expand_as(truth)
        )
        return (1.0 - self.config.truth) * distance + self.config.truth * came

    def schedule(self, step: int, share: float) -> float:  # noqa: ARG002
        """Rise briefly, stay, and fall linearly to a fiftieth over the last steps. See ``Objective.schedule``."""
        return rise_stay_fall(step, self.config.steps, self.config.falling, _WARM_UP)

    def smooth(self, mean: float | None, loss: float) -> float:
        """Exponential moving average. See ``Objective.smooth``."""
        return moving_average(mean, loss, _WEIGHT)

    def validate(self) -> float:
        """Distance from the teacher's quantiles over its pinball loss, the mean of the kinds of series."""
        self.student.eval()
        apart = []
        with torch.no_grad():
            for name, kept in self._validation.items():
                batch = kept.to(next(self.student.parameters()).device)
                if name not in self._reference:
                    quantiles = self._taught(batch, batch.forks[-3:])
                    self._reference[name] = quantiles, self._miss(batch, quantiles)
                taught, miss = self._reference[name]
                ours = self._forecast(batch, batch.forks[-3:]).raw_quantiles()
                self.found[name] = self._miss(batch, ours) / miss
                apart.append(_mean_by_series(batch, (ours - taught).abs().mean(-1)) / miss)
        return float(np.mean(apart))

    def is_better(self, value: float, lowest: float, averaged: bool) -> bool:  # noqa: ARG002
        """Whether it is lower than any before. See ``Objective.is_better``."""
        return value < lowest

    def pack(self) -> dict[str, Any]:
        """Give the state of the generator that draws series."""
        return {"generator": self.generator.bit_generator.state}

    def unpack(self, facts: Mapping[str, Any]) -> None:
        """Restore the generator. See ``Objective.unpack``."""
        self.generator.bit_generator.state = facts["generator"]

    def _forecast(self, batch: SyntheticBatch, forks: Tensor) -> Prediction:
        observations, state = observe(self.student, batch.target)
        shape = (len(batch.target), len(forks), self.student.config.horizon, 0)
        return self.student.fork(observations, state, batch.target.new_zeros(shape), forks)

    def _taught(self, batch: SyntheticBatch, forks: Tensor) -> Tensor:
        self.teacher.to(batch.target.device)
        return teach(self.teacher, batch.target, forks, self.student.config.patch_length)

    def _miss(self, batch: SyntheticBatch, quantiles: Tensor) -> float:
        """Pinball loss of the last forks' forecasts in units of each series' own change over a season."""
        truth = batch.truth[:, -3:].flatten(0, 1).double()
        return _mean_by_series(batch, pinball(truth, quantiles, self.student.config.quantile_levels).mean(-1))


def _mean_by_series(batch: SyntheticBatch, values: Tensor) -> float:
    """Mean of what belongs to forecasts ``[M, F]``, in units of each series' own change over a season."""
    values = values / _changes(batch).repeat_interleave(len(values) // len(batch.target))[:, None]
    return float(values[~values.isnan()].mean())


def _changes(batch: SyntheticBatch) -> Tensor:
    """Mean absolute change of each series over a season, ``[B]``.

    In units of it a series that hardly changes counts as much as others: how its teacher tells one day from the next is
    known exactly, unlike what comes, so that nothing is noise.
    """
    season = batch.season
    if batch.target.shape[1] <= season:
        return batch.unit
    change = (batch.target[:, season:] - batch.target[:, :-season]).abs().nanmean(1).double()
    return torch.where(change.isnan(), batch.unit, change).clamp_min(_LEAST)
