"""What a fit chooses by itself, from the freq, the length of the series and the horizon."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.time.frequency import Frequency
from statecast.time.seasonality import usual_season
from training.data.panel import MANY, Panel

# Horizon, calendar and coarse step by unit, for a count of 1.
_UNITS: dict[str, tuple[int, tuple[str, ...], int]] = {
    "s": (60, ("hour",), 60),
    "min": (60, ("hour", "day", "weekend"), 60),
    "h": (48, ("day", "week", "weekend", "year"), 24),
    "d": (14, ("week", "year"), 7),
    "b": (10, ("week", "year"), 5),
    "w": (13, ("year",), 4),
    "mo": (18, ("year",), 12),
    "q": (8, ("year",), 4),
    "y": (6, (), 5),
    "bmo": (18, ("year",), 12),
    "bq": (8, ("year",), 4),
    "by": (6, (), 5),
}
_A_HORIZON = 0.8  # log width that conformal offsets may move in a horizon; 1 / 120 per step at 96 steps
_A_YEAR = {
    "s": 31_536_000, "min": 525_600, "h": 8_760, "d": 365, "b": 261, "w": 52, "mo": 12, "q": 4, "y": 1, "bmo": 12,
    "bq": 4, "by": 1,
}  # fmt: skip


def choose_network(panel: Panel, decided: Mapping[str, Any]) -> ForecasterConfig:
    """Fill in what a config leaves open; covariates are fitted later.

    Parameters
    ----------
    panel : Panel
        The series: their freq, their lengths, how many there are, and their tables of coarser resolutions.
    decided : mapping of str to any
        Keys of ``[network]`` that are decided.

    Returns
    -------
    ForecasterConfig
        With all that is decided as it is.

    Raises
    ------
    ConfigError
        If the values do not go together, or ``freq`` is not the data's.
    """
    lives = [item.last + 1 - item.first for item in panel.items]
    length = int(np.quantile(lives, 0.75))
    season = usual_season(panel.freq) if panel.freq else 1
    horizon, calendar, coarse = _by_freq(panel.freq, season)
    values: dict[str, Any] = {"freq": str(panel.freq) if panel.freq else None, "calendar": calendar}
    # A season that is seen fewer than three times cannot be learned; nor can a place in the year.
    values["season"] = season if length >= 3 * season else 1
    if panel.freq and length * panel.freq.count < 3 * _A_YEAR[panel.freq.unit]:
        values["calendar"] = tuple(name for name in calendar if name != "year")
    values["horizon"] = max(min(horizon, length // 5), 1)
    values |= decided
    season = int(values["season"])
    # Wide patches cost less; short lives need narrow ones, so that there are some to learn from.
    widest = max(length // 16, 1)
    values.setdefault("patch_length", max(min(season if season > 3 else 8, 24, widest), 1))
    patch = int(values["patch_length"])
    values.setdefault("lookback_length", max(7 * season + patch, 14 * season, 4 * patch))
    values.setdefault("half_life", float(patch * (30 if length > 100 * patch else 7)))
    values.setdefault("resolutions", (1, coarse) if length >= 8 * coarse else (1,))
    tables = set(panel.items[0].mixed_frequency)
    if tables:
        values["resolutions"] = tuple(sorted({*values["resolutions"], *tables}))
        values.setdefault("mixed_frequency", tuple(sorted(tables)))
    values.setdefault("width", 64 if sum(lives) > 2000 else 32)
    # Series of unlike kinds have no linear map in common: it costs a twentieth of OWA on M4 Hourly.
    values.setdefault("linear_lookback", len(panel.items) < MANY)
    values.setdefault("segment_length", max(min(8, int(values["horizon"])), 1))
    # Errors hang together for about a horizon: a memory shorter than that follows what is over when the next one comes.
    values.setdefault("adaptation", min(1 / 120, _A_HORIZON / int(values["horizon"])))
    if values["freq"] != (str(panel.freq) if panel.freq else None):
        raise ConfigError(f"freq: the data has {panel.freq}, the config says {values['freq']}; leave it out")
    return ForecasterConfig.from_dict(values)


def choose_forks(panel: Panel, config: ForecasterConfig, forks: int, warm: int) -> tuple[int, int]:
    """Shorten the training sequences where no item is as long; the warm part shrinks with them.

    Parameters
    ----------
    panel : Panel
        The series.
    config : ForecasterConfig
        The network's: patch length and horizon.
    forks : int
        Length of the longest sequence that is wanted, in patches.
    warm : int
        First patches of it whose forecasts are not scored.

    Returns
    -------
    tuple of int
        Both, for a sequence that some item holds; at least one patch.
    """
    longest = max(item.last + 1 - item.first for item in panel.items)
    most = max((longest - config.horizon) // config.patch_length, 1)
    if most >= forks:
        return forks, warm
    return most, warm * most // forks


def _by_freq(freq: Frequency | None, season: int) -> tuple[int, tuple[str, ...], int]:
    """Horizon, calendar and coarse step."""
    if freq is None:
        return 12, (), 8
    horizon, calendar, coarse = _UNITS[freq.unit]
    if freq.count == 1:
        return horizon, calendar, coarse
    if freq.unit == "min" and 1440 % freq.count == 0:
        return min(season, 96), ("day", "week", "weekend", "year"), max(60 // freq.count, 4)
    if season > 1:
        return max(horizon // freq.count, 4), calendar, max(coarse // freq.count, 2)
    return horizon, calendar, max(coarse, 2)
