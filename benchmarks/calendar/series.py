"""The series, their cut-offs and the error: one protocol for every forecaster that is compared on them.

A forecast from a cut-off knows the values before it alone, and of what is known ahead (the weather, a holiday) what
comes too. Series stand on a grid of equal steps, NaN where nothing was observed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statecast.metrics.mase import seasonal_error

Doubles = NDArray[np.float64]
Instants = NDArray[np.datetime64]
_YEAR = {"1w": 52.18, "1d": 365.25, "1h": 8766.0}
_PANDAS = {"1w": "7D", "1d": "1D", "1h": "1h"}


@dataclass(frozen=True, eq=False)
class CalendarSeries:
    """One series, and from where it is forecast how far."""

    name: str
    """As in ``SERIES``."""
    values: Doubles
    """``[T]``, NaN where missing."""
    times: Instants
    """``[T]``, rising by equal steps."""
    freq: str
    """Distance of two values."""
    season: int
    """Steps of the season that errors are scaled by; 1 for none."""
    long_season: int
    """Steps of the next longer season: 52 of weeks, 364 of days, 168 of hours."""
    horizon: int
    """Steps ahead, F."""
    cutoffs: NDArray[np.int64]
    """``[N]``, rising: how many values each forecast knows."""
    known: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Covariates known ahead by name, ``[T]`` each: numbers, or texts for categories."""

    @property
    def year(self) -> float:
        """Steps of a year."""
        return _YEAR[self.freq]


def windows(steps: int, horizon: int, *, count: int = 12, after: float = 2 / 3) -> NDArray[np.int64]:
    """Cut-offs that lie evenly over the end of a series, the last one a horizon before its end.

    Parameters
    ----------
    steps : int
        Of the series, T.
    horizon : int
        Steps ahead that are scored at each.
    count : int
        How many, N.
    after : float
        Share of the series that lies before the first.

    Returns
    -------
    array of int64, ``[N]``
        Values known at each.

    Examples
    --------
    >>> windows(300, 20, count=3)
    array([200, 240, 280])
    """
    first, last = int(steps * after), steps - horizon
    return np.asarray([first + round(k * (last - first) / (count - 1)) for k in range(count)], dtype=np.int64)


def read_series(name: str, data: Path) -> CalendarSeries:
    """Read one of ``SERIES``.

    Parameters
    ----------
    name : str
        Which.
    data : Path
        The data folder.
    """
    return SERIES[name](name, data)


def naive(series: CalendarSeries, season: int) -> Doubles:
    """Repeat the last season before each cut-off, ``[N, F]``; what is missing is the value before."""
    filled = pd.Series(series.values).ffill().to_numpy()
    steps = np.arange(series.horizon) % season
    return np.stack([filled[cut - season : cut][steps] for cut in series.cutoffs.tolist()])


def mase(series: CalendarSeries, forecasts: Doubles) -> float:
    """Mean over cut-offs of the absolute error in units of the seasonal naive's error on the values before.

    Parameters
    ----------
    series : CalendarSeries
        What was forecast.
    forecasts : array of float64, ``[N, F]``
        From each cut-off.
    """
    return float(np.nanmean(window_errors(series, forecasts)))


def window_errors(series: CalendarSeries, forecasts: Doubles) -> Doubles:
    """MASE of each cut-off, ``[N]``."""
    found = []
    for cut, ahead in zip(series.cutoffs.tolist(), forecasts, strict=True):
        actual = series.values[cut : cut + series.horizon]
        found.append(np.nanmean(np.abs(actual - ahead)) / seasonal_error(series.values[:cut], series.season))
    return np.asarray(found)


def _read(
    name: str,
    data: Path,
    path: str,
    freq: str,
    horizon: int,
    *,
    target: str = "y",
    time: str = "ds",
    form: str | None = None,
    seasons: tuple[int, int],
    known: Sequence[str] = (),
    total: bool = False,
    cutoffs: Callable[[int, int], NDArray[np.int64]] = windows,
) -> CalendarSeries:
    """Read a table and put it on the grid of its freq; ``total``: sums of finer steps."""
    table = pd.read_csv(data / path)
    table = table.set_index(pd.to_datetime(table[time].astype(str), format=form)).sort_index()
    if total:
        table = table[[target]].resample(_PANDAS[freq]).sum()
    table = table[~table.index.duplicated()].asfreq(_PANDAS[freq])
    values = table[target].to_numpy(dtype=np.float64)
    return CalendarSeries(
        name, values, table.index.to_numpy(dtype="datetime64[s]"), freq, *seasons, horizon,
        cutoffs(len(values), horizon), {column: table[column].to_numpy() for column in known},
    )  # fmt: skip


def _gefcom(name: str, data: Path) -> CalendarSeries:
    """Hourly load from 2006 on; twenty weeks that follow one another at the end."""
    table = pd.read_csv(data / "ltsf/gefcom2014_e_hourly.csv.gz")
    table = table[table["load"].notna()]
    times = pd.to_datetime(table["date"]) + pd.to_timedelta(table["hour"] - 1, unit="h")
    horizon, count = 168, 20
    return CalendarSeries(
        name, table["load"].to_numpy(dtype=np.float64), times.to_numpy(dtype="datetime64[s]"), "1h", 24, 168, horizon,
        len(table) - horizon * np.arange(count, 0, -1), {"temperature": table["temperature"].to_numpy()},
    )  # fmt: skip


_WEEKS, _DAYS, _HOURS = (1, 52), (7, 364), (24, 168)
_fifth = partial(windows, count=20, after=0.8)
_BIKE = "small/bike_sharing_hourly.csv.gz"
_WEATHER = ("temp", "hum", "windspeed", "weather", "holiday", "workingday")
YEARLY: Mapping[str, Callable[[str, Path], CalendarSeries]] = {
    "co2-weekly": partial(
        _read, path="calendar/co2_weekly.csv.gz", freq="1w", horizon=13, target="co2", time="date", form="%Y%m%d",
        seasons=_WEEKS,
    ),
    "page-views": partial(
        _read, path="calendar/wp_log_peyton_manning.csv.gz", freq="1d", horizon=90, seasons=_DAYS
    ),
    "page-views-r": partial(_read, path="calendar/wp_log_R.csv.gz", freq="1d", horizon=90, seasons=_DAYS),
    "bike-days": partial(
        _read, path=_BIKE, freq="1d", horizon=90, target="users", time="date_time", seasons=_DAYS, total=True
    ),
    "load-rte": partial(_read, path="calendar/load_rte.csv.gz", freq="1h", horizon=336, seasons=_HOURS),
}  # fmt: skip
"""Twelve cut-offs over the last third; 13 weeks, 90 days, 14 days of hours ahead."""
COVARIATES: Mapping[str, Callable[[str, Path], CalendarSeries]] = {
    "gefcom": _gefcom,
    "bike-sharing": partial(
        _read, path=_BIKE, freq="1h", horizon=48, target="users", time="date_time", seasons=_HOURS, known=_WEATHER,
        cutoffs=_fifth,
    ),
    "price-ercot": partial(
        _read, path="calendar/price_ercot_dam.csv.gz", freq="1h", horizon=48, seasons=_HOURS,
        known=("temp_celsius_houston",), cutoffs=_fifth,
    ),
}  # fmt: skip
"""Twenty cut-offs over the last fifth, of GEFCom the last twenty weeks; covariates known ahead."""
SERIES = {**YEARLY, **COVARIATES}
