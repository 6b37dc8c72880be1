"""A hundred thousand steps in uneven pieces against the same in even ones: how far apart, and how large a session is.

    python -m benchmarks.long_history [--artifact artifacts/default] [--steps 100000] [--seasons 24 7 144]

A synthetic series of each season with one percent missing is read in 41 pieces of random lengths and the last 300 steps
one by one; the forecast is compared with that of reading it in pieces of 4,096. Printed is the largest difference of
any quantile at any step ahead, in standard deviations of the series.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import statecast
from benchmarks.machine import describe_machine
from statecast import Family, Forecaster, Observations

_SINGLE = 300  # steps at the end that are read one by one


def draw_life(season: int, steps: int) -> Tensor:
    """A wave, a random walk and noise, ``[1, T]``; NaN missing."""
    generator, time = np.random.default_rng(season), np.arange(steps)
    wave = 10 * np.sin(2 * np.pi * time / season)
    values = wave + generator.normal(0, 0.1, steps).cumsum() + generator.normal(0, 1, steps)
    values[generator.random(steps) < 0.01] = np.nan
    return torch.tensor(values[None], dtype=torch.float32)


@torch.inference_mode()
def forecast_after(network: Forecaster, life: Tensor, cuts: list[int]) -> Tensor:
    """Quantiles ``[1, F, Q]`` after reading a life in pieces that end at ``cuts``."""
    none = torch.zeros(1, life.shape[1], 0)
    state = network.fresh(torch.tensor([-1]), torch.zeros(1, 0))
    for begin, end in pairwise([0, *cuts]):
        state = network.prime(Observations(life[:, begin:end], none[:, begin:end], none[:, begin:end]), state)
    return network.decode(state, torch.zeros(1, network.config.horizon, 0)).quantiles()


def main() -> None:
    """Measure every season."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seasons", type=int, nargs="+", default=[24, 7, 144])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(describe_machine())
    family = statecast.load(options.artifact).network
    if not isinstance(family, Family):
        parser.error(f"--artifact: expected a pretrained family, got {options.artifact}")
    for season in options.seasons:
        network, life = family.of(season).eval(), draw_life(season, options.steps)
        alone = options.steps - _SINGLE
        pieces = np.random.default_rng(season).integers(1, alone, 40).tolist()
        uneven = [*sorted({*pieces, alone}), *range(alone + 1, options.steps + 1)]
        even = [*range(4096, options.steps, 4096), options.steps]
        apart = (forecast_after(network, life, uneven) - forecast_after(network, life, even)).abs().max()
        share = float(apart) / float(np.nanstd(life.numpy()))
        print(f"season {season}: {share:.1e} of the deviation apart, {network.spec.row_bytes} bytes per session")


if __name__ == "__main__":
    main()
