"""Cross-validation and anomalies of one series by hand, in one pass each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.api.history import Placement, place_history, read_options
from statecast.api.series_anomalies import SeriesAnomalies
from statecast.api.series_backtest import SeriesBacktest
from statecast.api.whole_series import read_values, read_whole
from statecast.backtest.carried_pass import carried_forecasts
from statecast.backtest.cutoffs import Cutoffs
from statecast.backtest.whole_series import WholeSeries
from statecast.compiled import compile_network, is_built, slot_network
from statecast.errors import InputError
from statecast.models.family import Family
from statecast.models.interface import SeriesNetwork
from statecast.regression.surroundings import Surroundings
from statecast.time.seasonality import choose_season
from statecast.uncertainty.bounds import Bounds
from statecast.uncertainty.quantile_levels import quantiles_at
from statecast.uncertainty.surprise import quantile_at, surprise

Doubles = NDArray[np.float64]
_LEFT_OUT = ("past_covariates", "static_covariates")


def backtest_series(
    network: SeriesNetwork | Family,
    history: Any,
    horizon: int | None = None,
    *,
    cutoffs: int = 1,
    step: int | None = None,
    quantile_levels: Sequence[float] | None = None,
    bounds: Bounds | Mapping[str, Any] | None = None,
    **options: Any,
) -> SeriesBacktest:
    """Forecast a series at cut-offs that count back from its end, the state carried through it once.

    Parameters
    ----------
    network : SeriesNetwork or Family
        What forecasts.
    history : sequence of float
        T observations, None or NaN where missing.
    horizon : int, optional
        Steps ahead F; left out, the model's.
    cutoffs : int
        How many, N.
    step : int, optional
        Steps from one to the next; left out, the horizon.
    quantile_levels : sequence of float, optional
        From 0.01 to 0.99; left out, the trained ones.
    bounds : Bounds or mapping, optional
        As in ``forecast_series``; left out, of a family 0 is the lower one of what never went below it by the cut-off.
    **options
        Times and covariates, as in ``statecast.api.whole_series.read_whole``; of a family ``season``, ``calendar`` and
        ``country`` too.

    Returns
    -------
    SeriesBacktest
        What one forecast per cut-off would give.

    Raises
    ------
    InputError
        If the series is too short, or something of it does not fit.
    """
    wanted = network.config.horizon if horizon is None else horizon
    step = wanted if step is None else step
    if min(wanted, cutoffs, step) < 1:
        raise InputError(f"horizon, cutoffs, step: expected whole numbers from 1, got {wanted}, {cutoffs}, {step}")
    cuts = Cutoffs(cutoffs, step, wanted)
    own, whole, placed, values = _read(network, history, wanted + (cutoffs - 1) * step, **options)
    quantiles, mean, seasonal_error = _collect(own, whole, cuts)
    trained, read = own.config.quantile_levels, cuts.read(placed.span)
    levels = tuple(quantile_levels or trained)
    chosen = quantiles_at(quantiles, trained, levels, own.calibration.exponents)
    limits = _limits(network, values, read, bounds)
    ahead = read[:, None] + np.arange(wanted)
    return SeriesBacktest(
        read=read,
        actual=values[ahead],
        mean=mean.clip(*limits),
        median=quantiles[..., trained.index(0.5)].clip(*limits),
        quantiles={level: chosen[..., place].clip(*limits) for place, level in enumerate(levels)},
        seasonal_error=seasonal_error,
        last=values[read - 1],
        times=_times(placed, ahead),
        cutoffs=_times(placed, read - 1),
    )


def anomalies_of(
    network: SeriesNetwork | Family,
    history: Any,
    level: float = 99.0,
    *,
    bounds: Bounds | Mapping[str, Any] | None = None,
    **options: Any,
) -> SeriesAnomalies:
    """Compare each value of a series with the forecast made one step before it.

    Parameters
    ----------
    network : SeriesNetwork or Family
        What forecasts.
    history : sequence of float
        T observations, None or NaN where missing.
    level : float
        Percent of values that are expected inside of the interval.
    bounds : Bounds or mapping, optional
        What means and intervals are kept inside of, as in ``backtest_series``; surprises are not.
    **options
        As in ``backtest_series``.

    Returns
    -------
    SeriesAnomalies
        T values.

    Raises
    ------
    InputError
        If the level is none, or something of the series does not fit.
    """
    if not 0 < level < 100:
        raise InputError(f"level: expected percent within (0, 100), got {level}")
    own, whole, placed, values = _read(network, history, 0, **options)
    cuts = Cutoffs(max(whole.steps - 1, 1), 1, 1)
    found, mean, seasonal_error = _collect(own, whole, cuts)
    quantiles, trained = found[:, 0], own.config.quantile_levels
    ends = 0.5 - level / 200, 0.5 + level / 200
    limits = _limits(network, values, cuts.read(placed.span), bounds)
    tails = own.calibration.exponents
    inside = (mean, *(quantile_at(quantiles, trained, end, tails)[:, None] for end in ends))
    share = surprise(quantiles, values[-cuts.count :], trained, tails, seasonal_error)
    parts = (*(one.clip(*limits)[:, 0] for one in inside), share)
    unknown = np.full(placed.span - cuts.count, np.nan)
    expected, lower, upper, share = (np.concatenate([unknown, part]) for part in parts)
    flag = (share < ends[0]) | (share > ends[1])
    return SeriesAnomalies(values, expected, lower, upper, share, flag, _times(placed, np.arange(placed.span)))


def choose_member(
    network: SeriesNetwork | Family,
    target: Doubles,
    reserved: int,
    *,
    season: int | None = None,
    calendar: bool = False,
    country: str | None = None,
    **options: Any,
) -> tuple[SeriesNetwork, dict[str, Any]]:
    """Choose what reads a series: of a family the member of the season that shows before its last steps.

    Parameters
    ----------
    network : SeriesNetwork or Family
        What forecasts.
    target : array of float64, ``[T]``
        The series.
    reserved : int
        Steps at its end where no season is looked for.
    season : int, optional
        Steps per season, of a family.
    calendar, country : optional
        Of a family, as in ``forecast_any``; with covariates likewise.
    **options
        Times and covariates, as in ``statecast.api.whole_series.read_whole``.

    Returns
    -------
    SeriesNetwork
        The network itself, or the member.
    dict
        The further options.

    Raises
    ------
    InputError
        If a season, a calendar or a country is said of a network that has its own, or a time does not fit.
    """
    if isinstance(network, Family):
        past, future, static = (options.get(f"{kind}_covariates") for kind in ("past", "future", "static"))
        options = {name: value for name, value in options.items() if name not in _LEFT_OUT}
        others = {name: value for name, value in options.items() if name not in ("start", "timestamps", "freq")}
        others.pop("future_covariates", None)
        start, timestamps, freq = (options.get(name) for name in ("start", "timestamps", "freq"))
        placed = place_history(len(target), start, timestamps, freq, None, read_options(others))
        grid = np.asarray(placed.spread(target), dtype=np.float64)
        own = freq if placed.axis is None else str(placed.axis.frequency)
        known, longest = grid[: max(1, len(grid) - reserved)], network.config.longest_season
        around, timed = Surroundings(calendar, country, past, future, static), placed.axis is not None
        return around.member(network, choose_season(known, own, season, longest=longest), own, timed, known), options
    for name, value in (("season", season), ("calendar", calendar or None), ("country", country)):
        if value is not None:
            raise InputError(f"{name}: expected none, because the model has its own, got {value}; leave it out")
    return network, options


def _read(
    network: SeriesNetwork | Family, history: Any, reserved: int, **options: Any
) -> tuple[SeriesNetwork, WholeSeries, Placement, Doubles]:
    """Encode a series, of a family for the member that reads it."""
    target = read_values(history)
    own, options = choose_member(network, target, reserved, **options)
    whole, placed = read_whole(own, target, **options)
    return own, whole, placed, np.asarray(placed.spread(target), dtype=np.float64)


def _collect(network: SeriesNetwork, whole: WholeSeries, cuts: Cutoffs) -> tuple[Doubles, Doubles, Doubles]:
    """Quantiles ``[N, F, Q]``, mean ``[N, F]`` and seasonal error ``[N]``."""
    compiled = compile_network(network) if is_built() else None
    blocks = [one for one in carried_forecasts(slot_network(compiled or network), [whole], cuts) if one is not None]
    return (
        np.concatenate([one.quantiles[0] for one in blocks]),
        np.concatenate([one.mean[0] for one in blocks]),
        np.concatenate([one.seasonal_error[0] for one in blocks]),
    )


def _limits(
    network: SeriesNetwork | Family, values: Doubles, read: NDArray[np.int64], bounds: Any
) -> tuple[Doubles, Doubles]:
    """What each cut-off's forecast is kept inside of, ``[N, 1]`` each: nothing that came later is known."""
    own = Bounds.read(bounds)
    lower = np.full(len(read), -np.inf if own.lower is None else own.lower)
    if bounds is None and isinstance(network, Family):
        lower[np.fmin.accumulate(values)[read - 1] >= 0] = 0.0
    return lower[:, None], np.full((len(read), 1), np.inf if own.upper is None else own.upper)


def _times(placed: Placement, steps: NDArray[np.int64]) -> NDArray[np.datetime64] | None:
    if placed.axis is None:
        return None
    return placed.axis.instants(placed.first + steps.ravel()).reshape(steps.shape)
