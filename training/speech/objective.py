"""Write down what strings of words say: strings in, nats per symbol by CTC out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from statecast.ctc.symbols import BLANK
from statecast.models.transcriber import Transcriber
from training.fitting.objectives import LoopSettings, moving_average
from training.fitting.schedules import rise_and_fall
from training.speech.batches import SpeechBatch, SpeechBatches, collate
from training.speech.config import SpeechFitConfig
from training.speech.masks import disguise
from training.speech.strings import SpokenString

_SMOOTHING = 0.02
_FEATURE_BATCHES = 4  # from which mean and scale of the features are found
_FLATTEST = 0.1  # standard deviation that a band has at least


class SpokenWords:
    """A transcriber learns to write down strings of words.

    With strings for validation the weights that write them best are kept, else the last ones, averaged.

    Parameters
    ----------
    network : Transcriber
        The network, whose weights are changed in place.
    batches : SpeechBatches
        Strings to learn from.
    validation : sequence of SpokenString
        Strings to choose weights by; may be none.
    config : SpeechFitConfig
        How it is trained.
    """

    def __init__(
        self,
        network: Transcriber,
        batches: SpeechBatches,
        validation: Sequence[SpokenString],
        config: SpeechFitConfig,
    ) -> None:
        self.network, self.batches, self.config = network, batches, config
        size, ordered = config.training.batch, sorted(validation, key=len)
        self._validation = [
            collate(ordered[start : start + size], batches.labels) for start in range(0, len(ordered), size)
        ]

    @property
    def settings(self) -> LoopSettings:
        """The loop's part of the config."""
        config = self.config.training
        return LoopSettings(
            steps=config.steps,
            learning_rate=config.learning_rate,
            validation_every=config.validate_every,
            loss_every=min(25, config.validate_every),
            seed=config.seed,
            seconds=config.seconds,
            clip=config.clip,
            averaging=config.averaging,
            keep_best=bool(self._validation),
            device=config.device,
        )

    def scale_features(self) -> None:
        """Find mean and standard deviation of each band on the first batches, before training."""
        with torch.no_grad():
            sound, rate = self.network.sound, self.network.config.sample_rate
            found = []
            for step in range(_FEATURE_BATCHES):
                batch = self.batches.batch(step)
                features = sound.features_of(rate)(batch.samples)
                ends = torch.div(batch.lengths, sound.features_of(rate).hop, rounding_mode="floor")
                inside = torch.arange(features.shape[1]) < ends[:, None]
                found.append(features[inside])
            whole = torch.cat(found).double()
            sound.mean.copy_(whole.mean(dim=0))
            sound.scale.copy_(whole.std(dim=0).clamp(min=_FLATTEST))

    def new_optimizer(self) -> torch.optim.Optimizer:
        """AdamW."""
        config = self.config.training
        weights = self.network.parameters()
        return torch.optim.AdamW(weights, lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98))

    def draw(self, step: int, device: torch.device) -> Sequence[tuple[SpeechBatch, float]]:
        """Draw the batch of a step. See ``Objective.draw``."""
        return [(self.batches.batch(step).to(device), 1.0)]

    def loss(self, batch: SpeechBatch) -> Tensor:
        """Mean nats per symbol of a batch whose features are disguised, but for the first steps.

        Parameters
        ----------
        batch : SpeechBatch
            The strings, on the network's device.

        Returns
        -------
        Tensor
            A scalar.
        """
        return self._nats(batch, disguised=batch.seed[1] >= self.config.training.easy_until)

    def schedule(self, step: int, share: float) -> float:
        """A short rise, then a half cosine down to a fiftieth. See ``Objective.schedule``."""
        return rise_and_fall(step, share, self.config.training.warm_up)

    def smooth(self, mean: float | None, loss: float) -> float:
        """Exponential moving average. See ``Objective.smooth``."""
        return moving_average(mean, loss, _SMOOTHING)

    def validate(self) -> float:
        """Mean nats per symbol of the strings for validation, NaN without any."""
        if not self._validation:
            return math.nan
        self.network.eval()
        device = self.network.head.weight.device
        with torch.no_grad():
            found = [
                float(self._nats(batch.to(device), disguised=False)) * len(batch.lengths) for batch in self._validation
            ]
        return math.fsum(found) / sum(len(batch.lengths) for batch in self._validation)

    def is_better(self, value: float, lowest: float, averaged: bool) -> bool:  # noqa: ARG002
        """Whether it is lower than any before. See ``Objective.is_better``."""
        return value < lowest

    def pack(self) -> dict[str, Any]:
        """Nothing: a batch follows from the seed and its step."""
        return {}

    def unpack(self, facts: Mapping[str, Any]) -> None:
        """Nothing to restore. See ``Objective.unpack``."""

    def _nats(self, batch: SpeechBatch, disguised: bool) -> Tensor:
        network = self.network
        with torch.no_grad():
            features, steps = network.sound.whole(batch.samples, batch.lengths, network.config.sample_rate)
            if disguised:
                features = disguise(features, batch.seed, self.config.augmentation)
        emitted = network.emit(features, steps).transpose(0, 1)
        return functional.ctc_loss(emitted, batch.targets, steps, batch.target_lengths, blank=BLANK, zero_infinity=True)
