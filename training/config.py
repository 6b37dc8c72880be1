"""What a fit is told: tables of a TOML file, as frozen values that refuse unknown keys by name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from statecast import metrics
from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.plain import describe_unknown
from training.data.columns import Columns
from training.toml import build_table, expect, read_toml, write_toml

WEIGHTINGS = ("auto", "scale", "standard", "owa")
"""Units of the loss, see ``training.fitting.loss_weighting.LossWeighting``."""
REPORTED = ("mse", "mae", "smape", "mase", "owa", "wql", "interval_score", "coverage", "directional_accuracy")
_COVARIATE_KEYS = ("past_covariates", "future_covariates", "static_covariates")


def _expect(holds: bool, name: str, expected: str, got: object) -> None:
    expect(holds, f"[training] {name}", expected, got)


@dataclass(frozen=True)
class DataConfig:
    """How a table is read and cut.

    item_id, timestamp, target, wide, past, future, static, timezone, timestamp_unit, dayfirst: see
    ``training.data.columns.Columns``.
    freq: distance of rows, or None to infer it.
    resolutions: tables of coarser freqs for the same items, freq to file, see ``training.data.coarse_tables``.
    borders: rows at which training, validation and test end; or ``fractions``: shares of each item's life.
    """

    item_id: str = "item_id"
    timestamp: str | None = None
    target: str = "target"
    wide: bool | None = None
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    timezone: str | None = None
    timestamp_unit: str | None = None
    dayfirst: bool | None = None
    freq: str | None = None
    resolutions: Mapping[str, str] = field(default_factory=dict)
    borders: tuple[int, ...] = ()
    fractions: tuple[float, ...] = (0.7, 0.15, 0.15)

    def __post_init__(self) -> None:
        told = all(isinstance(file, str) for file in self.resolutions.values())
        expect(told, "[data] resolutions", "a table of freq = file", dict(self.resolutions))

    @property
    def columns(self) -> Columns:
        """The part of this config that names columns."""
        return Columns(**{f.name: getattr(self, f.name) for f in fields(Columns)})


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is fitted. One step is one batch; ``seconds`` (if above 0) ends training early, whatever is left.

    start: a pretrained family's artifact whose weights to begin with, see ``training.selection.warm_start``; none for
    drawn ones.
    steps, batch, learning_rate, validation_every: 0 for what the table's recipe says, see
    ``training.selection.recipes``.
    forks, warm: longest sequence and the part of it that is not scored, in patches.  batch: sequences at
    once.  accumulate: batches a step; where memory holds few sequences at once, for the gradient of many.
    averaging: share of the steps, the last ones, whose weights are averaged.  clip: largest norm of a gradient.
    weighting: unit of the loss, see ``training.fitting.loss_weighting.LossWeighting``.  median_weight: of the median
    among the levels.
    validation_every: steps between validations.  validation_stride: steps between validated origins.
    patience: validations without progress before it stops.  judge: the metric that chooses weights.
    metrics: columns of the table of errors and of the report, in order, see docs/reference/metrics.md.
    covariate_dropout, calendar_dropout: share of sequences that see none.  boosting: also fit that baseline.
    baseline_seconds: a slow baseline (boosting; AutoETS, AutoTheta where statsforecast is installed) that by a rough
    reckoning takes longer is left out, and the table says so.
    threads: of the CPU; 0 leaves them as they are. These networks are small: a second one seldom helps.
    device: cpu, cuda, or auto for whichever there is.
    """

    seed: int = 0
    start: str = ""
    steps: int = 0
    seconds: float = 0.0
    batch: int = 0
    accumulate: int = 1
    forks: int = 45
    warm: int = 15
    learning_rate: float = 0.0
    weight_decay: float = 1e-2
    clip: float = 1.0
    averaging: float = 0.33
    weighting: str = "auto"
    median_weight: float = 1.0
    validation_every: int = 0
    validation_stride: int = 5
    patience: int = 10
    judge: str = "pinball"
    metrics: tuple[str, ...] = REPORTED
    covariate_dropout: float = 0.0
    calendar_dropout: float = 0.0
    boosting: bool = True
    baseline_seconds: float = 60.0
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "validation_every"):
            _expect(
                getattr(self, name) >= 0, name, "a whole number above 0, or 0 to have it chosen", getattr(self, name)
            )
        for name in ("accumulate", "forks", "validation_stride", "patience"):
            _expect(getattr(self, name) >= 1, name, "a whole number above 0", getattr(self, name))
        _expect(0 <= self.warm < self.forks, "warm", f"0 up to, not with, forks ({self.forks})", self.warm)
        _expect(self.weighting in WEIGHTINGS, "weighting", f"one of {', '.join(WEIGHTINGS)}", self.weighting)
        losses = [name for name in metrics.names() if metrics.get(name).better == "lower"]
        _expect(self.judge in losses, "judge", f"one of {', '.join(losses)}", self.judge)
        for name in self.metrics:
            known = (*metrics.names(), "owa")
            _expect(name in known, "metrics", f"names out of {', '.join(known)}", name)
        _expect(self.device in ("cpu", "cuda", "auto"), "device", "one of cpu, cuda, auto", self.device)
        for name in ("averaging", "covariate_dropout", "calendar_dropout"):
            _expect(0.0 <= getattr(self, name) <= 1.0, name, "a share, 0 to 1", getattr(self, name))
        _expect(self.baseline_seconds >= 0, "baseline_seconds", "0 or more", self.baseline_seconds)
        _expect(
            self.learning_rate >= 0, "learning_rate", "a number above 0, or 0 to have it chosen", self.learning_rate
        )
        for name in ("clip", "median_weight"):
            _expect(getattr(self, name) > 0, name, "a number above 0", getattr(self, name))


