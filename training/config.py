"""The config of a fit on a table: tables of a TOML file, as frozen values that refuse unknown keys by name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from statecast import metrics
from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from training.data.columns import Columns
from training.fit_config import TabledConfig
from training.toml import build_table, expect

WEIGHTINGS = ("auto", "scale", "standard", "owa")
"""Units of the loss, see ``training.fitting.loss_weighting.LossWeighting``."""
REPORTED = ("mse", "mae", "smape", "mase", "owa", "wql", "interval_score", "coverage", "directional_accuracy")


def _expect(holds: bool, name: str, expected: str, got: object) -> None:
    expect(holds, f"[training] {name}", expected, got)


@dataclass(frozen=True)
class DataConfig:
    """Table ``[data]``: how a table is read and cut."""

    item_id: str = "item_id"
    """Column that names the item; left as it is, `unique_id` will do too, and a table without it is one series."""
    timestamp: str | None = None
    """Column of timestamps or whole steps; left out, the first that is called like one (timestamp, ds, date, ...) or
    holds times."""
    target: str = "target"
    """Column to forecast; left as it is, `y` will do too, else the only column of numbers."""
    wide: bool | None = None
    """Whether each column is a series of its own; left out, wide if there is no target column and several of
    numbers."""
    past: tuple[str, ...] = ()
    """Columns of covariates that are known up to now."""
    future: tuple[str, ...] = ()
    """Columns of covariates that are known ahead; rows after the last target hold them."""
    static: tuple[str, ...] = ()
    """Columns of covariates that are constant per item."""
    timezone: str | None = None
    """Time zone such as Europe/Berlin whose days, weeks and months count."""
    timestamp_unit: str | None = None
    """`s` or `ms`: whole-number timestamps are that long after 1970; left out, they count steps."""
    dayfirst: bool | None = None
    """Whether 01/02/2026 is the first of February."""
    separator: str | None = None
    """Mark between the fields of a text: `comma`, `semicolon`, `tab`, or the character; left out, its lines show it."""
    decimal: str | None = None
    """`point` or `comma`: mark before decimals; left out, the numbers show it."""
    encoding: str | None = None
    """Encoding of a text, such as utf-8, utf-16 or latin-1; left out, its bytes show it."""
    freq: str | None = None
    """Distance of two rows, such as 1h; left out, it is inferred."""
    resolutions: Mapping[str, str] = field(default_factory=dict)
    """Tables of coarser freqs for the same items, file by freq."""
    borders: tuple[int, ...] = ()
    """Rows at which training, validation and test end; left out, `fractions` cuts."""
    fractions: tuple[float, ...] = (0.7, 0.15, 0.15)
    """Shares of each item's life for training, validation and test."""

    def __post_init__(self) -> None:
        valid = all(isinstance(file, str) for file in self.resolutions.values())
        expect(valid, "[data] resolutions", "a table of freq = file", dict(self.resolutions))

    @property
    def columns(self) -> Columns:
        """The part of this config that names columns."""
        return Columns(**{f.name: getattr(self, f.name) for f in fields(Columns)})


