"""The series, their cut-offs, and what others have published or reached on the very same windows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Task:
    """One series and where it is forecast; errors are scaled by a naive forecast of `scale` steps."""

    values: Doubles
    start: str
    freq: str
    season: int
    horizon: int
    cutoffs: tuple[int, ...]
    naive: tuple[int, ...]
    covariates: dict[str, Any] = field(default_factory=dict)
    country: str | None = None
    reference: str = ""


def _spaced(first: int, last: int, count: int) -> tuple[int, ...]:
    return tuple(first + round(place * (last - first) / (count - 1)) for place in range(count))


def _gefcom(data: Path) -> Task:
    table = pd.read_csv(data / "ltsf/gefcom2014_e_hourly.csv.gz").dropna(subset=["load"])
    rows = len(table)
    return Task(
        table["load"].to_numpy(np.float64), "2006-01-01", "1h", 24, 168,
        tuple(rows - 168 * (20 - place) for place in range(20)), (24, 168),
        {"temperature": table["temperature"].tolist()}, "US",
        "TiRex-2 0.469 / WQL 0.0180, Chronos-2 0.539 / 0.0211, TiRex without temperature 0.912 / 0.0354",
    )  # fmt: skip


def _bike(data: Path) -> Task:
    table = pd.read_csv(data / "small/bike_sharing_hourly.csv.gz")
    first = int(0.8 * len(table))
    names = ("temp", "hum", "windspeed", "weather", "holiday", "workingday")
    covariates = {name: table[name].tolist() for name in names[:3]}
    covariates |= {name: table[name].astype(str).tolist() for name in names[3:]}
    cutoffs = _spaced(first, len(table) - 48, 20)
    return Task(
        table["users"].to_numpy(np.float64),
        str(table["date_time"].iloc[0]),
        "1h",
        24,
        48,
        cutoffs,
        (24, 168),
        covariates,
    )


def _ercot(data: Path) -> Task:
    table = pd.read_csv(data / "calendar/price_ercot_dam.csv.gz")
    cutoffs = _spaced(int(0.8 * len(table)), len(table) - 48, 20)
    covariates = {"temperature": table["temp_celsius_houston"].tolist()}
    return Task(table["y"].to_numpy(np.float64), str(table["ds"].iloc[0]), "1h", 24, 48, cutoffs, (24, 168), covariates)


def _yearly(
    series: "pd.Series[float]", freq: str, season: int, horizon: int, naive: tuple[int, ...], text: str
) -> Task:
    values: Doubles = np.asarray(series, dtype=np.float64)
    cutoffs = _spaced(len(values) * 2 // 3, len(values) - horizon, 12)
    return Task(values, str(series.index[0]), freq, season, horizon, cutoffs, naive, reference=text)


def _co2(data: Path) -> Task:
    table = pd.read_csv(data / "calendar/co2_weekly.csv.gz")
    series = pd.Series(table["co2"].to_numpy(np.float64), pd.to_datetime(table["date"].astype(str))).asfreq("7D")
    return _yearly(series, "1w", 1, 13, (1, 52), "MSTL 1.157, AutoARIMA 3.957, Prophet 1.757")


def _wiki(name: str, text: str) -> Callable[[Path], Task]:
    def read(data: Path) -> Task:
        table = pd.read_csv(data / f"calendar/wp_log_{name}.csv.gz")
        series = pd.Series(table["y"].to_numpy(np.float64), pd.to_datetime(table["ds"])).sort_index()
        return _yearly(series[~series.index.duplicated()].asfreq("D"), "1d", 7, 90, (7, 364), text)

    return read


def _bike_days(data: Path) -> Task:
    table = pd.read_csv(data / "small/bike_sharing_hourly.csv.gz")
    series = pd.Series(table["users"].to_numpy(np.float64), pd.to_datetime(table["date_time"])).resample("D").sum()
    return _yearly(series, "1d", 7, 90, (7, 364), "MSTL 1.548, AutoARIMA 1.315, Prophet 1.874")


def _rte(data: Path) -> Task:
    table = pd.read_csv(data / "calendar/load_rte.csv.gz")
    series = pd.Series(table["y"].to_numpy(np.float64), pd.to_datetime(table["ds"]))
    return _yearly(series, "1h", 24, 336, (24, 168), "MSTL 0.948, Prophet 1.679")


TASKS: dict[str, Callable[[Path], Task]] = {
    "gefcom": _gefcom,
    "bike": _bike,
    "ercot": _ercot,
    "co2": _co2,
    "peyton": _wiki("peyton_manning", "MSTL 1.170, AutoARIMA 1.743, Prophet 1.013"),
    "r": _wiki("R", "MSTL 0.974, AutoARIMA 1.107, Prophet 1.270"),
    "bike-days": _bike_days,
    "rte": _rte,
}