@dataclass(frozen=True)
class FitConfig:
    """A whole fit. ``network`` fixes keys of the ``ForecasterConfig``; what is absent is chosen from the data.

    members: of an ensemble, each with its own keys of ``network`` and, under ``training``, of ``training``; none for
    one network alone. See ``training.selection.members``.
    """

    data: DataConfig = field(default_factory=DataConfig)
    network: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    members: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def read(cls, path: str | Path) -> "FitConfig":
        """Read a TOML file.

        Raises
        ------
        ConfigError
            If it is not TOML, has an unknown table or key, or a value that cannot be.
        """
        return cls.from_dict(read_toml(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FitConfig":
        """Build from plain values; errors as ``read``."""
        for key in values:
            if key not in ("data", "network", "training", "members"):
                raise ConfigError(
                    f"config: unknown table [{key}]; known are [data], [network], [training], [[members]]"
                )
        members = values.get("members", ())
        if not isinstance(members, list | tuple) or not all(isinstance(member, Mapping) for member in members):
            raise ConfigError(f"[[members]]: expected a table for each, in double brackets, got {members!r}")
        for member in members:
            _refuse_unknown({key: value for key, value in member.items() if key != "training"}, "[members]")
            build_table(TrainingConfig, member.get("training", {}), "members.training")
        network = dict(values.get("network", {}))
        _refuse_unknown(network, "[network]")
        return cls(
            data=build_table(DataConfig, values.get("data", {}), "data"),
            network=network,
            training=build_table(TrainingConfig, values.get("training", {}), "training"),
            members=tuple(dict(member) for member in members),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; ``from_dict`` gives the same config back."""
        tables = {"data": asdict(self.data), "network": dict(self.network), "training": asdict(self.training)}
        return tables | ({"members": [dict(member) for member in self.members]} if self.members else {})

    def to_toml(self) -> str:
        """Text that ``read`` reads back."""
        return write_toml(self.to_dict())


def _refuse_unknown(keys: Mapping[str, Any], table: str) -> None:
    known = {f.name for f in fields(ForecasterConfig)} - set(_COVARIATE_KEYS)
    for key in keys:
        if key not in known:
            raise ConfigError(describe_unknown(table, key, known))
