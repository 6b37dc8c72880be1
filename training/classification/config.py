"""The config of a fit of a classifier: a TOML file with a ``[classification]`` table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from statecast.errors import ConfigError
from statecast.layers.sequences.config import ClassifierConfig
from training.toml import build_table, expect, read_toml, write_toml

FROM_DATA = ("symbols", "channels", "labels")
"""Keys of the ``ClassifierConfig`` that follow from the data."""


@dataclass(frozen=True)
class ClassificationConfig:
    """Table ``[classification]``: what the columns of a table are, and how its examples are cut."""

    text: str = "text"
    """Column of texts; not read where `[network] inputs` is `values`."""
    label: str = "label"
    """Column of classes, or of numbers to estimate."""
    numbers: bool = False
    """Whether labels are numbers to estimate."""
    item_id: str = "item_id"
    """Column that says which series a row belongs to, in a long table: one row per step."""
    timestamp: str = ""
    """Column that orders the steps of a long table; left out, `timestamp` where there is one, else its rows do."""
    channels: tuple[str, ...] = ()
    """Columns of values; left out, all columns that are nothing else."""
    wide: bool = False
    """Whether each row is a whole series of one channel, its values in the columns' order, empty ones at its end."""
    split: str = ""
    """Column that says `train`, `validation` or `test`; left out, `fractions` cuts."""
    fractions: tuple[float, ...] = (0.8, 0.1, 0.1)
    """Shares of the examples for training, for choosing weights and calibrating, and for the test. Equal inputs lie in
    one part."""
    vocabulary: int = 20_000
    """Words or characters that are known, the most frequent of the training part."""

    def __post_init__(self) -> None:
        shares = self.fractions
        whole = len(shares) == 3 and min(shares) >= 0 and shares[0] > 0 and sum(shares) <= 1 + 1e-9
        name = "[classification] fractions"
        expect(whole, name, "three shares, the first above 0, together at most 1", list(shares))
        expect(self.vocabulary >= 1, "[classification] vocabulary", "a whole number above 0", self.vocabulary)


