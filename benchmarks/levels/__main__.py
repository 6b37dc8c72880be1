"""How often the default model's 80, 95 and 98 % intervals hold, by third of the distance, on every data set.

    python -m benchmarks.levels [--artifact artifacts/default] [--sets NAME ...] [--data ../shared/data]

Nothing is trained. Origins lie evenly over the last 70 % of each series, the state is carried from the first row. Each
set is forecast as far as the member's own horizon, 480 and 720 steps ahead, where it has room for 200 forecasts. Goal:
80 and 95 % within 3 points at each third. 98 % stands beside them, of the outermost levels that can be had.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

import statecast
from benchmarks.beyond_horizon import SETS, fitting_member, spread_origins
from benchmarks.machine import describe_machine
from statecast.models.family import Family
from statecast.models.forecaster import Forecaster
from statecast.uncertainty.quantile_levels import quantiles_at
from training.data.encoding import encode_panel
from training.data.panel import Panel
from training.data.splits import Split
from training.evaluation.baselines.naive import Task
from training.evaluation.beyond_horizon import rolled_forecasts

_COVERAGES = (0.8, 0.95, 0.98)
_DISTANCES = (480, 720)
_FORECASTS, _ENOUGH = 300, 200
_GOAL = 0.03
_HELD_TO = 2  # coverages that the goal is about


class Coverage(NamedTuple):
    """What was found on one set at one distance."""

    steps: int
    """How far ahead, H."""
    forecasts: int
    """How many were looked at."""
    held: NDArray[np.float64]
    """Share of values ``[3, 3]`` within each interval, by third of the distance."""

    @property
    def missed(self) -> int:
        """Figures that lie outside of the goal."""
        off = np.abs(self.held - np.array(_COVERAGES)[:, None])[:_HELD_TO]
        return int((off.round(4) > _GOAL).sum())


def measure(network: Forecaster, panel: Panel, steps: int) -> Coverage:
    """Forecast from many origins and count."""
    config = network.config
    first, end = np.array([(item.first, item.last + 1) for item in panel.items]).T
    begin = first + np.maximum((end - first) * 3 // 10, 2 * config.season)
    origins = spread_origins(begin, end - steps - begin, _FORECASTS, max(config.horizon // 6, 1))
    number = sum(len(rows) for rows in origins)
    held, count = np.zeros((3, 3)), np.zeros(3)
    if number < _ENOUGH:
        return Coverage(steps, number, held)
    task = Task(panel, Split(begin, begin, end), config.season, steps)
    ends = [end for share in _COVERAGES for end in (0.5 - share / 2, 0.5 + share / 2)]
    levels, exponents = [round(end, 6) for end in ends], network.calibration.exponents
    for rolled in rolled_forecasts(network, encode_panel(panel, config), origins, steps):
        truth = rolled.truth(task, end).numpy()
        quantiles = quantiles_at(rolled.quantiles.numpy(), config.quantile_levels, levels, exponents)
        known = np.isfinite(truth) & np.isfinite(quantiles[..., 0])
        inside = (truth[..., None] >= quantiles[..., ::2]) & (truth[..., None] <= quantiles[..., 1::2])
        for third, part in enumerate(np.array_split(np.arange(steps), 3)):
            held[:, third] += (inside & known[..., None])[:, part].sum((0, 1))
            count[third] += known[:, part].sum()
    return Coverage(steps, number, held / np.maximum(count, 1))


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
    print("| set | season | steps | forecasts | 80 %, by third | 95 % | 98 % | outside |")
    print("|---|---:|---:|---:|---|---|---|---:|")
    rows = within = cells = outside = 0
    for name in options.sets:
        path, read = SETS[name]
        panel = read(options.data / path).bare()
        network = fitting_member(family, panel)
        for steps in (network.config.horizon, *_DISTANCES):
            found = measure(network, panel, steps)
            if found.forecasts < _ENOUGH:
                continue
            shares = " | ".join(", ".join(f"{share:.3f}" for share in part) for part in found.held)
            start = f"| {name} | {network.config.season} | {steps} | {found.forecasts}"
            print(f"{start} | {shares} | {found.missed or ''} |", flush=True)
            rows, within = rows + 1, within + (not found.missed)
            cells, outside = cells + _HELD_TO * 3, outside + found.missed
    print(f"80 and 95 % within {_GOAL:g} at every third in {within} of {rows} rows; {outside} of {cells} are outside")


if __name__ == "__main__":
    main()
