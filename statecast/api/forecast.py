"""Forecasting one series by hand, without a server: lists or arrays in, arrays out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from statecast.config import ForecasterConfig
from statecast.errors import InputError
from statecast.inputs.covariates import encode_covariates
from statecast.layers.heads import interpolate_levels
from statecast.layers.mixed_frequency import align, first_bucket
from statecast.models.family import REACH, Family
from statecast.models.interface import SeriesNetwork
from statecast.models.scenarios import direct_quantiles
from statecast.state.lookback import Observations
from statecast.time.features import calendar_features, calendar_width
from statecast.time.frequency import Frequency
from statecast.time.seasonality import choose_season

# Rows of history that are read at once; bounds memory, changes no result.
_CHUNK = 4096


@dataclass(frozen=True)
class SeriesForecast:
    """``mean`` and each quantile are ``[F]`` in the target's unit; ``times`` ``[F]`` UTC, or None without a start."""

    mean: NDArray[np.float64]
    quantiles: dict[float, NDArray[np.float64]]
    times: NDArray[np.datetime64] | None


def forecast_series(
    network: SeriesNetwork,
    history: Any,
    horizon: int | None = None,
    *,
    start: Any = None,
    past_covariates: Mapping[str, Sequence[Any]] | None = None,
    future_covariates: Mapping[str, Sequence[Any]] | None = None,
    static_covariates: Mapping[str, Any] | None = None,
    resolutions: Mapping[str, tuple[Any, Sequence[Any]]] | None = None,
    quantile_levels: Sequence[float] | None = None,
    reach: int | None = None,
) -> SeriesForecast:
    """Forecast one series.

    history: T observations, None or NaN where missing.  start: the first one's time, UTC (anything numpy reads as an
    instant).  past_covariates: T values each.  future_covariates: T + F values each, or F where their past is unknown.
    resolutions: for each given one by name, such as ``"1d"``, the start of its first bucket (without times: its number)
    and values, None or NaN where missing. Buckets that are over before the first observation count too.
    horizon: at most the model's, or ``reach`` where that is given: what passes the model's is rolled on from its own
    medians.  quantile_levels: within the trained ones; left out, the trained ones.

    Raises
    ------
    InputError
        If nothing was observed, a length or a name does not fit, or a horizon or level lies beyond the model's.
    """
    config = network.config
    device = next(network.parameters()).device
    target = np.asarray(history, dtype=np.float32)
    if target.ndim != 1 or not np.isfinite(target).any():
        raise InputError(f"history: expected a list of numbers, at least one, got shape {target.shape} without any")
    steps, most = len(target), reach or config.horizon
    wanted = config.horizon if horizon is None else horizon
    if not 1 <= wanted <= most:
        raise InputError(f"horizon: expected 1 to {most}, the longest that the model forecasts, got {wanted}")
    ahead = {name: _whole(name, values, steps, most) for name, values in (future_covariates or {}).items()}
    user = encode_covariates(config.future_covariates, ahead, (steps + most,))
    clock, times = -1, None
    columns = np.zeros((steps + most, calendar_width(config.calendar)), dtype=np.float32)
    if start is not None and config.freq is not None:
        freq = Frequency.parse(config.freq)
        clocks, offsets = freq.place(np.asarray([start], dtype="datetime64[s]"))
        clock = int(clocks[0]) - 1
        every = freq.times(clock + 1 + np.arange(steps + most), int(offsets[0]))
        columns, times = calendar_features(config.calendar, every), every[steps : steps + wanted]
    known = torch.from_numpy(np.concatenate([columns, user], axis=1))[None].to(device)
    past = torch.from_numpy(encode_covariates(config.past_covariates, dict(past_covariates or {}), (steps,)))[None]
    static = encode_covariates(config.static_covariates, dict(static_covariates or {}), ())
    values = torch.from_numpy(target)[None].to(device)
    given, earlier = (part.to(device) for part in _coarse_values(config, resolutions or {}, clock, steps))
    with torch.inference_mode():
        state = network.fresh(torch.tensor([clock], device=device), torch.from_numpy(static)[None].to(device))
        for first in range(0, steps, _CHUNK):
            part = slice(first, min(first + _CHUNK, steps))
            seen = Observations(values[:, part], past[:, part].to(device), known[:, part], given[:, part])
            state = network.prime(seen if first else seen._replace(coarse_history=earlier), state)
        ahead_of, means = direct_quantiles(network, state, known[:, steps : steps + wanted])
        quantiles, mean = ahead_of[0].cpu().numpy(), means[0].cpu().numpy()
    levels = tuple(quantile_levels or config.quantile_levels)
    chosen = interpolate_levels(quantiles, config.quantile_levels, levels)
    return SeriesForecast(mean, {level: chosen[:, index] for index, level in enumerate(levels)}, times)


def _coarse_values(
    config: ForecasterConfig, resolutions: Mapping[str, tuple[Any, Sequence[Any]]], clock: int, steps: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """``[1, T, G]`` and ``[1, G, K]`` as in ``Observations``."""
    lengths = config.mixed_frequency_names
    for name in resolutions:
        if name not in lengths:
            known = ", ".join(map(repr, lengths)) or "none"
            raise InputError(f"resolutions: {name!r} is not one that the model is given; it is given {known}")
    columns, before = [], []
    for name, length in lengths.items():
        start, values = resolutions.get(name, (None, ()))
        first = 0 if start is None else first_bucket(name, start, times=config.freq is not None)
        coarse = np.asarray(values, dtype=np.float32)[None]
        column, earlier = align(coarse, first, length, clock, steps, config.coarse_history_length)
        columns.append(torch.from_numpy(column))
        before.append(torch.from_numpy(earlier))
    if not columns:
        return torch.zeros(1, steps, 0), torch.zeros(1, 0, 0)
    return torch.stack(columns, dim=-1), torch.stack(before, dim=1)


def forecast_any(
    family: Family,
    history: Any,
    horizon: int | None = None,
    *,
    start: Any = None,
    freq: str | None = None,
    season: int | None = None,
    quantile_levels: Sequence[float] | None = None,
) -> SeriesForecast:
    """Forecast one series with the member of a family that fits it; see ``forecast_series``.

    season: steps a season; left out, the freq's usual one; without a freq, what the values show. A season of which the
    history does not hold two is taken as none.

    Raises
    ------
    InputError, ConfigError
        As ``forecast_series``; or if the season is longer than the family knows, or the freq is none.
    """
    season = choose_season(history, freq, season)
    member = family.of(season, freq).eval()
    return forecast_series(member, history, horizon, start=start, quantile_levels=quantile_levels, reach=REACH)


def _whole(name: str, values: Sequence[Any], steps: int, horizon: int) -> list[Any]:
    given = list(values)
    if len(given) == horizon:
        return [None] * steps + given
    if steps < len(given) <= steps + horizon:
        return given + [None] * (steps + horizon - len(given))
    raise InputError(
        f"covariate {name!r}: expected {steps} values of history and up to {horizon} ahead, or the {horizon} ahead "
        f"alone, got {len(given)}"
    )
