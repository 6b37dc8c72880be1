"""How a distillation is done."""

from dataclasses import dataclass

from training.rules import ABOVE_ZERO, COUNT, DEVICE, SHARE, check_values


@dataclass(frozen=True)
class DistillConfig:
    """What decides a distillation beside its teacher and its series."""

    width: int = 96
    """Width of the student's hidden vectors, D."""
    steps: int = 8_000
    """Batches in all; a resumed run may set a larger number."""
    values: int = 40_000
    """Values per batch, roughly."""
    forks: int = 12
    """Most forecasts per row of a batch."""
    learning_rate: float = 1e-3
    """Highest learning rate."""
    weight_decay: float = 1e-3
    """Weight decay of AdamW."""
    truth: float = 0.2
    """Share of the loss that compares with what came instead of with the teacher."""
    own: float = 0.5
    """Share of the batches that is drawn from own series, where there are any."""
    falling: float = 0.4
    """Share of the steps, the last ones, over which the learning rate falls and weights are averaged."""
    validation_rows: int = 96
    """Series of held-out kinds that validation uses."""
    validation_every: int = 250
    """Steps between validations and checkpoints."""
    seed: int = 0
    """Seed of all randomness."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto` for CUDA where there is a device."""

    def __post_init__(self) -> None:
        rules = {
            COUNT: ["width", "steps", "values", "forks", "validation_rows", "validation_every"],
            SHARE: ["truth", "own", "falling"],
            ABOVE_ZERO: ["learning_rate"],
            DEVICE: ["device"],
        }
        check_values(self, "", rules)
