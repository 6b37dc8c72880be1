"""The data of the tasks, as the publishers of the protocols packed it: found by coming to their seasonal naive."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
_GEFCOM_STEPS = 17_520  # the years 2013 and 2014, of nine


@dataclass(frozen=True, eq=False)
class TaskSeries:
    """One variable of one item, with all its test windows at its end."""

    values: Doubles
    """``[T]``, NaN where missing."""
    freq: str
    """Distance of two values."""
    start: str | None = None
    """Time of the first value; None where the data has no times."""
    known: Mapping[str, Doubles] = field(default_factory=dict)
    """Covariates known ahead by name, ``[T]`` each."""


Reader = Callable[[Path], tuple[TaskSeries, ...]]


def read_m4(data: Path) -> tuple[TaskSeries, ...]:
    """M4 Hourly, the competition's test after each series; without times."""
    train, test = (pd.read_csv(data / f"m4/Hourly-{part}.csv.gz", index_col=0) for part in ("train", "test"))
    pairs = zip(train.to_numpy(np.float64), test.loc[train.index].to_numpy(np.float64), strict=True)
    return tuple(TaskSeries(np.concatenate([one[~np.isnan(one)] for one in pair]), "1h") for pair in pairs)


def read_m1(data: Path, period: str, freq: str) -> tuple[TaskSeries, ...]:
    """M1 of one period, the competition's test after each series; without times."""
    with gzip.open(data / "m1/m1_data.json.gz", "rt", encoding="utf-8") as file:
        published = json.load(file)
    return tuple(
        TaskSeries(np.asarray(series["x"] + series["xx"], dtype=np.float64), freq)
        for series in published.values()
        if series["period"] == [period]
    )


def read_ett(data: Path, freq: str) -> tuple[TaskSeries, ...]:
    """ETT, station 1: the 15-minute file, or means of its whole hours, days and weeks, which end on Thursdays."""
    table = pd.read_csv(data / "ett/ETTm1.csv.gz", index_col=0, parse_dates=True)
    return _variables(table, freq)


def read_jena(data: Path, freq: str) -> tuple[TaskSeries, ...]:
    """Weather at Jena: its one doubled time once, its one gap missing, its -9999 as they are; means of hours, days."""
    table = pd.read_csv(data / "ltsf/weather.csv.gz", encoding_errors="replace")
    table = table.set_index(pd.to_datetime(table.pop("date")))
    return _variables(table[~table.index.duplicated()].asfreq("10min"), freq)


def read_gefcom(data: Path) -> tuple[TaskSeries, ...]:
    """GEFCom2014, the last two years of the load, with the temperature of the same hour."""
    table = pd.read_csv(data / "ltsf/gefcom2014_e_hourly.csv.gz").iloc[-_GEFCOM_STEPS:]
    start = pd.Timestamp(table["date"].iloc[0]) + pd.Timedelta(hours=int(table["hour"].iloc[0]) - 1)
    load, temperature = (table[name].to_numpy(np.float64) for name in ("load", "temperature"))
    return (TaskSeries(load, "1h", start.isoformat(), {"temperature": temperature}),)


def _variables(table: pd.DataFrame, freq: str) -> tuple[TaskSeries, ...]:
    """A series per column, of means over the steps of a freq; a last step that the table does not fill is none."""
    week = freq == "1w"
    # Weeks are labelled by their last day.
    means = table.resample("W-THU" if week else freq).mean()
    start, length = (means.index[0] - pd.Timedelta(days=6), "7D") if week else (means.index[0], freq)
    ends_before = table.index[-1] + (table.index[1] - table.index[0]) - start
    whole = means.iloc[: int(ends_before / pd.Timedelta(length))]
    return tuple(TaskSeries(whole[name].to_numpy(np.float64), freq, start.isoformat()) for name in whole.columns)
