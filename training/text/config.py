"""What a fit on text is told: a TOML file with a ``[text]`` table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from statecast.errors import ConfigError
from statecast.inputs.vocabulary import VOCABULARIES
from statecast.models.generator import GeneratorConfig
from training.toml import build_table, expect, read_toml, write_toml

_FROM_TEXT = ("vocabulary", "symbols")


@dataclass(frozen=True)
class TextConfig:
    """How a text is read and cut.

    vocabulary: ``char``, ``word`` or ``byte``.  limit: the most frequent symbols that are kept, 0 for all.
    lower: lower-case it.  letters: whatever is between letters becomes one space.  characters: only the first ones
    (after these two), 0 for all.
    fractions: of the text for training, for choosing weights, and held out, in this order. With nothing to choose by,
    the last weights are kept.
    """

    vocabulary: str = "char"
    limit: int = 0
    lower: bool = False
    letters: bool = False
    characters: int = 0
    fractions: tuple[float, ...] = (0.9, 0.0, 0.1)

    def __post_init__(self) -> None:
        known = ", ".join(VOCABULARIES)
        expect(self.vocabulary in VOCABULARIES, "[text] vocabulary", f"one of {known}", self.vocabulary)
        for name in ("limit", "characters"):
            expect(getattr(self, name) >= 0, f"[text] {name}", "a whole number from 0", getattr(self, name))
        shares = self.fractions
        whole = len(shares) == 3 and shares[0] > 0 and min(shares) >= 0 and sum(shares) <= 1 + 1e-9
        expect(whole, "[text] fractions", "three shares, the first above 0, together at most 1", list(shares))


@dataclass(frozen=True)
class TextTraining:
    """How a network is fitted to a text. A step is one batch; ``seconds`` (if above 0) ends training early.

    batch, length: rows of a batch, and symbols of a row through which gradients flow.
    windows: ``carried`` cuts the text into ``batch`` long rows and carries state from window to window; ``random``
    takes windows from everywhere and starts each from nothing.
    optimizer: ``adamw`` or ``sgd`` (plain).  schedule: ``cosine`` or ``constant``, both after ``warm_up`` steps.
    clip: largest norm of a gradient.  averaging: share of training, the last one, whose weights are averaged.
    embedding_dropout: of the input; between layers and before the head it is the network's.
    precision: ``float32``, or ``bfloat16`` for what autocast covers; the loss is always float32.
    validate_every: epochs between validations and checkpoints.
    ngrams: highest order of the n-gram baseline, 0 for none.  threads: of the CPU; 0 leaves them as they are.
    device: cpu, cuda, or auto for whichever there is.
    """

    seed: int = 0
    epochs: int = 20
    seconds: float = 0.0
    batch: int = 32
    length: int = 64
    windows: str = "carried"
    optimizer: str = "adamw"
    schedule: str = "cosine"
    learning_rate: float = 2e-3
    warm_up: int = 100
    weight_decay: float = 1e-2
    clip: float = 5.0
    averaging: float = 0.33
    embedding_dropout: float = 0.1
    precision: str = "float32"
    validate_every: int = 1
    ngrams: int = 8
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        choices = {
            "windows": ("carried", "random"),
            "optimizer": ("adamw", "sgd"),
            "schedule": ("cosine", "constant"),
            "precision": ("float32", "bfloat16"),
            "device": ("cpu", "cuda", "auto"),
        }
        for name, known in choices.items():
            expect(
                getattr(self, name) in known, f"[training] {name}", f"one of {', '.join(known)}", getattr(self, name)
            )
        for name in ("epochs", "batch", "length", "validate_every"):
            expect(getattr(self, name) >= 1, f"[training] {name}", "a whole number above 0", getattr(self, name))
        for name in ("warm_up", "ngrams", "threads"):
            expect(getattr(self, name) >= 0, f"[training] {name}", "a whole number from 0", getattr(self, name))
        for name in ("learning_rate", "clip"):
            expect(getattr(self, name) > 0, f"[training] {name}", "a number above 0", getattr(self, name))
        expect(0.0 <= self.averaging <= 1.0, "[training] averaging", "a share, 0 to 1", self.averaging)
        dropout = self.embedding_dropout
        expect(0.0 <= dropout < 1.0, "[training] embedding_dropout", "0 up to, not with, 1", dropout)


@dataclass(frozen=True)
class TextFitConfig:
    """A whole fit on text. ``network`` holds keys of the ``GeneratorConfig``, those apart that follow from the text."""

    text: TextConfig = field(default_factory=TextConfig)
    network: Mapping[str, Any] = field(default_factory=dict)
    training: TextTraining = field(default_factory=TextTraining)

    @classmethod
    def read(cls, path: str | Path) -> "TextFitConfig":
        """Read a TOML file; raises ``ConfigError`` if it is not TOML, or names or holds what cannot be."""
        return cls.from_dict(read_toml(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TextFitConfig":
        """Build from plain values; errors as ``read``."""
        for key in values:
            if key not in ("text", "network", "training"):
                raise ConfigError(f"config: unknown table [{key}]; known are [text], [network], [training]")
        network = dict(values.get("network", {}))
        known = {f.name for f in fields(GeneratorConfig)} - set(_FROM_TEXT)
        for key in network:
            if key not in known:
                raise ConfigError(f"[network]: unknown key {key!r}; known are {', '.join(sorted(known))}")
        build_table(GeneratorConfig, network, "network")
        return cls(
            text=build_table(TextConfig, values.get("text", {}), "text"),
            network=network,
            training=build_table(TextTraining, values.get("training", {}), "training"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; ``from_dict`` gives the same config back."""
        return {"text": asdict(self.text), "network": dict(self.network), "training": asdict(self.training)}

    def to_toml(self) -> str:
        """Text that ``read`` reads back."""
        return write_toml(self.to_dict())


def is_text(path: str | Path) -> bool:
    """Whether a config file asks for a fit on text; raises ``ConfigError`` if it cannot be read."""
    return "text" in read_toml(path)
