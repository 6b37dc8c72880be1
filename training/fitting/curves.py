"""What happened during a fit: losses, validations, and which weights were kept."""

import math
from dataclasses import dataclass, field


@dataclass
class Curves:
    """The course of a fit, as a checkpoint and the manifest record it."""

    loss: list[list[float]] = field(default_factory=list)
    """``[step, running mean of the training loss]`` pairs."""
    validation: list[list[float]] = field(default_factory=list)
    """``[step, validation]`` pairs; step 0 is the weights that the fit started from."""
    best_step: int = 0
    """Step of the weights that are kept; 0 for those that the fit started from."""
    best: float = math.inf
    """Validation of the weights that are kept, lower is better."""
    stale: int = 0
    """Validations since the last improvement."""
    diverged: int = 0
    """Step whose loss was not finite, 0 if there was none."""
    steps: int = 0
    """Steps done."""
    seconds: float = 0.0
    """Wall-clock seconds, validations included."""
    validation_seconds: float = 0.0
    """Wall-clock seconds that validations took."""

    @property
    def lowest(self) -> float:
        """The lowest validation so far, infinite before the first."""
        return min((value for _, value in self.validation), default=math.inf)
