"""The config of a pretraining."""

import os
from dataclasses import dataclass
from pathlib import Path

from statecast.models.family import FamilyConfig
from training.toml import build_table, expect, read_toml


@dataclass(frozen=True)
class PretrainConfig:
    """Table ``[pretrain]``: how a family is pretrained."""

    seed: int = 0
    """Seed of all randomness."""
    steps: int = 20_000
    """Batches in all; a resumed run may set a larger number."""
    values: int = 40_000
    """Values per batch, roughly."""
    values_on_gpu: int = 640_000
    """The same on a CUDA device, which has not enough to do with fewer."""
    forks: int = 12
    """Most forecasts per row of a batch."""
    learning_rate: float = 1e-3
    """Highest learning rate."""
    weight_decay: float = 1e-2
    """Weight decay of AdamW."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    falling: float = 0.25
    """Share of the steps, the last ones, over which the learning rate falls and weights are averaged."""
    judged: int = 48
    """Series per season that validation uses."""
    validation_every: int = 500
    """Steps between validations and checkpoints."""
    workers: int = -1
    """Processes that draw series beside the training, each batch by a seed of its own; 0 draws between the steps, from
    one generator; -1 for 0 on the CPU and all cores but one beside a CUDA device."""
    threads: int = 1
    """CPU threads, 0 leaves them as they are."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto` for CUDA where there is a device."""
    precision: str = "32-true"
    """`32-true` or `bf16-mixed`, as Lightning Fabric names it."""

    def __post_init__(self) -> None:
        for name in ("steps", "values", "values_on_gpu", "forks", "judged", "validation_every"):
            expect(getattr(self, name) >= 1, f"[pretrain] {name}", "a whole number above 0", getattr(self, name))
        expect(
            self.workers >= -1, "[pretrain] workers", "a whole number, 0 or more, or -1 to have it chosen", self.workers
        )
        expect(0.0 <= self.falling <= 1.0, "[pretrain] falling", "a share, 0 to 1", self.falling)
        for name in ("learning_rate", "clip"):
            expect(getattr(self, name) > 0, f"[pretrain] {name}", "a number above 0", getattr(self, name))

    def workers_beside(self, device: str) -> int:
        """Say how many processes draw series.

        Parameters
        ----------
        device : str
            Kind of device that is trained on, ``cpu`` or ``cuda``.

        Returns
        -------
        int
            0 for none.
        """
        if self.workers >= 0:
            return self.workers
        return max((os.cpu_count() or 1) - 1, 1) if device == "cuda" else 0


def read_config(path: Path | None) -> tuple[FamilyConfig, PretrainConfig]:
    """Read the tables ``[family]`` and ``[pretrain]`` of a TOML file.

    Parameters
    ----------
    path : Path or None
        The file; None for defaults throughout.

    Returns
    -------
    tuple of FamilyConfig and PretrainConfig
        What is pretrained, and how.

    Raises
    ------
    ConfigError
        If it cannot be read, has an unknown table or key, or a value that is not allowed.
    """
    tables = read_toml(path) if path else {}
    for name in tables:
        expect(name in ("family", "pretrain"), f"[{name}]", "one of [family], [pretrain]", name)
    return FamilyConfig.from_dict(tables.get("family", {})), build_table(
        PretrainConfig, tables.get("pretrain", {}), "pretrain"
    )
