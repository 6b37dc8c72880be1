"""The config of a fit on text: a TOML file with a ``[text]`` table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from statecast.inputs.vocabulary import VOCABULARIES
from statecast.models.generator import GeneratorConfig
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
        rules = {
            one_of(*VOCABULARIES): ["vocabulary"],
            FROM_ZERO: ["limit", "characters"],
            PART_SHARES: ["fractions"],
        }
        check_values(self, "text", rules)


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
        rules = {
            one_of("carried", "random"): ["windows"],
            one_of("adamw", "sgd"): ["optimizer"],
            one_of("cosine", "constant"): ["schedule"],
            one_of("float32", "bfloat16"): ["precision"],
            DEVICE: ["device"],
            COUNT: ["epochs", "batch", "length", "validate_every"],
            FROM_ZERO: ["warm_up", "ngrams", "threads"],
            ABOVE_ZERO: ["learning_rate", "clip"],
            SHARE: ["averaging"],
            SHARE_BELOW_ONE: ["embedding_dropout"],
        }
        check_values(self, "training", rules)


@dataclass(frozen=True)
class TextFitConfig(TabledConfig):
    """A whole fit on text.

    Examples
    --------
    >>> TextFitConfig.from_dict({"training": {"epochs": 3}}).training.epochs
    3
    """

    NETWORK = GeneratorConfig
    FROM_DATA = ("vocabulary", "symbols")

    text: TextConfig = field(default_factory=TextConfig)
    """How the text is read and cut."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the ``GeneratorConfig``, without those that follow from the text."""
    training: TextTraining = field(default_factory=TextTraining)
    """How the network is fitted."""