@dataclass(frozen=True)
class ClassificationTraining:
    """Table ``[training]`` of a fit of a classifier."""

    seed: int = 0
    """Seed of all randomness."""
    epochs: int = 10
    """Passes over the training part."""
    seconds: float = 0.0
    """Time budget of training in seconds, 0 for none."""
    batch: int = 32
    """Examples per batch, of about the same length."""
    accumulate: int = 1
    """Batches per step, where memory holds few long examples at once."""
    length: int = 0
    """Steps of an example that are trained on, its last ones; 0 for all."""
    learning_rate: float = 2e-3
    """Highest learning rate."""
    warm_up: int = 20
    """Steps over which the learning rate rises."""
    weight_decay: float = 1e-2
    """Weight decay of AdamW; embeddings have none."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    averaging: float = 0.25
    """Share of training, the last one, whose weights are averaged."""
    ngram_strength: float = 3.0
    """How far the weights of n-grams may go: the inverse of their regularisation."""
    label_smoothing: float = 0.0
    """Share of each label that is spread over all classes."""
    class_weights: str = "none"
    """`none`, or `balanced`: each class counts the same, however many examples it has."""
    symbol_dropout: float = 0.0
    """Share of symbols that training reads as unknown."""
    value_noise: float = 0.0
    """Deviation of noise that is added to values in training, in deviations of their channel."""
    value_dropout: float = 0.0
    """Share of values that training reads as missing."""
    embeddings: str = ""
    """Artifact of a next-word model whose embeddings to start from, where it has the same symbol; its width is that of
    `[network] embedding`."""
    baselines: bool = True
    """Whether the table has a linear model on tf-idf, for texts."""
    validate_every: int = 1
    """Epochs between validations and checkpoints."""
    patience: int = 0
    """Validations without progress after which training stops, 0 for never."""
    keep_best: bool = True
    """Whether the weights are kept that validation likes best; otherwise the last, averaged."""
    threads: int = 1
    """CPU threads, 0 leaves them as they are."""
    device: str = "cpu"
    """`cpu`, `cuda`, or `auto` for CUDA where there is a device."""

    def __post_init__(self) -> None:
        for name, known in {"class_weights": ("none", "balanced"), "device": ("cpu", "cuda", "auto")}.items():
            self._expect(getattr(self, name) in known, name, f"one of {', '.join(known)}")
        for name in ("epochs", "batch", "accumulate", "validate_every"):
            self._expect(getattr(self, name) >= 1, name, "a whole number above 0")
        for name in ("length", "warm_up", "patience", "threads", "seconds", "value_noise", "weight_decay"):
            self._expect(getattr(self, name) >= 0, name, "a number from 0")
        for name in ("learning_rate", "clip", "ngram_strength"):
            self._expect(getattr(self, name) > 0, name, "a number above 0")
        self._expect(0.0 <= self.averaging <= 1.0, "averaging", "a share, 0 to 1")
        for name in ("label_smoothing", "symbol_dropout", "value_dropout"):
            self._expect(0.0 <= getattr(self, name) < 1.0, name, "a share, 0 to below 1")

    def _expect(self, holds: bool, name: str, expected: str) -> None:
        expect(holds, f"[training] {name}", expected, getattr(self, name))


@dataclass(frozen=True)
class ClassificationFitConfig:
    """A whole fit of a classifier."""

    classification: ClassificationConfig = field(default_factory=ClassificationConfig)
    """What the table holds."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the ``ClassifierConfig``, without those that follow from the data."""
    training: ClassificationTraining = field(default_factory=ClassificationTraining)
    """How the network is fitted."""

    @classmethod
    def read(cls, path: str | Path) -> "ClassificationFitConfig":
        """Read a TOML file.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        ClassificationFitConfig
            With defaults for what the file leaves out.

        Raises
        ------
        ConfigError
            If it cannot be read, is not TOML, or has an unknown table or key, or a value that is not allowed.
        """
        return cls.from_dict(read_toml(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ClassificationFitConfig":
        """Build a config from plain values.

        Parameters
        ----------
        values : mapping
            Tables ``classification``, ``network`` and ``training``, each of which may be left out.

        Returns
        -------
        ClassificationFitConfig
            With defaults for what is left out.

        Raises
        ------
        ConfigError
            If a table or key is unknown, or a value is not allowed.

        Examples
        --------
        >>> ClassificationFitConfig.from_dict({"network": {"inputs": "char"}}).network["inputs"]
        'char'
        """
        tables = ("classification", "network", "training")
        for key in values:
            if key not in tables:
                raise ConfigError(f"config: unknown table [{key}]; known are [{'], ['.join(tables)}]")
        network = dict(values.get("network", {}))
        known = {f.name for f in fields(ClassifierConfig)} - set(FROM_DATA)
        for key in network:
            if key not in known:
                raise ConfigError(f"[network]: unknown key {key!r}; known are {', '.join(sorted(known))}")
        build_table(ClassifierConfig, network, "network")
        return cls(
            classification=build_table(ClassificationConfig, values.get("classification", {}), "classification"),
            network=network,
            training=build_table(ClassificationTraining, values.get("training", {}), "training"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values, of which ``from_dict`` makes the same config."""
        return {
            "classification": asdict(self.classification),
            "network": dict(self.network),
            "training": asdict(self.training),
        }

    def to_toml(self) -> str:
        """Give TOML, of which ``read`` makes the same config."""
        return write_toml(self.to_dict())


def is_classification(path: str | Path) -> bool:
    """Whether a config file is for a fit of a classifier.

    Parameters
    ----------
    path : str or Path
        A TOML file.

    Returns
    -------
    bool
        Whether it has a ``[classification]`` table.

    Raises
    ------
    ConfigError
        If it cannot be read or is not TOML.
    """
    return "classification" in read_toml(path)
