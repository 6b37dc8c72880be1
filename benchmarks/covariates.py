"""What a known covariate is worth: GEFCom2014 load, a day ahead, with and without its temperature.

    python -m benchmarks.covariates [--data ../shared/data] [--seeds 0] [--steps 600]

The same network, recipe and split twice; the calendar is known to both. The temperature of the hours ahead is the one
that came (the competition's ex-post track), so the gain is that of a perfect weather forecast.
"""

import argparse
import time

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from training.columns import Columns
from training.config import DataConfig, FitConfig, TrainingConfig
from training.evaluate import Part, score_network
from training.fit import Fit
from training.panel import Panel
from training.pipeline import prepare
from training.tables import panel_of


def read_load(folder: str, temperature: bool) -> Panel:
    """Load from 2006 on; with ``temperature`` as a covariate known ahead, or without."""
    table = pd.read_csv(f"{folder}/ltsf/gefcom2014_e_hourly.csv.gz").dropna(subset=["load"])
    frame = pd.DataFrame(
        {
            "item_id": "load",
            "timestamp": pd.to_datetime(table["date"]) + pd.to_timedelta(table["hour"] - 1, unit="h"),
            "target": table["load"].astype(float),
            "temperature": table["temperature"].astype(float),
        }
    )
    return panel_of(frame, Columns(future=("temperature",) if temperature else ()), "1h")


def fit_and_score(folder: str, temperature: bool, seed: int, steps: int) -> tuple[dict[str, float], float]:
    """Test scores of one fit, and its CPU seconds."""
    panel = read_load(folder, temperature)
    config = FitConfig(
        DataConfig(future=("temperature",) if temperature else (), fractions=(0.75, 0.1, 0.15)),
        {"horizon": 24},
        TrainingConfig(seed=seed, steps=steps, validation_stride=23, boosting=False),
    )
    began = time.process_time()
    prepared = prepare(panel, config)
    Fit(prepared.network, prepared.tensors, prepared.task, prepared.config.training).run()
    cost = time.process_time() - began
    split = prepared.task.split
    part = Part(split.val, split.test)
    return score_network(prepared.network, prepared.tensors, prepared.task, part).table(), cost


def main() -> None:
    """Fit both, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, default=600)
    options = parser.parse_args()
    print(describe_machine())
    losses: dict[bool, list[float]] = {True: [], False: []}
    for seed in options.seeds:
        for temperature, kept in losses.items():
            scores, cost = fit_and_score(options.data, temperature, seed, options.steps)
            kept.append(scores["pinball"])
            print(
                f"seed {seed}, {'with' if temperature else 'without'} temperature: pinball {scores['pinball']:.4f}, "
                f"MSE {scores['mse']:.4f}, MAE {scores['mae']:.4f}, 80 % interval {scores['interval']:.1%}, "
                f"{cost:.0f} CPU s"
            )
    gain = 1 - np.mean(losses[True]) / np.mean(losses[False])
    print(f"pinball loss {gain:.1%} lower with the temperature, mean of {len(options.seeds)} seeds (goal 10 %)")


if __name__ == "__main__":
    main()
