"""The config of a fit on speech: a TOML file with a ``[speech]`` table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from statecast.layers.acoustic.config import TranscriberConfig
from training.fit_config import TabledConfig
from training.rules import ABOVE_ZERO, COUNT, DEVICE, FROM_ZERO, RANGE, SHARE, check_values
from training.toml import expect


@dataclass(frozen=True)
class SpeechConfig:
    """Table ``[speech]``: which recordings are for what, and the strings that they are put together to."""

    test: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Numbers of the recordings that are scored and never learned from."""
    validation: tuple[int, ...] = (5, 6)
    """Numbers of the recordings that choose the weights; none keeps the last ones."""
    left_out: str = ""
    """Speaker of whom nothing is learned and all is scored; empty for none."""
    shortest: int = 3
    """Fewest words of a string."""
    longest: int = 7
    """Most words of a string."""
    mixed: float = 0.3
    """Share of the strings for training in which every word may have another speaker."""
    rounds: int = 10
    """Strings that each recording is scored in."""
    synthetic: str = ""
    """Folder or zip file of recordings of synthetic voices, which are learned from and never scored; empty for none."""
    synthetic_share: float = 0.5
    """Share of the strings for training that synthetic voices say, where there are some."""

    def __post_init__(self) -> None:
        both = sorted(set(self.test) & set(self.validation))
        expect(not both, "[speech] validation", "numbers that are not in test", both)
        expect(1 <= self.shortest <= self.longest, "[speech] shortest", "1 up to longest", self.shortest)
        check_values(self, "speech", {SHARE: ["mixed", "synthetic_share"], COUNT: ["rounds"]})


@dataclass(frozen=True)
class Augmentation:
    """Table ``[augmentation]``: what is done to strings for training, drawn anew for each."""

    speed: tuple[float, float] = (0.82, 1.22)
    """Slowest and fastest; pitch and voice change with it."""
    gaps_s: tuple[float, float] = (0.0, 0.4)
    """Shortest and longest pause between words, and before and after them, in seconds."""
    tight: float = 0.3
    """Share of the strings without any pause between words."""
    noise_db: tuple[float, float] = (5.0, 45.0)
    """Lowest and highest ratio of speech to noise in decibels."""
    gain_db: tuple[float, float] = (-20.0, 6.0)
    """Weakest and strongest amplification in decibels; what exceeds full scale is clipped."""
    clean: float = 0.25
    """Share of the strings with neither noise nor another speed."""
    colour: float = 0.3
    """How far bands of pitch are raised or lowered together, as other microphones do, in standard deviations."""
    band_masks: int = 2
    """Groups of neighbouring bands that are blanked."""
    band_width: int = 6
    """Most bands of such a group."""
    time_masks: int = 2
    """Stretches of time that are blanked."""
    time_width: int = 8
    """Most frames of such a stretch."""

    def __post_init__(self) -> None:
        rules = {
            RANGE: ["speed", "gaps_s", "noise_db", "gain_db"],
            SHARE: ["tight", "clean"],
            FROM_ZERO: ["colour", "band_masks", "band_width", "time_masks", "time_width"],
        }
        check_values(self, "augmentation", rules)
        expect(self.speed[0] >= 0.2 and self.speed[1] <= 5.0, "[augmentation] speed", "0.2 to 5", list(self.speed))
        expect(self.gaps_s[0] >= 0.0, "[augmentation] gaps_s", "seconds from 0", list(self.gaps_s))


@dataclass(frozen=True)
class SpeechTraining:
    """Table ``[training]`` of a fit on speech."""

    seed: int = 0
    """Seed of all randomness."""
    steps: int = 1500
    """Steps; a step is one batch."""
    seconds: float = 0.0
    """Time budget of training in seconds, 0 for none."""
    batch: int = 32
    """Strings per batch."""
    bucket: int = 8
    """Batches whose strings are drawn together and sorted by length, so that little of a batch is padding; 1 draws each
    batch by itself.
    """
    easy_until: int = 300
    """Steps, the first ones, with strings of one or two words as recorded: from long and augmented ones nothing is
    learned for a long time.
    """
    learning_rate: float = 3e-3
    """Highest learning rate."""
    warm_up: int = 50
    """Steps over which the learning rate rises."""
    weight_decay: float = 1e-2
    """Weight decay of the optimizer."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    averaging: float = 0.2
    """Share of training, the last one, whose weights are averaged."""
    validate_every: int = 100
    """Steps between validations and checkpoints."""
    threads: int = 1
    """CPU threads, 0 leaves them as they are."""
    device: str = "cpu"
    """`cpu`, `cuda`, or `auto` for CUDA where there is a device."""

    def __post_init__(self) -> None:
        rules = {
            COUNT: ["steps", "batch", "bucket", "validate_every"],
            FROM_ZERO: ["easy_until", "warm_up", "threads"],
            ABOVE_ZERO: ["learning_rate", "clip"],
            SHARE: ["averaging"],
            DEVICE: ["device"],
        }
        check_values(self, "training", rules)


@dataclass(frozen=True)
class SpeechFitConfig(TabledConfig):
    """A whole fit on speech.

    Examples
    --------
    >>> SpeechFitConfig.from_dict({"training": {"steps": 3}}).training.steps
    3
    """

    NETWORK = TranscriberConfig
    FROM_DATA = ("symbols", "separator", "sample_rate")

    speech: SpeechConfig = field(default_factory=SpeechConfig)
    """Which recordings are for what."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the ``TranscriberConfig``, without those that follow from the recordings."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    """What is done to strings for training."""
    training: SpeechTraining = field(default_factory=SpeechTraining)
    """How the network is fitted."""
