"""The course of a fit on text, by epochs."""

import math
from dataclasses import dataclass

from training.fitting.curves import Curves
from training.text.windows import Windows


@dataclass(frozen=True)
class TextCurves:
    """What happened during a fit, and what it cost."""

    loss: list[list[float]]
    """``[epoch, nats per symbol]`` in training."""
    validation: list[list[float]]
    """``[epoch, nats per symbol]`` with carried state."""
    best_epoch: int
    """Epoch of the lowest validation."""
    epochs: int
    """Epochs done; one that the time budget cut short counts."""
    steps: int
    """Steps done."""
    seconds: float
    """Wall-clock seconds, validations included."""
    symbols: int
    """Symbols predicted in training."""
    training_seconds: float
    """Wall-clock seconds without validations."""

    @classmethod
    def by_epoch(cls, curves: Curves, windows: Windows) -> "TextCurves":
        """Count the steps of a fit's curves in epochs.

        Parameters
        ----------
        curves : Curves
            Curves by step.
        windows : Windows
            The windows that were trained on; they give the steps per epoch.

        Returns
        -------
        TextCurves
            The same by epoch; a step inside an epoch counts as its end.
        """

        def epoch(step: float) -> int:
            return math.ceil(step / windows.steps)

        return cls(
            loss=[[epoch(step), value] for step, value in curves.loss],
            validation=[[epoch(step), value] for step, value in curves.validation],
            best_epoch=epoch(curves.best_step),
            epochs=epoch(curves.steps),
            steps=curves.steps,
            seconds=curves.seconds,
            symbols=curves.steps * windows.symbols,
            training_seconds=curves.seconds - curves.validation_seconds,
        )

    @property
    def symbols_per_second(self) -> float:
        """Predicted symbols per second of training, without validations."""
        return self.symbols / max(self.training_seconds, 1e-9)
