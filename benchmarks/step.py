"""One more observation and a forecast, in process: the compiled network beside the eager one, in one run.

    python -m benchmarks.step [--artifact artifacts/default --season 24] [--config configs/etth1.toml]
                              [--rows 1 16 64 256] [--turns 5]

One thread. Of each number of rows: a step and a forecast of 24 and of the whole horizon, and 64 histories of 336 steps
read at once. The two take turns, and each figure is the quickest of its turns, in time of this thread's own: whatever
else the machine does can only add to it. The compiled one works on the rows of a cache, as
in a server; a step goes to another row than it comes from, so that the old one is there until the new one is safe.
`--config` takes the shape of a network that a config fits, with random weights, in place of an artifact's.
"""

import argparse
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import statecast
from benchmarks.machine import describe_machine
from statecast.compiled import compile_network, uncovered
from statecast.compiled.forecaster import CompiledForecaster
from statecast.config import ForecasterConfig
from statecast.models.family import Family
from statecast.models.forecaster import Forecaster
from statecast.models.interface import SeriesNetwork
from statecast.state.lookback import Observations
from statecast.state.state import State

_PRIMED = 400
_READ = 64, 336
_SECONDS = 0.2


class _Live:
    """Series that are under way on one network, which take one observation after the other."""

    def __init__(self, network: SeriesNetwork, rows: int, horizon: int) -> None:
        self.network, config = network, network.config
        torch.manual_seed(0)
        seen = observe(network, rows, _PRIMED)
        parts = [[part[:, t : t + 1].contiguous() for t in range(_PRIMED)] for part in seen[:3] if part is not None]
        self.ones = [Observations(*one) for one in zip(*parts, strict=True)]
        self.future = torch.zeros(rows, horizon, config.known_width)
        fresh = network.fresh(torch.full((rows,), -1), torch.zeros(rows, config.static_width))
        self.state, self.place = network.prime(seen, fresh), 0
        self.ahead, self.cache = self.future.numpy(), np.concatenate([self.state.rows.numpy()] * 2)
        self.slots = np.arange(rows), np.arange(rows, 2 * rows)
        self.arrays = [tuple(part.numpy() for part in one[:3]) for one in self.ones]

    def step(self) -> None:
        """Advance by one and forecast."""
        self.place = (self.place + 1) % _PRIMED
        if isinstance(self.network, CompiledForecaster):
            read, write = self.slots
            self.network.slots.advance_slots(self.cache, read, write, *self.arrays[self.place])
            self.network.slots.forecast_slots(self.cache, write, self.ahead)
            self.slots = write, read
            return
        self.state = self.network.prime(self.ones[self.place], self.state)
        prediction = self.network.decode(self.state, self.future)
        prediction.quantiles()
        prediction.mean()


def observe(network: SeriesNetwork, rows: int, steps: int) -> Observations:
    """Random observations in the network's shape."""
    config = network.config

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape)

    return Observations(
        normal(rows, steps), normal(rows, steps, config.past_width), normal(rows, steps, config.known_width)
    )


def quickest(turns: int, *calls: Callable[[], object]) -> list[float]:
    """Microseconds of each call, the calls taking turns; the quickest of all."""
    best = [float("inf")] * len(calls)
    for call in calls:
        call()
    for _ in range(turns):
        for place, call in enumerate(calls):
            end = time.thread_time() + _SECONDS
            while True:
                began = time.thread_time()
                call()
                now = time.thread_time()
                best[place] = min(best[place], 1e6 * (now - began))
                if now > end:
                    break
    return best


def measure_network(name: str, eager: SeriesNetwork, rows: list[int], turns: int) -> None:
    """Print a table of one network."""
    reason = uncovered(eager)
    if reason is not None:
        print(f"{name}: not compiled, {reason}")
        return
    compiled = compile_network(eager)
    assert compiled is not None
    both = eager, compiled
    print(f"\n{name}\n{'':28}{'eager, us':>12}{'compiled, us':>14}{'times':>8}{'rows/s':>12}")
    for count in rows:
        for horizon in sorted({min(24, eager.config.horizon), eager.config.horizon}):
            old, new = quickest(turns, *(_Live(one, count, horizon).step for one in both))
            label = f"step + forecast {horizon}, {count} rows"
            print(f"{label:28}{old:>12,.1f}{new:>14,.1f}{old / new:>8.1f}{1e6 * count / new:>12,.0f}")
    count, steps = _READ
    seen = observe(eager, count, steps)
    fresh = eager.fresh(torch.full((count,), -1), torch.zeros(count, eager.config.static_width))

    def read(network: SeriesNetwork) -> Callable[[], State]:
        return lambda: network.prime(seen, fresh)

    old, new = quickest(turns, *(read(one) for one in both))
    label = f"reading {count} x {steps}"
    # Steps a second.
    print(f"{label:28}{old:>12,.0f}{new:>14,.0f}{old / new:>8.1f}{1e6 * count * steps / new:>12,.0f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--season", type=int, default=24, help="of a family")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(describe_machine())
    network: SeriesNetwork
    if options.config:
        values = tomllib.loads(options.config.read_text())
        shape = ForecasterConfig.from_dict({"freq": values["data"].get("freq"), **values["network"]})
        name, network = options.config.stem, Forecaster(shape).eval().requires_grad_(False)
    else:
        artifact = statecast.load(options.artifact)
        if isinstance(artifact.network, Family):
            artifact = artifact.member(options.season)
        name, network = artifact.name, artifact.forecaster
    with torch.inference_mode():
        measure_network(f"{name}, horizon {network.config.horizon}", network, options.rows, options.turns)


if __name__ == "__main__":
    main()
