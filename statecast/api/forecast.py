"""Forecasting one series by hand, without a server: lists or arrays in, arrays out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from statecast.api.history import Placement, place_history, read_one, read_options
from statecast.config import ForecasterConfig
from statecast.errors import InputError
from statecast.inputs.covariates import encode_covariates
from statecast.layers.heads import interpolate_levels
from statecast.layers.mixed_frequency import align, first_bucket
from statecast.models.family import REACH, Family
from statecast.models.interface import SeriesNetwork
from statecast.models.roll_out import direct_quantiles
from statecast.state.lookback import Observations
from statecast.time.features import calendar_features, calendar_width
from statecast.time.frequency import Frequency
from statecast.time.seasonality import choose_season
from statecast.time.stamps import TimeOptions
from statecast.time.wall_times import wall_or_utc

# Rows of history that are read at once; bounds memory, changes no result.
_CHUNK = 4096


@dataclass(frozen=True)
class SeriesForecast:
    """A forecast of F steps.

    Parameters
    ----------
    mean : NDArray
        ``[F]`` in the target's unit.
    quantiles : dict
        Level to ``[F]``, likewise.
    times : NDArray or None
        Instants ``[F]`` in UTC, None without times.
    timestamps : list of str or None
        The same as RFC 3339 texts in the zone of the history, None without times.
    """

    mean: NDArray[np.float64]
    quantiles: dict[float, NDArray[np.float64]]
    times: NDArray[np.datetime64] | None
    timestamps: list[str] | None = None


def forecast_series(
    network: SeriesNetwork,
    history: Any,
    horizon: int | None = None,
    *,
    start: Any = None,
    timestamps: Any = None,
    freq: str | None = None,
    past_covariates: Mapping[str, Sequence[Any]] | None = None,
    future_covariates: Mapping[str, Sequence[Any]] | None = None,
    static_covariates: Mapping[str, Any] | None = None,
    resolutions: Mapping[str, tuple[Any, Sequence[Any]]] | None = None,
    quantile_levels: Sequence[float] | None = None,
    reach: int | None = None,
    **time_options: Any,
) -> SeriesForecast:
    """Forecast one series.

    Parameters
    ----------
    network : SeriesNetwork
        What forecasts.
    history : sequence of float
        T observations, None or NaN where missing.
    horizon : int, optional
        Steps ahead F; at most the model's, or ``reach`` where that is given: what passes the model's is rolled on from
        its own medians.
    start : optional
        Time of the first observation: a text, a number, a ``datetime`` or ``datetime64``. Without an offset it is UTC.
    timestamps : optional
        In its place, the time of each observation, rising: a list, an array or an index of such. Steps left out are
        missing.
    freq : str, optional
        Distance of two observations, such as ``1h`` or ``ME``; left out, the model's own.
    past_covariates : mapping, optional
        T values each.
    future_covariates : mapping, optional
        T + F values each, or F where their past is unknown.
    static_covariates : mapping, optional
        One value each.
    resolutions : mapping, optional
        For each given one by name, such as ``"1d"``, the start of its first bucket (without times: its number) and
        values, None or NaN where missing. Buckets that are over before the first observation count too.
    quantile_levels : sequence of float, optional
        Within the trained ones; left out, the trained ones.
    reach : int, optional
        Longest horizon allowed.
    **time_options
        ``timezone``, ``timestamp_unit``, ``dayfirst``, see ``statecast.time.stamps.TimeOptions``.

    Raises
    ------
    InputError
        If nothing was observed, a length, a name or a time does not fit, or a horizon or level lies beyond the model's.
    """
    config = network.config
    target = _observed(history)
    options = read_options(time_options)
    placed = place_history(len(target), start, timestamps, freq, config.freq, options)
    device = next(network.parameters()).device
    steps, most = placed.span, reach or config.horizon
    wanted = config.horizon if horizon is None else horizon
    if not 1 <= wanted <= most:
        raise InputError(f"horizon: expected 1 to {most}, the longest that the model forecasts, got {wanted}")
    ahead = {
        name: _whole(name, values, len(target), most, placed) for name, values in (future_covariates or {}).items()
    }
    user = encode_covariates(config.future_covariates, ahead, (steps + most,))
    before = {name: placed.spread(values) for name, values in (past_covariates or {}).items()}
    times = None if config.freq is None else placed.times(most)
    columns = np.zeros((steps + most, calendar_width(config.calendar)), dtype=np.float32)
    if times is not None:
        columns = calendar_features(config.calendar, times)
    known = torch.from_numpy(np.concatenate([columns, user], axis=1))[None].to(device)
    past = torch.from_numpy(encode_covariates(config.past_covariates, before, (steps,)))[None]
    static = encode_covariates(config.static_covariates, dict(static_covariates or {}), ())
    values = torch.from_numpy(np.asarray(placed.spread(target), dtype=np.float32))[None].to(device)
    given, earlier = (
        part.to(device)
        for part in _coarse_values(config, _bucket_starts(config, resolutions or {}, options), placed.first - 1, steps)
    )
    with torch.inference_mode():
        clock = torch.tensor([placed.first - 1], device=device)
        state = network.fresh(clock, torch.from_numpy(static)[None].to(device))
        for first in range(0, steps, _CHUNK):
            part = slice(first, min(first + _CHUNK, steps))
            seen = Observations(values[:, part], past[:, part].to(device), known[:, part], given[:, part])
            state = network.prime(seen if first else seen._replace(coarse_history=earlier), state)
        ahead_of, means = direct_quantiles(network, state, known[:, steps : steps + wanted])
        quantiles, mean = ahead_of[0].cpu().numpy(), means[0].cpu().numpy()
    levels = tuple(quantile_levels or config.quantile_levels)
    chosen = interpolate_levels(quantiles, config.quantile_levels, levels)
    by_level = {level: chosen[:, index] for index, level in enumerate(levels)}
    return SeriesForecast(mean, by_level, *placed.following(wanted))


def _observed(history: Any) -> NDArray[np.float32]:
    target = np.asarray(history, dtype=np.float32)
    if target.ndim != 1 or not np.isfinite(target).any():
        raise InputError(f"history: expected a list of numbers, at least one, got shape {target.shape} without any")
    return target


def _bucket_starts(
    config: ForecasterConfig, resolutions: Mapping[str, tuple[Any, Sequence[Any]]], options: TimeOptions
) -> dict[str, tuple[Any, Sequence[Any]]]:
    """Read the times at which first buckets begin, by the same clocks as those of the base steps."""
    if config.freq is None:
        return dict(resolutions)
    base, found = Frequency.parse(config.freq), {}
    for name, (start, values) in resolutions.items():
        try:
            found[name] = None if start is None else wall_or_utc(read_one(start, options), base)[0], values
        except InputError:
            raise InputError(
                f"resolutions {name}: expected the time at which the first bucket begins, got {start!r}"
            ) from None
    return found


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
    timestamps: Any = None,
    freq: str | None = None,
    season: int | None = None,
    quantile_levels: Sequence[float] | None = None,
    **time_options: Any,
) -> SeriesForecast:
    """Forecast one series with the member of a family that fits it; see ``forecast_series``.

    Parameters
    ----------
    freq : str, optional
        Left out, the one that most timestamps show.
    season : int, optional
        Steps per season; left out, the freq's usual one; without a freq, what the values show. A season of which the
        history does not hold two is taken as none.

    Raises
    ------
    InputError, ConfigError
        As ``forecast_series``; or if the season is longer than the family knows, or the freq is none.
    """
    options = read_options(time_options)
    placed = place_history(len(_observed(history)), start, timestamps, freq, None, options)
    own = freq if placed.axis is None else str(placed.axis.frequency)
    season = choose_season(placed.spread(history), own, season)
    member = family.of(season, own).eval()
    return forecast_series(
        member, history, horizon, start=start, timestamps=timestamps, freq=freq, quantile_levels=quantile_levels,
        reach=REACH, **time_options,
    )  # fmt: skip


def _whole(name: str, values: Sequence[Any], steps: int, horizon: int, placed: Placement) -> list[Any]:
    """One value per step of the grid and of the longest horizon, None where unknown."""
    given = list(values)
    if len(given) == horizon:
        return [None] * placed.span + given
    if steps < len(given) <= steps + horizon:
        return [*placed.spread(given[:steps]), *given[steps:], *[None] * (steps + horizon - len(given))]
    raise InputError(
        f"covariate {name!r}: expected {steps} values of history and up to {horizon} ahead, or the {horizon} ahead "
        f"alone, got {len(given)}"
    )
