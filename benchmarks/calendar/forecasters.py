"""Who is compared on the calendar series: ours, and models that are fitted anew on the values before each cut-off."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.calendar.series import CalendarSeries, Doubles
from statecast.api.forecast import forecast_any
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
        Forecaster("ours", lambda series, cut: _ours(family, series, cut, None)),
        Forecaster("ours, longer season", lambda series, cut: _ours(family, series, cut, series.long_season)),
        Forecaster("Prophet", _prophet, "prophet"),
        Forecaster("MSTL", _mstl, "statsforecast"),
        Forecaster("AutoARIMA", _auto_arima, "statsforecast"),
    ]


def _ours(family: Family, series: CalendarSeries, cut: int, season: int | None) -> Doubles:
    options: Mapping[str, Any] = {"start": str(series.times[0]), "freq": series.freq}
    found = forecast_any(
        family, series.values[:cut], series.horizon, season=season, quantile_levels=(0.5,), **options
    )  # fmt: skip
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
