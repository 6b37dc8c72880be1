"""The config of a fit of a classifier: a TOML file with a ``[classification]`` table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from statecast.layers.sequences.config import ClassifierConfig
from training.fit_config import TabledConfig
from training.rules import (
    ABOVE_ZERO,
    COUNT,
    DEVICE,
    FROM_ZERO,
    PART_SHARES,
    SHARE,
    SHARE_BELOW_ONE,
    check_values,
    one_of,
)


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
        check_values(self, "classification", {PART_SHARES: ["fractions"], COUNT: ["vocabulary"]})


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
    shape_strength: float = 1000.0
    """How far the weights of random kernels may go: the inverse of their regularisation."""
    linear_share: float = 0.5
    """Share of n-grams or random kernels beside the recurrent layers, where no validation part finds it."""
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
        rules = {
            one_of("none", "balanced"): ["class_weights"],
            DEVICE: ["device"],
            COUNT: ["epochs", "batch", "accumulate", "validate_every"],
            FROM_ZERO: ["length", "warm_up", "patience", "threads", "seconds", "value_noise", "weight_decay"],
            ABOVE_ZERO: ["learning_rate", "clip", "ngram_strength", "shape_strength"],
            SHARE: ["averaging", "linear_share"],
            SHARE_BELOW_ONE: ["label_smoothing", "symbol_dropout", "value_dropout"],
        }
        check_values(self, "training", rules)


@dataclass(frozen=True)
class ClassificationFitConfig(TabledConfig):
    """A whole fit of a classifier.

    Examples
    --------
    >>> ClassificationFitConfig.from_dict({"network": {"inputs": "char"}}).network["inputs"]
    'char'
    """

    NETWORK = ClassifierConfig
    FROM_DATA = ("symbols", "channels", "labels")

    classification: ClassificationConfig = field(default_factory=ClassificationConfig)
    """What the table holds."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the ``ClassifierConfig``, without those that follow from the data."""
    training: ClassificationTraining = field(default_factory=ClassificationTraining)
    """How the network is fitted."""
