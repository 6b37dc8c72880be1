"""What the training loop needs of an objective: its batches, their loss, its validation, and what better means.

``fitting.panel_objective`` forecasts a panel; ``pretraining``, ``text``, ``classification``, ``speech`` and
``edge.distillation`` have one each in their ``objective``.
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
        """Make the optimizer of the network's weights, as at step 0.

        Returns
        -------
        torch.optim.Optimizer
            Whose learning rate the loop sets before every step.
        """

    def draw(self, step: int, device: torch.device) -> Sequence[tuple[B, float]]:
        """Draw the batches of one step.

        Parameters
        ----------
        step : int
            Steps that are done.
        device : torch.device
            Where the batches are wanted.

        Returns
        -------
        sequence of tuple
            Each batch with its share of the step's loss; the shares add to 1.
        """

    def loss(self, batch: B) -> Tensor:
        """Compute the mean loss of a batch.

        Parameters
        ----------
        batch : B
            One that ``draw`` gave.

        Returns
        -------
        Tensor
            A scalar that gradients flow through.
        """

    def schedule(self, step: int, share: float) -> float:
        """Give the factor of the learning rate for one step.

        Parameters
        ----------
        step : int
            Steps that are done.
        share : float
            How much of the training is over, 0 to 1.

        Returns
        -------
        float
            Factor, 0 to 1.
        """

    def smooth(self, mean: float | None, loss: float) -> float:
        """Advance the running mean of the loss by one step.

        Parameters
        ----------
        mean : float or None
            The mean before, None at first.
        loss : float
            Loss of the step.

        Returns
        -------
        float
            The mean after.
        """

    def validate(self) -> float:
        """Score the network as it is.

        Returns
        -------
        float
            Lower is better; NaN if there is nothing to validate on.
        """

    def is_better(self, value: float, lowest: float, averaged: bool) -> bool:
        """Whether weights with this validation replace those kept so far.

        Parameters
        ----------
        value : float
            Their validation.
        lowest : float
            The lowest validation before it, infinite at first.
        averaged : bool
            Whether they are averaged weights.

        Returns
        -------
        bool
            True to keep them.
        """

    def pack(self) -> dict[str, Any]:
        """Collect what makes the next batches after a checkpoint those of an uninterrupted fit.

        Returns
        -------
        dict of str to any
            JSON values.
        """

    def unpack(self, facts: Mapping[str, Any]) -> None:
        """Restore what ``pack`` gave.

        Parameters
        ----------
        facts : mapping of str to any
            The JSON values of a checkpoint.
        """


def moving_average(mean: float | None, loss: float, weight: float) -> float:
    """Exponential moving average of a loss.

    Parameters
    ----------
    mean : float or None
        The average before, None at first.
    loss : float
        The new loss.
    weight : float
        How much the new loss counts, 0 to 1.

    Returns
    -------
    float
        The average after.

    Examples
    --------
    >>> moving_average(None, 2.0, 0.25)
    2.0
    >>> moving_average(2.0, 1.0, 0.25)
    1.75
    """
    return loss if mean is None else (1.0 - weight) * mean + weight * loss
