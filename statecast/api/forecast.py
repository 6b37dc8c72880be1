"""Forecasting one series by hand, without a server: lists or arrays in, arrays out."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from statecast.api.history import place_history, read_options
from statecast.api.series_forecast import SeriesForecast
from statecast.api.whole_series import read_values, read_whole
from statecast.errors import InputError
from statecast.models.family import REACH, Family
from statecast.models.interface import SeriesNetwork
from statecast.models.roll_out import direct_quantiles
from statecast.regression.surroundings import Surroundings
from statecast.state.lookback import Observations
from statecast.time.seasonality import choose_season
from statecast.uncertainty.bounds import Bounds
from statecast.uncertainty.quantile_levels import quantiles_at

# Rows of history that are read at once; bounds memory, changes no result.
_CHUNK = 4096


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
    bounds: Bounds | Mapping[str, Any] | None = None,
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
        By name of a lower frequency, such as ``"1d"``: the start of its first bucket (without times: its number) and
        its values, None or NaN where missing. Buckets that are over before the first observation count too.
    quantile_levels : sequence of float, optional
        From 0.01 to 0.99; left out, the trained ones.
    bounds : Bounds or mapping, optional
        ``lower`` and ``upper``, which mean and quantiles are kept inside of; left out, none.
    reach : int, optional
        Longest horizon allowed.
    **time_options
        ``timezone``, ``timestamp_unit``, ``dayfirst``, see ``statecast.time.stamps.TimeOptions``.

    Raises
    ------
    InputError
        If nothing was observed, a length, a name or a time does not fit, or a horizon or level lies beyond the model's.
    """
    config, device = network.config, next(network.parameters()).device
    most, wanted = reach or config.horizon, config.horizon if horizon is None else horizon
    if not 1 <= wanted <= most:
        raise InputError(f"horizon: expected 1 to {most}, the longest that the model forecasts, got {wanted}")
    whole, placed = read_whole(
        network, history, most, start=start, timestamps=timestamps, freq=freq, past_covariates=past_covariates,
        future_covariates=future_covariates, static_covariates=static_covariates, resolutions=resolutions,
        **time_options,
    )  # fmt: skip
    target, past, known = (
        torch.from_numpy(one).to(device) for one in (whole.target, whole.past[None], whole.known[None])
    )
    mixed, coarse = (
        None if one is None else torch.from_numpy(one).to(device)
        for one in (whole.mixed_frequency, whole.coarse_history)
    )
    with torch.inference_mode():
        time_index = torch.tensor([whole.before], device=device)
        state = network.fresh(time_index, torch.from_numpy(whole.static)[None].to(device))
        for first in range(0, whole.steps, _CHUNK):
            part = slice(first, min(first + _CHUNK, whole.steps))
            seen = Observations(
                target[:, part], past[:, part], known[:, part], None if mixed is None else mixed[:, part]
            )
            state = network.prime(seen if first else seen._replace(coarse_history=coarse), state)
        ahead, means = direct_quantiles(network, state, known[:, whole.steps : whole.steps + wanted])
        quantiles, mean = ahead[0].cpu().numpy() + whole.level, means[0].cpu().numpy() + whole.level
    levels = tuple(quantile_levels or config.quantile_levels)
    chosen = quantiles_at(quantiles, config.quantile_levels, levels, network.calibration.exponents)
    by_level = {level: chosen[:, index] for index, level in enumerate(levels)}
    found = SeriesForecast(mean, by_level, *placed.following(wanted), read=placed.span)
    return found.within(Bounds.read(bounds))


def forecast_any(
    family: Family,
    history: Any,
    horizon: int | None = None,
    *,
    start: Any = None,
    timestamps: Any = None,
    freq: str | None = None,
    season: int | None = None,
    past_covariates: Mapping[str, Sequence[Any]] | None = None,
    future_covariates: Mapping[str, Sequence[Any]] | None = None,
    static_covariates: Mapping[str, Any] | None = None,
    calendar: bool = False,
    country: str | None = None,
    quantile_levels: Sequence[float] | None = None,
    bounds: Bounds | Mapping[str, Any] | None = None,
    **time_options: Any,
) -> SeriesForecast:
    """Forecast one series with the member of a family that fits it.

    Parameters
    ----------
    family : Family
        What forecasts.
    history : sequence of float
        T observations, None or NaN where missing.
    horizon : int, optional
        Steps ahead F, at most ``REACH``; left out, the family's own, whatever the season.
    start, timestamps : optional
        Times of the history, as in ``forecast_series``.
    freq : str, optional
        Distance of two observations; left out, the one that most timestamps show. Without times it decides the
        season alone.
    season : int, optional
        Steps per season; left out, the freq's usual one, of weeks 52 where two years of them show a year; without a
        freq, what the values show. A season of which the
        history does not hold two is taken as none.
    future_covariates : mapping, optional
        T + F values each, numbers or names of categories, None or NaN where missing: learned from as they come, without
        training. With them, with a calendar or a country the forecast is that of ``DynamicRegression``.
    past_covariates, static_covariates : mapping, optional
        Left out with a warning: they say nothing about the horizon of one series.
    calendar : bool
        Whether hours, days of the week and the year are looked at, by the times of the history.
    country : str, optional
        Whose holidays are, such as ``US`` or ``US-CA``; see ``statecast.time.features``.
    quantile_levels : sequence of float, optional
        From 0.01 to 0.99; left out, the trained ones.
    bounds : Bounds or mapping, optional
        As in ``forecast_series``; left out, 0 is the lower one of a history that never goes below it.
    **time_options
        As in ``forecast_series``.

    Returns
    -------
    SeriesForecast
        F steps.

    Raises
    ------
    InputError, ConfigError
        As ``forecast_series``; or if the season is longer than the family knows, or the freq cannot be read.
    """
    options = read_options(time_options)
    placed = place_history(len(read_values(history)), start, timestamps, freq, None, options)
    own = freq if placed.axis is None else str(placed.axis.frequency)
    season = choose_season(placed.spread(history), own, season, longest=family.config.longest_season)
    wanted = family.config.horizon if horizon is None else horizon
    around = Surroundings(calendar, country, past_covariates, future_covariates, static_covariates)
    member = around.member(family, season, own, placed.axis is not None, read_values(history))
    found = forecast_series(
        member, history, wanted, start=start, timestamps=timestamps, freq=freq, future_covariates=future_covariates,
        quantile_levels=quantile_levels, bounds=bounds, reach=REACH, **time_options,
    )  # fmt: skip
    return found if bounds is not None else found.within_noticed(Bounds.notice([read_values(history)]), "the history")
