"""Predict the next symbol of a text: windows in, nats per symbol out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from statecast.models.generator import Generator
from training.fitting.objectives import LoopSettings
from training.fitting.schedules import rise_and_fall
from training.text.config import TextTraining
from training.text.corpus import Corpus
from training.text.scores import score_passage
from training.text.windows import Window, Windows

_PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}


class NextSymbol:
    """A generator learns to predict each symbol of a text from those before it.

    With a validation part the weights that predict it best are kept. Without one the last are kept, averaged over the
    last part of training, and the held-out part is shown but chooses nothing.

    Parameters
    ----------
    network : Generator
        The network, whose weights are changed in place.
    corpus : Corpus
        The text as symbols, cut into its parts.
    config : TextTraining
        How it is trained.

    Raises
    ------
    TrainingError
        If the training part is too short for a batch.
    """

    def __init__(self, network: Generator, corpus: Corpus, config: TextTraining) -> None:
        self.network, self.corpus, self.config = network, corpus, config
        self.windows = Windows(corpus.train.tokens, config.windows, config.batch, config.length, config.seed)
        self._chooses = len(corpus.validation.tokens) > 0
        self._epoch: Iterator[Window] | None = None
        self._losses: list[float] = []
        self._hidden = self._fresh()

    @property
    def settings(self) -> LoopSettings:
        """The loop's part of the config, epochs counted in steps."""
        config, epoch = self.config, self.windows.steps
        return LoopSettings(
            steps=config.epochs * epoch,
            learning_rate=config.learning_rate,
            validation_every=config.validate_every * epoch,
            loss_every=epoch,
            seed=config.seed,
            seconds=config.seconds,
            clip=config.clip,
            averaging=config.averaging,
            keep_best=self._chooses,
            device=config.device,
            precision=_PRECISIONS[config.precision],
        )

    def new_optimizer(self) -> torch.optim.Optimizer:
        """Plain gradient descent, or AdamW."""
        config, weights = self.config, self.network.parameters()
        if config.optimizer == "sgd":
            return torch.optim.SGD(weights, lr=config.learning_rate, weight_decay=config.weight_decay)
        return torch.optim.AdamW(weights, lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.99))

    def draw(self, step: int, device: torch.device) -> Sequence[tuple[Window, float]]:
        """Take the next window of the epoch that a step belongs to. See ``Objective.draw``."""
        epoch, place = divmod(step, self.windows.steps)
        if place == 0 or self._epoch is None:
            self._epoch, self._losses = islice(self.windows.epoch(epoch), place, None), []
            self._hidden = self._fresh()
        return [(next(self._epoch).to(device), 1.0)]

    def loss(self, batch: Window) -> Tensor:
        """Mean nats per symbol of a window.

        The hidden vectors after the window are carried on, cut off from its gradients. These are the layers of
        ``Generator.forward``; here the input has a dropout of its own, and what is carried stays a tensor on the device
        instead of a portable row of bytes.

        Parameters
        ----------
        batch : Window
            The window, on the network's device.

        Returns
        -------
        Tensor
            A scalar.
        """
        network = self.network
        hidden = self._fresh() if batch.fresh else self._hidden
        inputs = functional.dropout(network.embed(batch.read), self.config.embedding_dropout)
        outputs, hidden = network.recurrent.run(inputs, hidden)
        logits = network.head(network.dropout(outputs))
        self._hidden = hidden.detach().float()
        return functional.cross_entropy(logits.float().flatten(0, 1), batch.next.flatten())

    def schedule(self, step: int, share: float) -> float:
        """A short rise, then constant or a half cosine down to a fiftieth. See ``Objective.schedule``."""
        constant = self.config.schedule == "constant"
        return rise_and_fall(step, 0.0 if constant else share, self.config.warm_up)

    def smooth(self, mean: float | None, loss: float) -> float:  # noqa: ARG002
        """Mean over the epoch so far. See ``Objective.smooth``."""
        self._losses.append(loss)
        return math.fsum(self._losses) / len(self._losses)

    def validate(self) -> float:
        """Mean nats per symbol of the validation part, or without one of the held-out part; NaN without both."""
        passage = self.corpus.validation if self._chooses else self.corpus.held_out
        return score_passage(self.network, passage).loss if len(passage.tokens) > 1 else math.nan

    def is_better(self, value: float, lowest: float, averaged: bool) -> bool:  # noqa: ARG002
        """Whether it is lower than any before. See ``Objective.is_better``."""
        return value < lowest

    def pack(self) -> dict[str, Any]:
        """Nothing: the windows of an epoch follow from the seed and its number."""
        return {}

    def unpack(self, facts: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Begin a new epoch's windows. See ``Objective.unpack``.

        A fit that is resumed inside an epoch starts from a fresh state.
        """
        self._epoch = None

    def _fresh(self) -> Tensor:
        return self.network.fresh(self.config.batch)["hidden"]
