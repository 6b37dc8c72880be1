"""How often the 80 % interval holds, calibrated and raw, and what that costs in width.

    python -m benchmarks.accuracy.calibration --etth1 ARTIFACT --m4-hourly ARTIFACT [--data ../shared/data]

Every test origin, state carried from the first row. The interval score (Gneiting and Raftery 2007) is in units of each
series' training deviation; lower is better.
"""

import argparse

import numpy as np
import torch
from numpy.typing import NDArray

import statecast
from benchmarks.accuracy.data import read_m4
from benchmarks.machine import describe_machine
from training.data.encoding import encode_panel
from training.data.panel import Panel
from training.data.splits import standards
from training.data.tables import read_panel
from training.evaluation.backtest import Part, carried_forecasts
from training.pipeline import trained_with
from training.selection.prepare import cut

Array = NDArray[np.float64]


def report(name: str, artifact: statecast.Artifact, panel: Panel) -> None:
    """Print coverage, by series where they are few, and interval scores."""
    network = artifact.forecaster
    split = cut(panel, trained_with(artifact), network.config.horizon)
    _, units = standards(panel, split)
    count = len(panel.items)
    held, scores, values = np.zeros((2, count)), np.zeros((2, count)), np.zeros(count)
    forecasts = carried_forecasts(network, encode_panel(panel, network.config), Part(split.val, split.test))
    for window in forecasts:
        target = panel.items[window.item].target.astype(np.float64)
        truth = target[window.origins[:, None] + 1 + np.arange(network.config.horizon)]
        values[window.item] += np.isfinite(truth).sum()
        for row, quantiles in enumerate((window.raw, window.quantiles)):
            low, high = quantiles[..., 0], quantiles[..., -1]
            held[row, window.item] += ((truth >= low) & (truth <= high)).sum()
            outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
            scores[row, window.item] += np.nansum(high - low + 10 * outside) / units[window.item]
    for row, what in enumerate(("raw", "calibrated")):
        cover = held[row] / values
        print(f"{name}, {what}: coverage {held[row].sum() / values.sum():.4f}", end="")
        print(f", series {cover.min():.3f} to {cover.max():.3f}" + (f" {cover.round(3)}" if count < 10 else ""), end="")
        print(f", interval score {scores[row].sum() / values.sum():.4f}")
    print(f"  interval score, calibrated / raw: {scores[1].sum() / scores[0].sum():.4f} (goal: at most 1.02)")


def main() -> None:
    """Measure whatever artifacts are given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--etth1")
    parser.add_argument("--m4-hourly")
    parser.add_argument("--data", default="../shared/data")
    options = parser.parse_args()
    print(describe_machine())
    torch.set_num_threads(1)
    if options.etth1:
        artifact = statecast.load(options.etth1)
        known = trained_with(artifact).data
        report("ETTh1", artifact, read_panel(f"{options.data}/ett/ETTh1.csv.gz", known.columns, known.freq))
    if options.m4_hourly:
        report("M4 Hourly", statecast.load(options.m4_hourly), read_m4(f"{options.data}/m4"))


if __name__ == "__main__":
    main()
