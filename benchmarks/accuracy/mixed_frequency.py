"""What a given table of days adds to a short table of hours: the same hours with and without it.

    python -m benchmarks.accuracy.mixed_frequency [--data ../shared/data] [--sets electricity gefcom] [--days 70]
                                                  [--seeds 0,1,2]

The hours are the last ``--days`` days of each set; the table has each day's largest value, from the set's beginning on,
or only of the hours' own days. Without it the lower frequency is derived from the hours. Test, lower is better.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from training.config import DataConfig, FitConfig, TrainingConfig
from training.data.coarse_tables import join_resolutions
from training.data.columns import Columns
from training.data.panel import Panel
from training.data.tables import panel_of
from training.evaluation.backtest import Part, score_network
from training.selection.prepare import prepare

METRICS = ("pinball", "mse", "mae", "mase")


def electricity(folder: Path) -> pd.DataFrame:
    """Six clients, hour by hour."""
    frame = pd.read_csv(folder / "ltsf/electricity_6cols.csv.gz")
    frame["timestamp"] = pd.to_datetime(frame.pop("date"))
    return frame.melt("timestamp", var_name="item_id", value_name="target")


def gefcom(folder: Path) -> pd.DataFrame:
    """One load, hour by hour; the temperature is left out, it would tell the season by itself."""
    frame = pd.read_csv(folder / "ltsf/gefcom2014_e_hourly.csv.gz")
    stamps = pd.to_datetime(frame["date"]) + pd.to_timedelta(frame["hour"] - 1, unit="h")
    load = frame["load"].to_numpy()
    return pd.DataFrame({"timestamp": stamps, "item_id": "load", "target": load}).dropna()


SETS: dict[str, Callable[[Path], pd.DataFrame]] = {"electricity": electricity, "gefcom": gefcom}


def panels_of(frame: pd.DataFrame, days: int) -> dict[str, Panel]:
    """The last days' hours, without and with the largest value of each day, of their own and of every day there is."""
    day = frame["timestamp"].dt.floor("1D")
    peaks = frame.assign(timestamp=day).groupby(["item_id", "timestamp"], as_index=False)["target"].max()
    last = frame["timestamp"].max().floor("1D")
    peaks = peaks[peaks["timestamp"] < last]
    begin = last - pd.Timedelta(days=days)
    hours = panel_of(frame[day > begin], freq="1h")
    panels = {"days derived": hours}
    with TemporaryDirectory() as place:
        for kind, table in {"own days given": peaks[peaks["timestamp"] > begin], "all days given": peaks}.items():
            table.to_csv(f"{place}/days.csv", index=False)
            panels[kind] = join_resolutions(hours, {"1d": f"{place}/days.csv"}, Columns())
    return panels


def fits(panels: dict[str, Panel], seeds: list[int]) -> Iterator[tuple[str, list[float]]]:
    """Validation and test figures of each fit."""
    data = DataConfig(fractions=(0.6, 0.2, 0.2))
    for name, panel in panels.items():
        for seed in seeds:
            prepared = prepare(panel, FitConfig(data, {"horizon": 48}, TrainingConfig(seed=seed)))
            network, tensors, task = prepared.network, prepared.tensors, prepared.task
            curves = prepared.fit().run()
            row = score_network(network, tensors, task, Part(task.split.val, task.split.test)).table()
            yield name, [curves.best, *(row[metric] for metric in METRICS)]


def main() -> None:
    """Fit all, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--days", type=int, default=70)
    parser.add_argument("--seeds", default="0,1,2")
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    print(describe_machine())
    for name in options.sets:
        panels = panels_of(SETS[name](options.data), options.days)
        print(f"{name}, {options.days} days of hours: validation; test {', '.join(METRICS)}", flush=True)
        found: dict[str, list[list[float]]] = {}
        for kind, row in fits(panels, seeds):
            found.setdefault(kind, []).append(row)
            print(f"  {kind:16}" + "  ".join(f"{value:8.4f}" for value in row), flush=True)
        for kind, rows in found.items():
            print(f"  {kind:16}" + "  ".join(f"{value:8.4f}" for value in np.mean(rows, axis=0)) + "  mean")


if __name__ == "__main__":
    main()
