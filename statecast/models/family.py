"""One set of weights for every season: a family of forecasters that differ in lengths alone.

What a ``Forecaster`` has learned, how patches become a state and a state a forecast, does not depend on how many
steps a season has; the look-back, the lags and the half-life do. So the weights are kept once, and ``of(season)``
gives a forecaster of that season which uses them. Only the embedding of a patch depends on its length: there is one
for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from statecast.config import NINE_LEVELS, ForecasterConfig
from statecast.layers.cells import registry as cells
from statecast.models.forecaster import Forecaster
from statecast.naive_forecasts import NINE_NAIVE_FORECASTS
from statecast.plain import Plain, as_tuples, expect
from statecast.uncertainty.calibration import SPREAD_GROWTH, Calibration
from statecast.uncertainty.quantile_levels import TAIL_EXPONENT

REACH = 1024
"""Steps ahead that a family forecasts at most, rolling on past its horizon."""

_SPREAD_GROWTH = ((12, 0.135), (48, 0.04), (512, 0.06))
"""``[largest season, spread growth]`` where nothing else was found: of the default model on the series of
``benchmarks.beyond_horizon``."""
_TAIL_EXPONENTS = ((12, 1.02), (48, 1.01), (512, 1.03))
"""``[largest season, base of the tails]`` likewise, of the default model on the synthetic series of its calibration."""


@dataclass(frozen=True)
class FamilyConfig(Plain):
    """What the members of a family have in common, and what follows from a season.

    Raises
    ------
    ConfigError
        If a value is out of range or values do not go together.

    Examples
    --------
    >>> FamilyConfig().of(24, "1h").horizon
    96
    """

    patches: tuple[tuple[int, int, int], ...] = ((12, 8, 32), (48, 16, 96), (512, 32, 96))
    """``[largest season, patch length, horizon]``, by rising season; a season takes the first that holds it."""
    cell: str = "gru"
    """Recurrent cell, by its name in ``statecast.layers.cells``."""
    width: int = 128
    """Width of hidden vectors, D."""
    layers: int = 1
    """Recurrent layers."""
    naive_forecasts: tuple[str, ...] = NINE_NAIVE_FORECASTS
    """Naive forecasts that attention mixes, out of ``statecast.naive_forecasts.NAIVE_FORECASTS``."""
    dropout: float = 0.0
    """Share of inputs that training leaves out, from 0 to below 1."""
    segment_length: int = 8
    """Steps of the horizon that share one attention."""
    quantile_levels: tuple[float, ...] = NINE_LEVELS
    """Ascending, within (0, 1), 0.5 among them; Q of them."""
    adaptation: float = 1 / 120
    """How fast a series' intervals follow its own misses, in log width per step; 0 for never."""
    coverage_slack: float | None = None
    """Share of the promised misses that is kept back, because moving intervals hold less often; None for automatic."""
    burn_in: int = 2
    """Seasons, and a patch, after which a series' own forecasts count in its calibration; 0 for the look-back."""

    def __post_init__(self) -> None:
        cells.get(self.cell)
        seasons = [season for season, _, _ in self.patches]
        expect(bool(seasons) and seasons == sorted(set(seasons)), "patches", "rising seasons", self.patches)
        lengths = [length for _, length, _ in self.patches]
        expect(len(set(lengths)) == len(lengths), "patches", "a length of its own for each", self.patches)

    @property
    def longest_season(self) -> int:
        """The longest season that the family knows what to do with."""
        return self.patches[-1][0]

    @property
    def horizon(self) -> int:
        """Steps ahead of a forecast that names no number, whatever its season: the longest that a member has."""
        return max(horizon for _, _, horizon in self.patches)

    def of(self, season: int, freq: str | None = None, horizon: int | None = None) -> ForecasterConfig:
        """Return the shape of the member for a season.

        Parameters
        ----------
        season : int
            Steps per season.
        freq : str or None
            Distance of two observations.
        horizon : int or None
            Steps ahead; None for the family's own.

        Returns
        -------
        ForecasterConfig
            The member's shape.

        Raises
        ------
        ConfigError
            If the season is below 1 or longer than the family's longest, or the horizon beyond ``REACH``.
        """
        expect(1 <= season <= self.longest_season, "season", f"1 to {self.longest_season} steps", season)
        _, length, most = next(entry for entry in self.patches if season <= entry[0])
        expect(horizon is None or 1 <= horizon <= REACH, "horizon", f"1 to {REACH} steps", horizon)
        return ForecasterConfig(
            freq=freq,
            horizon=horizon or most,
            season=season,
            patch_length=length,
            lookback_length=max(7 * season + length, min(14 * season, 512), 64),
            half_life=float(max(7 * season, 24)),
            resolutions=(1,),
            cell=self.cell,
            width=self.width,
            layers=self.layers,
            naive_forecasts=self.naive_forecasts,
            dropout=self.dropout,
            segment_length=self.segment_length,
            linear_lookback=False,
            adaptation=self.adaptation,
            coverage_slack=self.coverage_slack,
            burn_in=self.burn_in * season + length if self.burn_in else 0,
            quantile_levels=self.quantile_levels,
        )

    @classmethod
    def _typed(cls, values: dict[str, Any]) -> dict[str, Any]:
        if "patches" in values:
            values["patches"] = tuple((int(a), int(b), int(c)) for a, b, c in values["patches"])
        return as_tuples(values, "quantile_levels", "naive_forecasts")


