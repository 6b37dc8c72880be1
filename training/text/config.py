"""The config of a fit on text: a TOML file with a ``[text]`` table."""

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
    """Table ``[text]``: how a text is read and cut."""

    vocabulary: str = "char"
    """Kind of symbols: `char`, `word` or `byte`."""
    limit: int = 0
    """Number of most frequent symbols to keep, 0 for all."""
    lower: bool = False
    """Whether to lower-case the text."""
    letters: bool = False
    """Whether whatever is between letters becomes one space."""
    characters: int = 0
    """Number of first characters to keep, after the two above; 0 for all."""
    fractions: tuple[float, ...] = (0.9, 0.0, 0.1)
    """Shares of the text for training, for choosing weights, and held out. With nothing to choose by, the last weights
    are kept.
    """

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
    """Table ``[training]`` of a fit on text."""

    seed: int = 0
    """Seed of all randomness."""
    epochs: int = 20
    """Passes over the training part."""
    seconds: float = 0.0
    """Time budget of training in seconds, 0 for none."""
    batch: int = 32
    """Rows per batch; a step is one batch."""
    length: int = 64
    """Symbols per row through which gradients flow."""
    windows: str = "carried"
    """`carried` cuts the text into `batch` long rows and carries state from window to window; `random` takes windows
    from everywhere and starts each from a fresh state.
    """
    optimizer: str = "adamw"
    """`adamw` or `sgd` (plain)."""
    schedule: str = "cosine"
    """`cosine` or `constant`, both after `warm_up`."""
    learning_rate: float = 2e-3
    """Highest learning rate."""
    warm_up: int = 100
    """Steps over which the learning rate rises."""
    weight_decay: float = 1e-2
    """Weight decay of the optimizer."""
    clip: float = 5.0
    """Largest norm of the gradient."""
    averaging: float = 0.33
    """Share of training, the last one, whose weights are averaged."""
    embedding_dropout: float = 0.1
    """Dropout of the input; between layers and before the head that of `[network]` applies."""
    precision: str = "float32"
    """`float32`, or `bfloat16` for what autocast covers; the loss is always float32."""
    validate_every: int = 1
    """Epochs between validations and checkpoints."""
    ngrams: int = 8
    """Highest order of the n-gram baselines, 0 for none."""
    threads: int = 1
    """CPU threads, 0 leaves them as they are."""
    device: str = "cpu"
    """`cpu`, `cuda`, or `auto` for CUDA where there is a device."""

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
    """A whole fit on text."""

    text: TextConfig = field(default_factory=TextConfig)
    """How the text is read and cut."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the ``GeneratorConfig``, without those that follow from the text."""
    training: TextTraining = field(default_factory=TextTraining)
    """How the network is fitted."""

    @classmethod
    def read(cls, path: str | Path) -> "TextFitConfig":
        """Read a TOML file.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        TextFitConfig
            The config, with defaults for what the file leaves out.

        Raises
        ------
        ConfigError
            If it cannot be read, is not TOML, or has an unknown table or key, or a value that is not allowed.
        """
        return cls.from_dict(read_toml(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TextFitConfig":
        """Build a config from plain values.

        Parameters
        ----------
        values : mapping
            Tables ``text``, ``network`` and ``training``, each of which may be left out.

        Returns
        -------
        TextFitConfig
            The config, with defaults for what is left out.

        Raises
        ------
        ConfigError
            If a table or key is unknown, or a value is not allowed.

        Examples
        --------
        >>> TextFitConfig.from_dict({"training": {"epochs": 3}}).training.epochs
        3
        """
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
        """Give plain JSON values, of which ``from_dict`` makes the same config."""
        return {"text": asdict(self.text), "network": dict(self.network), "training": asdict(self.training)}

    def to_toml(self) -> str:
        """Give TOML, of which ``read`` makes the same config."""
        return write_toml(self.to_dict())


def is_text(path: str | Path) -> bool:
    """Whether a config file is for a fit on text.

    Parameters
    ----------
    path : str or Path
        A TOML file.

    Returns
    -------
    bool
        Whether it has a ``[text]`` table.

    Raises
    ------
    ConfigError
        If it cannot be read or is not TOML.
    """
    return "text" in read_toml(path)