@dataclass(frozen=True)
class TrainingConfig:
    """Table ``[training]``: how a network is fitted."""

    seed: int = 0
    """Seed of all randomness."""
    start: str = ""
    """Artifact of a pretrained family whose weights to start from; empty for random weights."""
    steps: int = 0
    """Updates of the weights; 0 for what the recipe says."""
    seconds: float = 0.0
    """Time budget of training in seconds, 0 for none."""
    batch: int = 0
    """Sequences per batch; 0 for what the recipe says."""
    accumulate: int = 1
    """Batches per step, where memory holds few sequences at once."""
    forks: int = 45
    """Length of the longest sequence, in patches; a forecast is due after each."""
    warm: int = 15
    """First patches of a sequence whose forecasts are not scored."""
    learning_rate: float = 0.0
    """Highest learning rate; 0 for what the recipe says."""
    weight_decay: float = 1e-2
    """Weight decay of AdamW."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    averaging: float = 0.33
    """Share of the steps, the last ones, whose weights are averaged."""
    weighting: str = "auto"
    """Unit of the loss: `scale` (each series' own), `standard` (its deviation in training), `owa` (as OWA weighs it),
    or `auto`."""
    median_weight: float = 1.0
    """Weight of the median among the quantile levels, each other counts 1."""
    validation_every: int = 0
    """Steps between validations; 0 for what the recipe says."""
    validation_stride: int = 5
    """Steps between validated origins."""
    patience: int = 10
    """Validations without progress after which training stops."""
    judge: str = "pinball"
    """Metric by which validation chooses weights and parts; any that is better when lower."""
    metrics: tuple[str, ...] = REPORTED
    """Columns of the table of errors and of the report, in order, see [metrics](metrics.md)."""
    covariate_dropout: float = 0.0
    """Share of training sequences that see no covariates; above 0 they are optional in forecasts."""
    calendar_dropout: float = 0.0
    """Share of training sequences that see no calendar."""
    boosting: bool = True
    """Whether boosted trees are among the baselines."""
    baseline_seconds: float = 60.0
    """Longest time in seconds that a slow baseline may take by an estimate; the table names those left out."""
    threads: int = 1
    """CPU threads, 0 leaves them as they are. These networks are small: a second one seldom helps."""
    device: str = "cpu"
    """`cpu`, `cuda`, or `auto` for CUDA where there is a device."""
    precision: str = "32-true"
    """`32-true`, or `bf16-mixed` for products in bfloat16, whose error the fit prints; for a GPU."""

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
        precisions = ("32-true", "bf16-mixed")
        _expect(self.precision in precisions, "precision", f"one of {', '.join(precisions)}", self.precision)
        for name in ("averaging", "covariate_dropout", "calendar_dropout"):
            _expect(0.0 <= getattr(self, name) <= 1.0, name, "a share, 0 to 1", getattr(self, name))
        _expect(self.baseline_seconds >= 0, "baseline_seconds", "0 or more", self.baseline_seconds)
        _expect(
            self.learning_rate >= 0, "learning_rate", "a number above 0, or 0 to have it chosen", self.learning_rate
        )
        for name in ("clip", "median_weight"):
            _expect(getattr(self, name) > 0, name, "a number above 0", getattr(self, name))


@dataclass(frozen=True)
class FitConfig(TabledConfig):
    """A whole fit on a table."""

    NETWORK = ForecasterConfig
    FROM_DATA = ("past_covariates", "future_covariates", "static_covariates")

    data: DataConfig = field(default_factory=DataConfig)
    """How the table is read and cut."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the ``ForecasterConfig``; what is absent is chosen from the data."""
    training: TrainingConfig = field(default_factory=TrainingConfig)
    """How the network is fitted."""
    members: tuple[Mapping[str, Any], ...] = ()
    """Members of an ensemble: each one's own keys of ``network`` and, under ``training``, of ``training``."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FitConfig":
        """Build a config from plain values.

        Parameters
        ----------
        values : mapping of str to any
            The tables ``data``, ``network``, ``training`` and the list ``members``, each if there is one.

        Returns
        -------
        FitConfig
            With defaults for what is absent.

        Raises
        ------
        ConfigError
            If a table or key is unknown, or a value cannot be.

        Examples
        --------
        >>> FitConfig.from_dict({"network": {"horizon": 24}, "training": {"seed": 1}}).training.seed
        1
        """
        for key in values:
            if key not in ("data", "network", "training", "members"):
                raise ConfigError(
                    f"config: unknown table [{key}]; known are [data], [network], [training], [[members]]"
                )
        members = values.get("members", ())
        if not isinstance(members, list | tuple) or not all(isinstance(member, Mapping) for member in members):
            raise ConfigError(f"[[members]]: expected a table for each, in double brackets, got {members!r}")
        for member in members:
            cls.refuse_unknown({key: value for key, value in member.items() if key != "training"}, "members")
            build_table(TrainingConfig, member.get("training", {}), "members.training")
        network = dict(values.get("network", {}))
        cls.refuse_unknown(network, "network")
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