class Family(nn.Module):
    """One set of weights: ``recurrent`` and ``parts`` of all members, ``embeds`` and ``calibrations`` by patch length.

    Parameters
    ----------
    config : FamilyConfig
        What its members have in common.
    """

    def __init__(self, config: FamilyConfig) -> None:
        super().__init__()
        self.config = config
        members = {str(length): Forecaster(config.of(season)) for season, length, _ in config.patches}
        # Segments of a shorter horizon are the first ones of the longest.
        longest = members[str(max(config.patches, key=lambda entry: entry[2])[1])]
        self.recurrent = longest.encoder.recurrent
        self.parts = nn.ModuleDict(
            {
                name: part
                for name, part in longest.named_children()
                if name not in ("encoder", "calibration") and list(part.parameters())
            }
        )
        self.embeds = nn.ModuleDict({length: member.encoder.embed for length, member in members.items()})
        self.calibrations = nn.ModuleDict({length: member.calibration for length, member in members.items()})
        for season, length, _ in config.patches:
            calibration = self.calibration(str(length))
            calibration.spread_growth.fill_(_by_season(_SPREAD_GROWTH, season, SPREAD_GROWTH))
            calibration.tail_exponents.fill_(_by_season(_TAIL_EXPONENTS, season, TAIL_EXPONENT))

    def of(self, season: int, freq: str | None = None, horizon: int | None = None) -> Forecaster:
        """Return the member for a season: a forecaster of its own shape that shares the family's weights.

        Parameters
        ----------
        season : int
            Steps per season.
        freq : str or None
            Distance of two observations.
        horizon : int or None
            Steps ahead; None for the family's own.

        Returns
        -------
        Forecaster
            The member.

        Raises
        ------
        ConfigError
            As ``FamilyConfig.of``, and if the horizon is beyond the family's own.
        """
        most = self.config.of(season).horizon
        expect(horizon is None or horizon <= most, "horizon", f"1 to {most} steps", horizon)
        config = self.config.of(season, freq, horizon)
        with torch.random.fork_rng(devices=[]):  # its own first weights are thrown away
            member = Forecaster(config)
        for name, part in self.parts.items():
            setattr(member, name, part)
        length = str(config.patch_length)
        member.encoder.recurrent = self.recurrent
        member.encoder.embed = self.embeds[length]  # type: ignore[assignment]
        # What validation found is shared; the rate follows the stride of origins, which is the member's own.
        found, own = self.calibration(length), member.calibration
        own.conformal_offsets = found.conformal_offsets[:, : config.segments]
        own.in_sample_offsets = found.in_sample_offsets[:, : config.segments]
        own.cold_start_widening = found.cold_start_widening[: config.segments]
        own.aims = own.aims.to(found.aims.device)
        own.autocorrelation, own.in_sample_until = found.autocorrelation[: config.horizon], found.in_sample_until
        own.spread_growth, own.tail_exponents = found.spread_growth, found.tail_exponents
        return member.train(self.training)

    def calibration(self, length: str) -> Calibration:
        """Return what the members of one patch length share: the very buffers, to be read or set.

        Parameters
        ----------
        length : str
            Patch length, as the key of a module.

        Returns
        -------
        Calibration
            Not a copy.
        """
        found = self.calibrations[length]
        assert isinstance(found, Calibration)
        return found

    def apart(self, config: ForecasterConfig) -> Forecaster:
        """Return a forecaster with weights of its own that begin as the family's, to be trained on.

        Parameters
        ----------
        config : ForecasterConfig
            A member's shape, of any horizon. With a shorter one than the family's it has the queries of the first
            segments; segments beyond the family's begin with the query of its last one.

        Returns
        -------
        Forecaster
            Its weights are copies.
        """
        own = Forecaster(config)
        theirs = self.of(config.season, config.freq).state_dict()
        own.load_state_dict({name: _fitted(theirs[name], value) for name, value in own.state_dict().items()})
        return own


def _by_season(values: Sequence[tuple[int, float]], season: int, otherwise: float) -> float:
    return next((value for most, value in values if season <= most), otherwise)


def _fitted(weights: Tensor, wanted: Tensor) -> Tensor:
    """Cut or lengthen weights to the shape that is wanted, by their last row or column."""
    for dim, size in enumerate(wanted.shape):
        index = torch.arange(size, device=weights.device).clamp(max=weights.shape[dim] - 1)
        weights = weights.index_select(dim, index)
    return weights
