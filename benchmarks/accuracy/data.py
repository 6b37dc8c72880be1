"""Read as panels: data sets that are not published as tables for `fit`, or whose protocol counts rows."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd

from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.parse import read_start
from training.data.columns import Columns
from training.data.panel import Item, Panel
from training.data.tables import panel_of


def read_m4(folder: str | Path, group: str = "Hourly") -> Panel:
    """M4: one series per row, padded at the end; the test's values follow those of training.

    The file has no times. Rows are taken as hours since an arbitrary one: the network is not shown the calendar.
    """
    train = pd.read_csv(f"{folder}/{group}-train.csv.gz", index_col=0)
    test = pd.read_csv(f"{folder}/{group}-test.csv.gz", index_col=0)
    items = []
    for name, known, later in zip(train.index, train.to_numpy(), test.loc[train.index].to_numpy(), strict=True):
        values = np.concatenate([known[~np.isnan(known)], later[~np.isnan(later)]])
        items.append(Item(str(name), clock=0, offset=0, target=values.astype(np.float64)))
    return Panel(tuple(items), Frequency.parse("1h"))


def read_m1(path: str | Path, period: str = "MONTHLY", freq: str = "1mo") -> Panel:
    """M1: the series of one period, the competition's test after each. They have no times either."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        published = json.load(file)
    items = [
        Item(name, clock=0, offset=0, target=np.asarray(series["x"] + series["xx"], dtype=np.float64))
        for name, series in published.items()
        if series["period"] == [period]
    ]
    return Panel(tuple(items), Frequency.parse(freq))


def read_wide(path: str | Path, freq: str) -> Panel:
    """A date and a column per series, row after row as they stand, as the long-horizon protocol counts them.

    Where the dates have gaps or doubles (the weather file has both) a clock beside the dates is what remains.
    """
    frame = pd.read_csv(path, encoding_errors="replace")
    step = Frequency.parse(freq)
    axis, first = TimeAxis.of_start(read_start(str(frame["date"].iloc[0])), step)
    items = [
        Item(str(name), clock=first, offset=axis.offset, target=frame[name].to_numpy(dtype=np.float64))
        for name in frame.columns
        if name != "date"
    ]
    return Panel(tuple(items), step)


def read_gefcom(path: str | Path) -> Panel:
    """GEFCom2014: hourly load from 2006 on, the temperature of the same hour as a covariate known ahead."""
    frame = pd.read_csv(path)
    frame["timestamp"] = pd.to_datetime(frame["date"]) + pd.to_timedelta(frame["hour"] - 1, unit="h")
    return panel_of(
        frame[frame["load"].notna()], Columns(target="load", timestamp="timestamp", future=("temperature",))
    )


def read_pm25(path: str | Path) -> Panel:
    """Beijing PM2.5 with the weather so far."""
    frame = pd.read_csv(path)
    frame["timestamp"] = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    weather = ("DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir")
    return panel_of(frame, Columns(target="pm2.5", timestamp="timestamp", past=weather))
