"""What a pretraining is told."""

from dataclasses import dataclass
from pathlib import Path

from statecast.models.family import FamilyConfig
from training.toml import build_table, expect, read_toml


@dataclass(frozen=True)
class PretrainConfig:
    """How a family is pretrained.

    steps: batches in all.  values: about how many values a batch reads.  forks: forecasts of each row.
    falling: share of the steps, the last ones, over which the rate falls and weights are averaged.
    judged: rows of each season that judge.  device: cpu, cuda, or auto.  precision: of Fabric, ``32-true`` or
    ``bf16-mixed``.
    """

    seed: int = 0
    steps: int = 20_000
    values: int = 40_000
    forks: int = 12
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    clip: float = 1.0
    falling: float = 0.25
    judged: int = 48
    validation_every: int = 500
    threads: int = 1
    device: str = "auto"
    precision: str = "32-true"

    def __post_init__(self) -> None:
        for name in ("steps", "values", "forks", "judged", "validation_every"):
            expect(getattr(self, name) >= 1, f"[pretrain] {name}", "a whole number above 0", getattr(self, name))
        expect(0.0 <= self.falling <= 1.0, "[pretrain] falling", "a share, 0 to 1", self.falling)
        for name in ("learning_rate", "clip"):
            expect(getattr(self, name) > 0, f"[pretrain] {name}", "a number above 0", getattr(self, name))


def read_config(path: Path | None) -> tuple[FamilyConfig, PretrainConfig]:
    """Read the tables ``[family]`` and ``[pretrain]`` of a TOML file; defaults where there is none.

    Raises
    ------
    ConfigError
        If it has an unknown table or key, or a value that cannot be.
    """
    tables = read_toml(path) if path else {}
    for name in tables:
        expect(name in ("family", "pretrain"), f"[{name}]", "one of [family], [pretrain]", name)
    return FamilyConfig.from_dict(tables.get("family", {})), build_table(
        PretrainConfig, tables.get("pretrain", {}), "pretrain"
    )
