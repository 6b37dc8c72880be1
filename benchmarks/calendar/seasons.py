"""Is a year worth being the season? The default model on weeks with season 52 and on days with season 364.

    python -m benchmarks.calendar.seasons [--artifact artifacts/default] [--data ../shared/data]

Every public set of more than two years, as means of days and of weeks, which are forecast from cut-offs all along, 13
weeks or 30 days ahead, the state carried; a row per set and age of the history in years. The last columns are errors
over the usual season's, below 1 is better: with the longer one, and with the one that is chosen by default.
"""

import argparse
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

import statecast
from benchmarks.calendar.series import Doubles
from benchmarks.machine import describe_machine
from statecast import metrics
from statecast.api.backtest import backtest_series
from statecast.metrics.batch import ForecastBatch
from statecast.metrics.mase import seasonal_error
from statecast.models.family import Family
from statecast.time.seasonality import choose_season

_SCORES = ["mase", "sql", "coverage"]
LEVELS = tuple(round(0.1 * place, 1) for place in range(1, 10))
_AGES = (0.0, 0.5, 1.0, 2.0, 3.0, 100.0)


class _Table(NamedTuple):
    path: str
    time: str
    columns: tuple[str, ...] = ("y",)
    form: str | None = None


_TABLES = {
    "co2": _Table("calendar/co2_weekly.csv.gz", "date", ("co2",), "%Y%m%d"),
    "page-views": _Table("calendar/wp_log_peyton_manning.csv.gz", "ds"),
    "page-views-r": _Table("calendar/wp_log_R.csv.gz", "ds"),
    "bike-sharing": _Table("small/bike_sharing_hourly.csv.gz", "date_time", ("users", "temp", "windspeed")),
    "load-rte": _Table("calendar/load_rte.csv.gz", "ds"),
    "price-ercot": _Table("calendar/price_ercot_dam.csv.gz", "ds", ("y", "temp_celsius_houston")),
    "min-temperatures": _Table("small/daily-min-temperatures.csv", "Date", ("Temp",)),
    "ett": _Table("ett/ETTm1.csv.gz", "date", ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")),
    "electricity": _Table("ltsf/electricity_6cols.csv.gz", "date", ("0", "1", "2", "3", "4", "5")),
    "csi300": _Table("finance/csi300_daily_to_20231010.csv.gz", "日期", ("收盘", "成交量")),
}


def daily_means(name: str, data: Path) -> pd.DataFrame:
    """Means of a set's days, a column per variable; of weekly and trading-day sets what there is."""
    if name in ("gefcom", "beijing-pm25"):
        return _parted(name, data).resample("1D").mean()
    one = _TABLES[name]
    table = pd.read_csv(data / one.path)
    table = table.set_index(pd.to_datetime(table[one.time].astype(str), format=one.form)).sort_index()
    return table[list(one.columns)].astype(np.float64).resample("1D").mean()


def _parted(name: str, data: Path) -> pd.DataFrame:
    if name == "gefcom":
        table = pd.read_csv(data / "ltsf/gefcom2014_e_hourly.csv.gz")
        table.index = pd.to_datetime(table["date"]) + pd.to_timedelta(table["hour"] - 1, unit="h")
        return table.loc[table["load"].notna(), ["load", "temperature"]]
    table = pd.read_csv(data / "small/beijing_pm25_hourly.csv.gz")
    table.index = pd.to_datetime(table[["year", "month", "day", "hour"]])
    return table[["pm2.5", "TEMP", "PRES", "Iws"]].astype(np.float64)


SETS = (*_TABLES, "gefcom", "beijing-pm25")


class Setting(NamedTuple):
    """One freq."""

    freq: str
    days: int
    usual: int
    long: int
    horizon: int


WEEKS, DAYS = Setting("1w", 7, 1, 52, 13), Setting("1d", 1, 7, 364, 30)


def measure(family: Family, values: Doubles, start: str, at: Setting, season: int) -> Iterator[tuple[float, ...]]:
    """Values known, MASE, SQL and coverage of the 80 % interval of each cut-off of a series."""
    first, step = 8 * at.usual, max(at.horizon // 3, 1)
    count = (len(values) - at.horizon - first) // step + 1
    found = backtest_series(
        family, values, at.horizon, cutoffs=count, step=step, start=start, freq=at.freq, season=season,
        quantile_levels=LEVELS,
    )  # fmt: skip
    quantiles = np.stack([found.quantiles[level] for level in LEVELS], axis=-1)
    for place, read in enumerate(found.read.tolist()):
        unit = seasonal_error(values[:read], at.usual)
        one = ForecastBatch(
            found.actual[place, None], found.median[place, None], quantiles=quantiles[place, None], levels=LEVELS,
            seasonal_error=[unit], unit=[unit],
        )  # fmt: skip
        scores = (metrics.get(name) for name in ("mase", "pinball", "coverage"))
        yield (
            read,
            *(float(metric.value(metric.update(metric.initial(levels=len(LEVELS)), one))) for metric in scores),
        )


def compare(family: Family, name: str, data: Path, at: Setting) -> pd.DataFrame:
    """Errors of both seasons on one set, a row per variable and cut-off."""
    table = daily_means(name, data)
    if at.days > 1:
        steps = table.notna().any(axis=1).to_numpy().nonzero()[0]
        table = table.iloc[steps[0] :].resample(f"{at.days}D").mean().iloc[:-1]
    parts = []
    for variable in table:
        values = table[variable].to_numpy(np.float64)
        start = table.index[0].isoformat()
        usual, long = (
            pd.DataFrame(measure(family, values, start, at, season), columns=["read", *_SCORES])
            for season in (at.usual, at.long)
        )
        taken = [choose_season(values[: int(read)], at.freq) == at.long for read in usual["read"]]
        age = usual["read"] * at.days / 365.25
        chosen = usual.copy()
        chosen[taken] = long[taken]
        for title, one in (("usual", usual), ("long", long), ("chosen", chosen)):
            parts.append(one.assign(age=age, season=title))
    return pd.concat(parts)


def lines(name: str, at: Setting, found: pd.DataFrame) -> Iterator[str]:
    """A row per age."""
    for begin, end in pairwise(_AGES):
        part = found[(found["age"] >= begin) & (found["age"] < end)]
        if len(part):
            count = int((part["season"] == "usual").sum())
            usual, *others = (
                part.loc[part["season"] == title, _SCORES].mean() for title in ("usual", "long", "chosen")
            )
            cells = [f"{one['mase']:.3f} / {one['sql']:.3f} / {one['coverage']:.2f}" for one in (usual, others[0])]
            cells += [f"{one['mase'] / usual['mase']:.3f} / {one['sql'] / usual['sql']:.3f}" for one in others]
            yield f"| {name} {at.freq} | {begin:g} to {end:g} | {count} | {' | '.join(cells)} |"


def main() -> None:
    """Compare on all sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS, metavar="NAME")
    parser.add_argument("--freqs", nargs="+", default=["1w", "1d"], choices=("1w", "1d"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    if not options.data.exists():
        print(f"{options.data}: no such folder; pass the data folder as --data; it is not in the repository")
        return
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(describe_machine())
    family = statecast.load(options.artifact).network
    if not isinstance(family, Family):
        parser.error(f"--artifact: expected a family, such as artifacts/default, got {options.artifact}")
    titles = [
        "set",
        "years known",
        "forecasts",
        "usual: MASE / SQL / 80 %",
        "longer",
        "longer / usual",
        "chosen / usual",
    ]
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for at in (WEEKS, DAYS):
        for name in options.sets:
            if at.freq in options.freqs and not (at is DAYS and name == "co2"):
                for line in lines(name, at, compare(family, name, options.data, at)):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
