"""One more observation, after a short and after a long history, against sending the whole history again.

    python -m benchmarks.streaming [--artifacts artifacts] [--rounds 400]

All lengths are measured in turns in one run, so that noise affects all alike; medians are printed.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.harness.client import Client
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine

LENGTHS = (1_000, 10_000, 100_000)


def series_of(length: int) -> list[float]:
    """A load-like series: a daily and a weekly wave, and noise."""
    hours = np.arange(length)
    random = np.random.default_rng(length)
    wave = 10 * np.sin(hours / 24 * 2 * np.pi) + 4 * np.sin(hours / 168 * 2 * np.pi)
    values: list[float] = np.round(100 + wave + random.normal(size=length), 3).tolist()
    return values


async def measure(server: Server, rounds: int) -> tuple[dict[int, float], dict[int, float]]:
    """Median milliseconds of one more observation, and of the whole history again, by length."""
    steps: dict[int, list[float]] = {length: [] for length in LENGTHS}
    again: dict[int, list[float]] = {length: [] for length in LENGTHS}
    async with Client(server) as client:
        for length in LENGTHS:
            await client.forecast([{"target": series_of(length), "session": f"s{length}"}])
        for round_ in range(rounds):
            for length in LENGTHS:
                began = time.perf_counter()
                await client.forecast([{"target": [100.0 + round_ % 7], "session": f"s{length}"}])
                steps[length].append(1e3 * (time.perf_counter() - began))
        for _ in range(5):
            for length in LENGTHS:
                history = series_of(length)
                began = time.perf_counter()
                await client.forecast([{"target": history}])
                again[length].append(1e3 * (time.perf_counter() - began))
    return (
        {length: statistics.median(times) for length, times in steps.items()},
        {length: statistics.median(times) for length, times in again.items()},
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--rounds", type=int, default=400)
    options = parser.parse_args()
    print(describe_machine())
    with running_server(options.artifacts) as server:
        steps, again = asyncio.run(measure(server, options.rounds))
    print(f"{'history':>9} {'one more':>12} {'all again':>12} {'cheaper by':>11}")
    for length in LENGTHS:
        print(f"{length:>9,} {steps[length]:>9.2f} ms {again[length]:>9.2f} ms {again[length] / steps[length]:>10.1f}x")
    print(f"one more after {LENGTHS[-1]:,} / after {LENGTHS[0]:,}: {steps[LENGTHS[-1]] / steps[LENGTHS[0]]:.3f}")


if __name__ == "__main__":
    main()
