"""The config of a fit on speech: a TOML file with a ``[speech]`` table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from statecast.errors import ConfigError
from statecast.layers.acoustic.config import TranscriberConfig
from training.toml import build_table, expect, read_toml, write_toml

_FROM_RECORDINGS = ("symbols", "separator", "sample_rate")


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

    def __post_init__(self) -> None:
        both = sorted(set(self.test) & set(self.validation))
        expect(not both, "[speech] validation", "numbers that are not in test", both)
        expect(1 <= self.shortest <= self.longest, "[speech] shortest", "1 up to longest", self.shortest)
        expect(0.0 <= self.mixed <= 1.0, "[speech] mixed", "a share, 0 to 1", self.mixed)
        expect(self.rounds >= 1, "[speech] rounds", "a whole number above 0", self.rounds)


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
        for name in ("speed", "gaps_s", "noise_db", "gain_db"):
            pair = getattr(self, name)
            expect(len(pair) == 2 and pair[0] <= pair[1], f"[augmentation] {name}", "lowest and highest", list(pair))
        expect(self.speed[0] >= 0.2 and self.speed[1] <= 5.0, "[augmentation] speed", "0.2 to 5", list(self.speed))
        expect(self.gaps_s[0] >= 0.0, "[augmentation] gaps_s", "seconds from 0", list(self.gaps_s))
        for name in ("tight", "clean"):
            expect(0.0 <= getattr(self, name) <= 1.0, f"[augmentation] {name}", "a share, 0 to 1", getattr(self, name))
        for name in ("colour", "band_masks", "band_width", "time_masks", "time_width"):
            expect(getattr(self, name) >= 0, f"[augmentation] {name}", "a number from 0", getattr(self, name))


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
        for name in ("steps", "batch", "bucket", "validate_every"):
            expect(getattr(self, name) >= 1, f"[training] {name}", "a whole number above 0", getattr(self, name))
        for name in ("easy_until", "warm_up", "threads"):
            expect(getattr(self, name) >= 0, f"[training] {name}", "a whole number from 0", getattr(self, name))
        for name in ("learning_rate", "clip"):
            expect(getattr(self, name) > 0, f"[training] {name}", "a number above 0", getattr(self, name))
        expect(0.0 <= self.averaging <= 1.0, "[training] averaging", "a share, 0 to 1", self.averaging)
        known = ("cpu", "cuda", "auto")
        expect(self.device in known, "[training] device", f"one of {', '.join(known)}", self.device)


@dataclass(frozen=True)
class SpeechFitConfig:
    """A whole fit on speech."""

    speech: SpeechConfig = field(default_factory=SpeechConfig)
    """Which recordings are for what."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the ``TranscriberConfig``, without those that follow from the recordings."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    """What is done to strings for training."""
    training: SpeechTraining = field(default_factory=SpeechTraining)
    """How the network is fitted."""

    @classmethod
    def read(cls, path: str | Path) -> "SpeechFitConfig":
        """Read a TOML file.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        SpeechFitConfig
            The config, with defaults for what the file leaves out.

        Raises
        ------
        ConfigError
            If it cannot be read, is not TOML, or has an unknown table or key, or a value that is not allowed.
        """
        return cls.from_dict(read_toml(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "SpeechFitConfig":
        """Build a config from plain values.

        Parameters
        ----------
        values : mapping
            Tables ``speech``, ``network``, ``augmentation`` and ``training``, each of which may be left out.

        Returns
        -------
        SpeechFitConfig
            The config, with defaults for what is left out.

        Raises
        ------
        ConfigError
            If a table or key is unknown, or a value is not allowed.

        Examples
        --------
        >>> SpeechFitConfig.from_dict({"training": {"steps": 3}}).training.steps
        3
        """
        tables = [table.name for table in fields(cls)]
        for key in values:
            if key not in tables:
                raise ConfigError(
                    f"config: unknown table [{key}]; known are {', '.join(f'[{name}]' for name in tables)}"
                )
        network = dict(values.get("network", {}))
        known = {one.name for one in fields(TranscriberConfig)} - set(_FROM_RECORDINGS)
        for key in network:
            if key not in known:
                raise ConfigError(f"[network]: unknown key {key!r}; known are {', '.join(sorted(known))}")
        build_table(TranscriberConfig, network, "network")
        return cls(
            speech=build_table(SpeechConfig, values.get("speech", {}), "speech"),
            network=network,
            augmentation=build_table(Augmentation, values.get("augmentation", {}), "augmentation"),
            training=build_table(SpeechTraining, values.get("training", {}), "training"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values, of which ``from_dict`` makes the same config."""
        return {**asdict(self), "network": dict(self.network)}

    def to_toml(self) -> str:
        """Give TOML, of which ``read`` makes the same config."""
        return write_toml(self.to_dict())


def is_speech(path: str | Path) -> bool:
    """Whether a config file is for a fit on speech.

    Parameters
    ----------
    path : str or Path
        A TOML file.

    Returns
    -------
    bool
        Whether it has a ``[speech]`` table.

    Raises
    ------
    ConfigError
        If it cannot be read or is not TOML.
    """
    return "speech" in read_toml(path)
