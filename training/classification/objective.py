"""Learn to classify: batches of labelled examples in, cross-entropy or squared error out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from statecast.inputs.tokenizer import UNKNOWN
from statecast.models.classifier import Classifier
from training.classification.batches import Batch, Batches
from training.classification.config import ClassificationTraining
from training.classification.examples import Encoded
from training.classification.predictions import predict_parts
from training.classification.scores import mean_loss
from training.fitting.objectives import LoopSettings, moving_average
from training.fitting.optimizers import adamw
from training.fitting.schedules import rise_and_fall

_SMOOTHING = 0.02


class Classify:
    """A classifier learns the labels of examples.

    Parameters
    ----------
    network : Classifier
        The network, whose weights are changed in place.
    train, validation : Encoded
        What is learned from, and what chooses the weights; the second may be empty.
    config : ClassificationTraining
        How it is trained.
    """

    def __init__(
        self, network: Classifier, train: Encoded, validation: Encoded, config: ClassificationTraining
    ) -> None:
        self.network, self.validation, self.config = network, validation, config
        self.batches = Batches(train, config.batch, config.seed, config.length)
        self._epoch: Iterator[Batch] | None = None
        self._weights = class_weights(train, network.config.outputs, config.class_weights)

    @property
    def steps_per_epoch(self) -> int:
        """Updates of the weights per epoch."""
        return -(-self.batches.steps // self.config.accumulate)

    @property
    def settings(self) -> LoopSettings:
        """The loop's part of the config, epochs counted in steps."""
        config, epoch = self.config, self.steps_per_epoch
        return LoopSettings(
            steps=config.epochs * epoch,
            learning_rate=config.learning_rate,
            validation_every=config.validate_every * epoch,
            loss_every=max(1, epoch // 4),
            seed=config.seed,
            seconds=config.seconds,
            clip=config.clip,
            averaging=config.averaging,
            patience=config.patience,
            keep_best=config.keep_best and len(self.validation) > 0,
            device=config.device,
        )

    def new_optimizer(self) -> torch.optim.Optimizer:
        """AdamW; vectors of symbols decay only where they are read, which is nowhere near every step: so not at all."""
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return adamw(self.network, learning_rate=rate, weight_decay=decay, spared=("embed",))

    def draw(self, step: int, device: torch.device) -> Sequence[tuple[Batch, float]]:
        """Take the next batches of the epoch that a step belongs to. See ``Objective.draw``."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if place == 0 or self._epoch is None:
            self._epoch = islice(self.batches.epoch(epoch), place * self.config.accumulate, None)
        some = list(islice(self._epoch, self.config.accumulate))
        count = sum(len(batch.targets) for batch in some)
        return [(batch.to(device), len(batch.targets) / count) for batch in some]

    def loss(self, batch: Batch) -> Tensor:
        """Mean loss of a batch, see ``Objective.loss``; some of what is read is hidden or blurred, as the config says.

        Parameters
        ----------
        batch : Batch
            On the network's device.

        Returns
        -------
        Tensor
            A scalar.
        """
        network = self.network
        outputs = network.recur(self._hide(batch.inputs), batch.lengths)
        if not network.config.labels:
            wanted = ((batch.targets - network.location) / network.scale).float()
            return functional.smooth_l1_loss(outputs[:, 0], wanted)
        weights = None if self._weights is None else self._weights.to(outputs.device)
        return functional.cross_entropy(
            outputs, batch.targets, weight=weights, label_smoothing=self.config.label_smoothing
        )

    def _hide(self, inputs: Tensor) -> Tensor:
        config, network = self.config, self.network
        if network.tokenizer is not None:
            if not config.symbol_dropout:
                return inputs
            hidden = torch.rand(inputs.shape, device=inputs.device) < config.symbol_dropout
            return torch.where(hidden & (inputs > 0), torch.full_like(inputs, UNKNOWN), inputs)
        if config.value_noise:
            inputs = inputs + config.value_noise * network.channel_scale * torch.randn_like(inputs)
        if config.value_dropout:
            inputs = inputs.masked_fill(torch.rand_like(inputs) < config.value_dropout, torch.nan)
        return inputs

    def schedule(self, step: int, share: float) -> float:
        """A short rise, then a half cosine down to a fiftieth. See ``Objective.schedule``."""
        return rise_and_fall(step, share, self.config.warm_up)

    def smooth(self, mean: float | None, loss: float) -> float:
        """Exponential moving average. See ``Objective.smooth``."""
        return moving_average(mean, loss, _SMOOTHING)

    def validate(self) -> float:
        """Mean loss of what the recurrent layers say of the validation part; NaN without one."""
        if not len(self.validation):
            return math.nan
        outputs, _ = predict_parts(self.network, self.validation)
        return mean_loss(self.network, outputs, self.validation.targets)

    def is_better(self, value: float, lowest: float, averaged: bool) -> bool:  # noqa: ARG002
        """Whether it is lower than any before. See ``Objective.is_better``."""
        return value < lowest

    def pack(self) -> dict[str, Any]:
        """Nothing: the batches of an epoch follow from the seed and its number."""
        return {}

    def unpack(self, facts: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Begin the batches of the epoch anew. See ``Objective.unpack``."""
        self._epoch = None


def class_weights(train: Encoded, classes: int, kind: str) -> Tensor | None:
    """Weigh classes so that each counts the same.

    Parameters
    ----------
    train : Encoded
        Examples with places of labels.
    classes : int
        How many there are, K.
    kind : str
        ``none`` or ``balanced``.

    Returns
    -------
    Tensor or None
        ``[K]`` float32 with mean 1 over the examples, None for ``none`` or for numbers.
    """
    if kind == "none" or classes < 2:
        return None
    counts = np.bincount(train.targets, minlength=classes)
    weights = len(train) / (classes * np.maximum(counts, 1))
    return torch.from_numpy(weights.astype(np.float32))
