"""The shape of a ``Forecaster``: a frozen value that checks itself and survives JSON."""

from dataclasses import dataclass
from typing import Any

from statecast.inputs.covariates import Covariate, covariates_width
from statecast.inputs.spatial_grid import SpatialGrid
from statecast.layers.cells import registry as cells
from statecast.naive_forecasts import NAIVE_FORECASTS, NINE_NAIVE_FORECASTS
from statecast.plain import Plain, as_tuples, expect
from statecast.time.features import calendar_width
from statecast.time.frequency import Frequency

DECODERS = ("mlp", "recurrent")
TRANSFORMER_HEADS = 4
NINE_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class ForecasterConfig(Plain):
    """Everything that decides a ``Forecaster``'s tensors. Lengths are counted in base steps.

    Raises
    ------
    ConfigError
        If a value is out of range or values do not go together.

    Examples
    --------
    >>> config = ForecasterConfig(freq="1h", horizon=48)
    >>> config.segments, config.resolution_names
    (6, ('1h', '1d'))
    """

    freq: str | None = "1h"
    """Distance of two observations, as text, or None without times."""
    horizon: int = 24
    """Steps ahead, F."""
    season: int = 24
    """Steps per season, m."""
    patch_length: int = 24
    """Steps that the encoder reads at once, P."""
    lookback_length: int = 336
    """Raw values that the state keeps, R; at least 7 m + P."""
    half_life: float = 168.0
    """Steps after which an observation has half its weight in the causal mean and scale."""
    resolutions: tuple[int, ...] = (1, 24)
    """Base steps per coarse step, ascending; the first is always 1."""
    mixed_frequency: tuple[int, ...] = ()
    """Coarse resolutions whose values come from outside, see ``statecast.layers.mixed_frequency``."""
    coarse_history_length: int = 128
    """Buckets of each of these, from before the first step, that a state reads at most."""
    cell: str = "lstm"
    """Recurrent cell, by its name in ``statecast.layers.cells``."""
    width: int = 64
    """Width of hidden vectors, D."""
    layers: int = 1
    """Recurrent layers per encoder."""
    dropout: float = 0.1
    """Share of inputs that training leaves out, from 0 to below 1."""
    segment_length: int = 8
    """Steps of the horizon that share one attention."""
    naive_forecasts: tuple[str, ...] = NINE_NAIVE_FORECASTS
    """Naive forecasts that attention mixes, out of ``statecast.naive_forecasts.NAIVE_FORECASTS``."""
    linear_lookback: bool = True
    """Whether a linear map leads from the raw look-back straight to the horizon."""
    shared_lookback: bool = False
    """Whether a small linear map does that which all places of the season share."""
    feature_attention: bool = False
    """Whether attention runs over the last patches of target and covariates, and over the calendar."""
    memory: int = 0
    """Past patches of the same phase whose hidden vectors are kept and attended to; 0 for none."""
    memory_width: int = 16
    """Numbers that each of them is kept in."""
    transformer_layers: int = 0
    """Layers of a transformer over memory and present; 0 for one attention instead."""
    decoder: str = "mlp"
    """``mlp`` or ``recurrent``, see ``statecast.layers.decoder``."""
    bidirectional: bool = False
    """Whether the finest encoder reads the look-back in both directions anew at every step."""
    spatial_grid: tuple[tuple[str, ...], ...] = ()
    """Rows of names: the place of each past covariate beside ``target``; empty for no grid."""
    asinh_unit: float = 0.0
    """The target enters as asinh(value / unit), see ``statecast.state.transforms``; 0 for as it is."""
    adaptation: float = 1 / 120
    """How fast a series' intervals follow its own misses, in log width per step; 0 for never."""
    coverage_slack: float | None = None
    """Share of the promised misses that is kept back, because moving intervals hold less often; None for automatic."""
    burn_in: int = 0
    """Steps after which a series' own forecasts count in its calibration; 0 for as many as the look-back holds."""
    quantile_levels: tuple[float, ...] = NINE_LEVELS
    """Ascending, within (0, 1), 0.5 among them; Q of them."""
    calendar: tuple[str, ...] = ()
    """Calendar features, out of ``CALENDAR_FEATURES``."""
    past_covariates: tuple[Covariate, ...] = ()
    """Covariates that are known up to the last observation."""
    future_covariates: tuple[Covariate, ...] = ()
    """Covariates that are known over the horizon too."""
    static_covariates: tuple[Covariate, ...] = ()
    """Covariates with one value per series."""

    def __post_init__(self) -> None:
        self._check_sizes()
        self._check_parts()
        self._check_resolutions()
        levels = self.quantile_levels
        inside = all(0.0 < level < 1.0 for level in levels) and list(levels) == sorted(set(levels))
        expect(inside and 0.5 in levels, "quantile_levels", "ascending within (0, 1) with 0.5 among them", levels)
        timed = self.freq is not None or not self.calendar
        expect(timed, "calendar", "none for a model without a freq", self.calendar)
        calendar_width(self.calendar)

    def _check_sizes(self) -> None:
        lengths = ("horizon", "season", "patch_length", "width", "layers", "segment_length", "coarse_history_length")
        for name in (*lengths, "memory_width"):
            expect(getattr(self, name) >= 1, name, "a whole number above 0", getattr(self, name))
        for name, unit in (("memory", "patches"), ("transformer_layers", "layers"), ("burn_in", "steps")):
            expect(getattr(self, name) >= 0, name, f"0 or a number of {unit}", getattr(self, name))
        for name in ("dropout", "adaptation", "coverage_slack"):
            value = getattr(self, name) or 0.0
            expect(0.0 <= value < 1.0, name, "a number from 0 to below 1", value)
        expect(self.asinh_unit >= 0, "asinh_unit", "0 or a number above it", self.asinh_unit)
        expect(self.half_life > 0, "half_life", "a number of steps above 0", self.half_life)
        needed, kept = 7 * self.season + self.patch_length, self.lookback_length
        expect(kept >= needed, "lookback_length", f"at least 7 seasons and a patch, {needed}", kept)

    def _check_parts(self) -> None:
        if self.transformer_layers:
            expect(self.memory >= 1, "memory", "patches to look back on, for transformer_layers", self.memory)
            even, heads = self.memory_width % TRANSFORMER_HEADS == 0, TRANSFORMER_HEADS
            expect(even, "memory_width", f"a multiple of {heads}, the transformer's heads", self.memory_width)
        cells.get(self.cell)
        unlike = set(self.naive_forecasts)
        chosen = bool(unlike) and unlike <= set(NAIVE_FORECASTS) and len(unlike) == len(self.naive_forecasts)
        expect(chosen, "naive_forecasts", f"one or more out of {', '.join(NAIVE_FORECASTS)}", self.naive_forecasts)
        expect(self.decoder in DECODERS, "decoder", f"one of {', '.join(DECODERS)}", self.decoder)
        if self.spatial_grid:
            SpatialGrid(self.spatial_grid)
            expect(self.cell == "lstm", "cell", "lstm, the only cell that reads a grid", self.cell)
            expect(not self.bidirectional, "bidirectional", "false with a grid, which is read forwards", True)

    def _check_resolutions(self) -> None:
        ascending = all(a < b for a, b in zip(self.resolutions, self.resolutions[1:], strict=False))
        first = self.resolutions[:1] == (1,) and ascending
        expect(first, "resolutions", "1 and then larger ones", self.resolutions)
        among = tuple(length for length in self.resolutions[1:] if length in self.mixed_frequency)
        chosen = self.mixed_frequency == among
        expected = f"resolutions out of {self.resolutions[1:]}, ascending"
        expect(chosen, "mixed_frequency", expected, self.mixed_frequency)
        if self.freq is not None:
            Frequency.parse(self.freq)

    @property
    def resolution_names(self) -> tuple[str, ...]:
        """Name of each resolution: its freq, such as ``1d``, or its length in base steps for a model without times."""
        base = Frequency.parse(self.freq) if self.freq else None
        return tuple(str(base.coarser(length)) if base else str(length) for length in self.resolutions)

    @property
    def mixed_frequency_names(self) -> dict[str, int]:
        """Resolutions whose values come from outside, by name, with their lengths in base steps."""
        named = zip(self.resolution_names, self.resolutions, strict=True)
        return {name: length for name, length in named if length in self.mixed_frequency}

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
        """Raw values in the state: the look-back and, for hindcasts, one horizon before it."""
        return self.lookback_length + (self.horizon if self.adaptation else 0)

    @property
    def bidirectional_length(self) -> int:
        """Raw values that a bidirectional encoder reads anew at every step: whole patches of the look-back; else 0."""
        return self.lookback_length // self.patch_length * self.patch_length if self.bidirectional else 0

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
        if "spatial_grid" in values:  # a row that is text would come apart into letters
            rows = values["spatial_grid"]
            values["spatial_grid"] = tuple(row if isinstance(row, str) else tuple(row) for row in rows)
        return as_tuples(values, "resolutions", "mixed_frequency", "naive_forecasts", "quantile_levels", "calendar")
