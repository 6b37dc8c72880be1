"""The shape of a network: a frozen value that checks itself and survives JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from statecast.errors import ConfigError, StatecastError
from statecast.inputs.covariates import Covariate, covariates_width
from statecast.inputs.spatial_grid import SpatialGrid
from statecast.layers.cells.recurrent import CELLS
from statecast.naive_forecasts import EXPERTS, NINE_EXPERTS
from statecast.time.features import calendar_width
from statecast.time.frequency import Frequency

DECODERS = ("mlp", "recurrent")
TRANSFORMER_HEADS = 4
NINE_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class Plain:
    """A config that survives JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; ``from_dict`` gives the same config back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from JSON values.

        Raises
        ------
        ConfigError
            If a key is unknown, a value has the wrong type, or values do not go together.
        """
        known = {field.name for field in fields(cls)}
        for key in values:
            if key not in known:
                raise ConfigError(f"config: unknown key {key!r}; known are {', '.join(sorted(known))}")
        try:
            return cls(**cls._typed(dict(values)))
        except StatecastError:
            raise
        except (TypeError, AttributeError, ValueError) as error:
            raise ConfigError(f"config: a value has the wrong type: {error}") from None

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What JSON cannot tell apart, such as tuples, as the fields want it."""
        return values


@dataclass(frozen=True)
class ForecasterConfig(Plain):
    """Everything that decides a ``Forecaster``'s tensors. Lengths are counted in base steps unless a name says else.

    freq: distance of two observations, as text, or None without times.
    horizon: steps ahead, F.  season: steps a season, m.  patch_length: P.  ring_length: raw values kept, >= 7m + P.
    half_life: of the causal mean and scale.  resolutions: base steps a coarse step; the first is always 1.
    given: those coarse resolutions whose values are given, not derived, see ``statecast.layers.mixed_frequency``.
    earlier_length: buckets of each given resolution from before its first step that a state reads, at most.
    cell, width, layers, dropout: the recurrent encoders.  segment_length: steps that share one attention over experts.
    experts: names of cheap forecasts out of ``EXPERTS``, see ``statecast.naive_forecasts``.
    linear_ring: a linear map of the raw ring straight to the horizon.  shared_ring: a small one that all places of the
    season share.
    feature_attention: attention over the target's and each covariate's last patch and the calendar.
    memory: past patches of the same phase whose hidden vectors are kept and attended to, 0 for none; each is kept in
    memory_width numbers.  transformer_layers: of a transformer over memory and present, 0 for one attention instead.
    decoder: ``mlp``, or ``recurrent``, see ``statecast.layers.decoder``.
    bidirectional: the finest encoder reads the ring in both directions anew at every step, see
    ``statecast.layers.bidirectional_encoder``.
    grid: rows of names, the place of each past covariate beside ``target``, see ``statecast.layers.grid_encoder``;
    none for no grid.
    asinh_unit: the target enters as asinh(value / unit), see ``statecast.state.transforms``; 0 for as it is.
    adaptation: how fast a series' intervals follow its own misses, in log width a step; 0 for never.
    wandering: share of the promised misses that is kept back, as intervals that move hold less often; None for what
    goes with how far they may move in a horizon.
    settled: steps after which a series' forecasts are looked back upon, 0 for as many as the ring holds.
    quantile_levels: ascending, within (0, 1), 0.5 among them.  calendar: names out of ``CALENDAR_FEATURES``.
    past_covariates, future_covariates, static_covariates: how each becomes numbers.
    """

    freq: str | None = "1h"
    horizon: int = 24
    season: int = 24
    patch_length: int = 24
    ring_length: int = 336
    half_life: float = 168.0
    resolutions: tuple[int, ...] = (1, 24)
    given: tuple[int, ...] = ()
    earlier_length: int = 128
    cell: str = "lstm"
    width: int = 64
    layers: int = 1
    dropout: float = 0.1
    segment_length: int = 8
    experts: tuple[str, ...] = NINE_EXPERTS
    linear_ring: bool = True
    shared_ring: bool = False
    feature_attention: bool = False
    memory: int = 0
    memory_width: int = 16
    transformer_layers: int = 0
    decoder: str = "mlp"
    bidirectional: bool = False
    grid: tuple[tuple[str, ...], ...] = ()
    asinh_unit: float = 0.0
    adaptation: float = 1 / 120
    wandering: float | None = None
    settled: int = 0
    quantile_levels: tuple[float, ...] = NINE_LEVELS
    calendar: tuple[str, ...] = ()
    past_covariates: tuple[Covariate, ...] = ()
    future_covariates: tuple[Covariate, ...] = ()
    static_covariates: tuple[Covariate, ...] = ()

    def __post_init__(self) -> None:
        lengths = ("horizon", "season", "patch_length", "width", "layers", "segment_length", "earlier_length")
        for name in (*lengths, "memory_width"):
            expect(getattr(self, name) >= 1, name, "a whole number above 0", getattr(self, name))
        for name, unit in (("memory", "patches"), ("transformer_layers", "layers"), ("settled", "steps")):
            expect(getattr(self, name) >= 0, name, f"0 or a number of {unit}", getattr(self, name))
        if self.transformer_layers:
            expect(self.memory >= 1, "memory", "patches to look back on, for transformer_layers", self.memory)
            even = self.memory_width % TRANSFORMER_HEADS == 0
            expect(
                even, "memory_width", f"a multiple of {TRANSFORMER_HEADS}, the transformer's heads", self.memory_width
            )
        expect(self.cell in CELLS, "cell", f"one of {', '.join(CELLS)}", self.cell)
        unlike = set(self.experts)
        chosen = bool(unlike) and unlike <= set(EXPERTS) and len(unlike) == len(self.experts)
        expect(chosen, "experts", f"one or more out of {', '.join(EXPERTS)}", self.experts)
        expect(self.decoder in DECODERS, "decoder", f"one of {', '.join(DECODERS)}", self.decoder)
        if self.grid:
            SpatialGrid(self.grid)
            expect(self.cell == "lstm", "cell", "lstm, the only cell that reads a grid", self.cell)
            expect(not self.bidirectional, "bidirectional", "false with a grid, which is read forwards", True)
        expect(0.0 <= self.dropout < 1.0, "dropout", "0 up to, not with, 1", self.dropout)
        expect(0.0 <= self.adaptation < 1.0, "adaptation", "0 up to, not with, 1", self.adaptation)
        expect(0.0 <= (self.wandering or 0.0) < 1.0, "wandering", "0 up to, not with, 1", self.wandering)
        expect(self.asinh_unit >= 0, "asinh_unit", "0 or a number above it", self.asinh_unit)
        expect(self.half_life > 0, "half_life", "a number of steps above 0", self.half_life)
        needed = 7 * self.season + self.patch_length
        expect(self.ring_length >= needed, "ring_length", f"at least 7 seasons and a patch, {needed}", self.ring_length)
        ascending = all(a < b for a, b in zip(self.resolutions, self.resolutions[1:], strict=False))
        expect(
            self.resolutions[:1] == (1,) and ascending,
            "resolutions",
            "1 and then larger ones",
            self.resolutions,
        )
        among = tuple(length for length in self.resolutions[1:] if length in self.given)
        expect(self.given == among, "given", f"resolutions out of {self.resolutions[1:]}, ascending", self.given)
        levels = self.quantile_levels
        inside = all(0.0 < level < 1.0 for level in levels) and list(levels) == sorted(set(levels))
        expect(inside and 0.5 in levels, "quantile_levels", "ascending within (0, 1) with 0.5 among them", levels)
        if self.freq is not None:
            Frequency.parse(self.freq)
        expect(self.freq is not None or not self.calendar, "calendar", "none for a model without freq", self.calendar)
        calendar_width(self.calendar)

    @property
    def resolution_names(self) -> tuple[str, ...]:
        """What each resolution is called: its freq, such as 1d, or its length in base steps for a model without."""
        base = Frequency.parse(self.freq) if self.freq else None
        return tuple(str(base.coarser(length)) if base else str(length) for length in self.resolutions)

    @property
    def given_names(self) -> dict[str, int]:
        """Given resolutions by name, with their lengths in base steps."""
        named = zip(self.resolution_names, self.resolutions, strict=True)
        return {name: length for name, length in named if length in self.given}

    @property
    def past_width(self) -> int:
        """Columns of encoded past covariates."""
        return covariates_width(self.past_covariates)

    @property
    def user_known_width(self) -> int:
        """Columns of encoded future covariates."""
        return covariates_width(self.future_covariates)

    @property
    def known_width(self) -> int:
        """Columns known ahead: calendar features, then encoded future covariates."""
        return calendar_width(self.calendar) + self.user_known_width

    @property
    def static_width(self) -> int:
        """Columns of encoded static covariates."""
        return covariates_width(self.static_covariates)

    @property
    def kept_length(self) -> int:
        """Raw values in the state: the ring and, to look back upon past origins, one horizon before it."""
        return self.ring_length + (self.horizon if self.adaptation else 0)

    @property
    def window_length(self) -> int:
        """Raw values that the finest encoder reads anew at every step: a bidirectional one the ring's whole patches."""
        return self.ring_length // self.patch_length * self.patch_length if self.bidirectional else 0

    @property
    def segments(self) -> int:
        """Horizon segments, the last of which may be cut short."""
        return -(-self.horizon // self.segment_length)

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in ("past_covariates", "future_covariates", "static_covariates"):
            values[name] = tuple(
                Covariate(**{**entry, "levels": tuple(entry.get("levels", ()))}) for entry in values.get(name, ())
            )
        if "grid" in values:  # a row that is text would come apart into letters
            values["grid"] = tuple(row if isinstance(row, str) else tuple(row) for row in values["grid"])
        return as_tuples(values, "resolutions", "given", "experts", "quantile_levels", "calendar")


@dataclass(frozen=True)
class GeneratorConfig(Plain):
    """Everything that decides a ``Generator``'s tensors.

    vocabulary: ``char``, ``word`` or ``byte``.  symbols: those that it knows, none for ``byte``.  embedding, width,
    layers, cell, dropout: of the recurrent layers.
    """

    vocabulary: str = "char"
    symbols: tuple[str, ...] = ()
    embedding: int = 128
    width: int = 256
    layers: int = 2
    cell: str = "lstm"
    dropout: float = 0.2

    def __post_init__(self) -> None:
        for name in ("embedding", "width", "layers"):
            expect(getattr(self, name) >= 1, name, "a whole number above 0", getattr(self, name))
        expect(self.cell in CELLS, "cell", f"one of {', '.join(CELLS)}", self.cell)
        expect(0.0 <= self.dropout < 1.0, "dropout", "0 up to, not with, 1", self.dropout)

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        return as_tuples(values, "symbols")


def as_tuples(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Lists of JSON as the tuples that a config holds."""
    return values | {name: tuple(values[name]) for name in names if name in values}


def expect(holds: bool, name: str, expected: str, got: object) -> None:
    """Raise a ``ConfigError`` that names the key, what was expected and what came, unless it ``holds``."""
    if not holds:
        raise ConfigError(f"{name}: expected {expected}, got {got!r}")
