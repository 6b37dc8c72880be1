"""Who is compared on the calendar series: ours, and models that are fitted anew on the values before each cut-off."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.calendar.series import CalendarSeries, Doubles
from statecast.api.forecast import forecast_any
from statecast.errors import InputError
from statecast.models.family import Family

Forecast = Callable[[CalendarSeries, int], Doubles]
"""Takes a series and a cut-off, knows the values before it, gives the medians ``[F]`` after it."""
_PANDAS = {"1w": "7D", "1d": "D", "1h": "h"}


@dataclass(frozen=True)
class Forecaster:
    """A row of the table."""

    title: str
    """As it is printed."""
    forecast: Forecast
    """Forecasts from one cut-off."""
    needs: str | None = None
    """Package that it comes with; without it the row is left out."""

    @property
    def installed(self) -> bool:
        """Whether its package is there."""
        return self.needs is None or find_spec(self.needs) is not None


def forecasters(family: Family) -> list[Forecaster]:
    """All rows, ours first.

    Parameters
    ----------
    family : Family
        Ours.
    """
    return [
        Forecaster("ours", partial(_ours, family)),
        Forecaster("ours, longer season", partial(_ours, family, season=True)),
        Forecaster("ours, calendar", partial(_ours, family, calendar=True)),
        Forecaster("ours, calendar and covariates", partial(_ours, family, calendar=True, covariates=True)),
        Forecaster("Prophet", _prophet, "prophet"),
        Forecaster("MSTL", _mstl, "statsforecast"),
        Forecaster("AutoARIMA", _auto_arima, "statsforecast"),
    ]


def _ours(
    family: Family, series: CalendarSeries, cut: int, *, season: bool = False, calendar: bool = False,
    covariates: bool = False,
) -> Doubles:  # fmt: skip
    options: dict[str, Any] = {"start": str(series.times[0]), "freq": series.freq}
    options |= {"season": series.long_season} if season else {}
    options |= {"calendar": True} if calendar else {}
    if covariates:
        if not series.known:
            raise InputError(f"{series.name}: expected covariates, got none")
        known = {name: values[: cut + series.horizon] for name, values in series.known.items()}
        options["future_covariates"] = known
    found = forecast_any(family, series.values[:cut], series.horizon, quantile_levels=(0.5,), **options)
    return found.quantiles[0.5]


def _mstl(series: CalendarSeries, cut: int) -> Doubles:
    from statsforecast.models import MSTL

    seasons = [season for season in (series.season, series.long_season) if season > 1]
    return np.asarray(MSTL(season_length=seasons).forecast(_filled(series, cut), series.horizon)["mean"])


def _auto_arima(series: CalendarSeries, cut: int) -> Doubles:
    from statsforecast.models import AutoARIMA

    found = AutoARIMA(season_length=series.season).forecast(_filled(series, cut), series.horizon)
    return np.asarray(found["mean"])


def _prophet(series: CalendarSeries, cut: int) -> Doubles:
    from prophet import Prophet

    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    model = Prophet()
    model.fit(pd.DataFrame({"ds": series.times[:cut], "y": series.values[:cut]}).dropna())
    ahead = pd.date_range(pd.Timestamp(series.times[cut]), periods=series.horizon, freq=_PANDAS[series.freq])
    return np.asarray(model.predict(pd.DataFrame({"ds": ahead}))["yhat"], dtype=np.float64)


def _filled(series: CalendarSeries, cut: int) -> Doubles:
    """The values before a cut-off, with a line through what is missing."""
    return np.asarray(pd.Series(series.values[:cut]).interpolate(limit_direction="both"), dtype=np.float64)
