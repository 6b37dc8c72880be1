"""What the training loop asks of an objective: its batches, their loss, its validation, and what better means.

There are three: ``fitting.panel_objective`` (forecast a panel), ``pretraining.objective`` (pretrain a family on
synthetic series) and ``text.objective`` (predict the next symbol of a text).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

B = TypeVar("B")


@dataclass(frozen=True)
class LoopSettings:
    """What the loop itself needs to know; everything else is the objective's."""

    steps: int
    """Steps in all; a step is one update of the weights."""
    learning_rate: float
    """Highest learning rate; ``Objective.schedule`` scales it."""
    validation_every: int
    """Steps between validations; a checkpoint follows each."""
    loss_every: int
    """Steps between points of the loss curve."""
    seed: int = 0
    """Seed of torch's randomness, such as dropout."""
    seconds: float = 0.0
    """Time budget; training ends there whatever is left, 0 for none."""
    clip: float = 1.0
    """Largest norm of the gradient of all weights together."""
    averaging: float = 0.0
    """Share of the steps, the last ones, whose weights are averaged."""
    patience: int = 0
    """Validations without progress after which training stops, 0 for never."""
    validate_first: bool = False
    """Whether the weights that training starts from compete too."""
    keep_best: bool = True
    """Whether validation chooses the weights; otherwise the last are kept, averaged if there is an average."""
    device: str = "cpu"
    """``cpu``, ``cuda``, or ``auto`` for whichever there is."""
    precision: Any = "32-true"
    """As Lightning Fabric names it: ``32-true`` or ``bf16-mixed``."""


class Objective(Protocol[B]):
    """One thing to learn, with the network that learns it. ``B`` is the type of its batches."""

    @property
    def network(self) -> nn.Module:
        """The network whose weights are changed in place."""

    @property
    def settings(self) -> LoopSettings:
        """How long, how fast and where the loop trains it."""

    def new_optimizer(self) -> torch.optim.Optimizer:
        """Make the optimizer of the network's weights, as at step 0."""

    def draw(self, step: int, device: torch.device) -> Sequence[tuple[B, float]]:
        """Batches of one step on a device, each with its share of the step's loss; the shares add to 1."""

    def loss(self, batch: B) -> Tensor:
        """Mean loss of a batch, a scalar."""

    def schedule(self, step: int, share: float) -> float:
        """Factor of the learning rate before a step, when ``share`` (0 to 1) of the training is over."""

    def smooth(self, mean: float | None, loss: float) -> float:
        """Running mean of the loss after one more step; ``mean`` is the one before, None at first."""

    def validate(self) -> float:
        """Score the network as it is, lower is better; NaN if there is nothing to validate on."""

    def is_better(self, value: float, lowest: float, averaged: bool) -> bool:
        """Whether weights with this validation replace those kept so far.

        Parameters
        ----------
        value : their validation.
        lowest : the lowest validation before it, infinite at first.
        averaged : whether they are averaged weights.
        """

    def pack(self) -> dict[str, Any]:
        """What a checkpoint adds so that the next batches are those of an uninterrupted fit; JSON values."""

    def unpack(self, facts: Mapping[str, Any]) -> None:
        """Restore what ``pack`` gave."""


def moving_average(mean: float | None, loss: float, weight: float) -> float:
    """Exponential moving average of a loss, in which the new loss counts ``weight`` (0 to 1).

    Examples
    --------
    >>> moving_average(None, 2.0, 0.25)
    2.0
    >>> moving_average(2.0, 1.0, 0.25)
    1.75
    """
    return loss if mean is None else (1.0 - weight) * mean + weight * loss
