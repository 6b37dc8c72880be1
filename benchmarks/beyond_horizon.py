"""How often the default model's 80 % interval holds past its own horizon, by distance, on every data set.

    python -m benchmarks.beyond_horizon [--artifact artifacts/default] [--sets NAME ...] [--data ../shared/data]

Nothing is trained. Origins lie evenly over the last 70 % of each series; the state is carried from the first row; each
forecast goes three horizons ahead, past the first on the network's own medians. A row per set, a column per quarter of
a horizon. Goal: 0.75 to 0.85 in each, where there are origins enough, which means ten times the whole distance, over
all series together.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

import statecast
from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.machine import describe_machine
from statecast.models.family import Family
from statecast.models.forecaster import Forecaster
from statecast.time.seasonality import choose_season
from training.data.columns import Columns
from training.data.encoding import encode_panel
from training.data.panel import Panel
from training.data.splits import Split
from training.data.tables import read_panel
from training.evaluation.baselines.naive import Task
from training.evaluation.beyond_horizon import HORIZONS, rolled_forecasts

_QUARTERS = 4 * HORIZONS
_FORECASTS = 600
_ENOUGH = 10
_LOW, _HIGH = 0.75, 0.85


def _table(target: str = "y", timestamp: str = "ds") -> Callable[[Path], Panel]:
    return partial(read_panel, columns=Columns(target=target, timestamp=timestamp))


SETS: dict[str, tuple[str, Callable[[Path], Panel]]] = {
    **{name: (protocol.path, protocol.read) for name, protocol in PROTOCOLS.items()},
    "page-views": ("calendar/wp_log_peyton_manning.csv.gz", _table()),
    "co2-weekly": ("calendar/co2_weekly.csv.gz", _table("co2", "date")),
    "load-rte": ("calendar/load_rte.csv.gz", _table()),
    "price-ercot": ("calendar/price_ercot_dam.csv.gz", _table()),
    "hospital-load": ("calendar/SF_hospital_load.csv.gz", _table()),
    "solar": ("calendar/SF_PV.csv.gz", _table()),
    "yosemite": ("calendar/yosemite_temps.csv.gz", _table()),
    "retail-sales": ("calendar/retail_sales.csv.gz", _table()),
    "nyc-taxi": ("nab/realKnownCause/nyc_taxi.csv", _table("value", "timestamp")),
}


class Coverage(NamedTuple):
    """What was found on one set."""

    season: int
    """Steps per season."""
    horizon: int
    """The network's own, F."""
    forecasts: int
    """How many were looked at."""
    distances: float
    """Length of all series' origins together, in whole distances of the forecasts."""
    held: NDArray[np.float64]
    """Share of values within the 80 % interval, by quarter of a horizon."""

    @property
    def enough(self) -> bool:
        """Whether there are origins enough to hold the figures to the goal."""
        return self.distances >= _ENOUGH

    @property
    def missed(self) -> int:
        """Quarters past the horizon that lie outside the goal."""
        far = self.held[4:].round(3)
        return int(((far < _LOW) | (far > _HIGH)).sum())


def fitting_member(family: Family, panel: Panel) -> Forecaster:
    """Choose the member that a panel's longest series gets."""
    longest = max(panel.items, key=lambda item: item.target.size)
    freq = str(panel.freq) if panel.freq else None
    return family.of(choose_season(longest.target, freq), freq).eval()


def spread_origins(
    begin: NDArray[np.int64], spans: NDArray[np.int64], forecasts: int, apart: int
) -> list[NDArray[np.int64]]:
    """Lay origins evenly over a span of each series, about so many in all and never closer than a distance."""
    most = max(forecasts // max(int((spans >= 0).sum()), 1), 1)
    return [
        np.unique(np.linspace(at, at + span, min(most, span // apart + 1), dtype=np.int64)) - 1
        if span >= 0
        else np.zeros(0, dtype=np.int64)
        for at, span in zip(begin, spans, strict=True)
    ]


def measure(family: Family, panel: Panel) -> Coverage:
    """Forecast from many origins and count."""
    panel = panel.bare()
    network = fitting_member(family, panel)
    season, horizon = network.config.season, network.config.horizon
    steps = HORIZONS * horizon
    first, end = np.array([(item.first, item.last + 1) for item in panel.items]).T
    begin = first + np.maximum((end - first) * 3 // 10, 2 * season)
    spans = end - steps - begin
    origins = spread_origins(begin, spans, _FORECASTS, max(horizon // 6, 1))
    task = Task(panel, Split(begin, begin, end), season, horizon)
    held, count = np.zeros(_QUARTERS), np.zeros(_QUARTERS)
    edges = np.arange(1, _QUARTERS) * steps // _QUARTERS
    for rolled in rolled_forecasts(network, encode_panel(panel, network.config), origins, steps):
        truth, quantiles = rolled.truth(task, end).numpy(), rolled.quantiles.numpy()
        inside = (truth >= quantiles[..., 0]) & (truth <= quantiles[..., -1])
        known = np.isfinite(truth) & np.isfinite(quantiles[..., 0])
        held += [part.sum() for part in np.split(inside & known, edges, axis=1)]
        count += [part.sum() for part in np.split(known, edges, axis=1)]
    number = sum(len(rows) for rows in origins)
    distances = float(np.maximum(spans[spans >= 0] / steps, 1.0).sum())
    return Coverage(season, horizon, number, distances, held / np.maximum(count, 1))


def main() -> None:
    """Measure the sets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS, metavar="NAME")
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
    titles = [f"{(quarter + 1) / 4:.2f}" for quarter in range(_QUARTERS)]
    print(f"| set | season | horizon | forecasts | {' | '.join(titles)} | outside past 1 |")
    print(f"|---|{'---:|' * (_QUARTERS + 4)}")
    sets = quarters = 0
    for name in options.sets:
        path, read = SETS[name]
        found = measure(family, read(options.data / path))
        cells = " | ".join(f"{share:.2f}" for share in found.held)
        says = str(found.missed) if found.enough else "too few origins"
        print(f"| {name} | {found.season} | {found.horizon} | {found.forecasts} | {cells} | {says} |", flush=True)
        if found.enough:
            sets, quarters = sets + (not found.missed), quarters + found.missed
    print(f"all quarters past the horizon within {_LOW} to {_HIGH} on {sets} sets; {quarters} of others' are outside")


if __name__ == "__main__":
    main()
