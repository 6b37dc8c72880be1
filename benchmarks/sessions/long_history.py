"""One more observation after a million steps against after a thousand; and a long life read in pieces of any size.

    python -m benchmarks.sessions.long_history [--artifacts artifacts] [--history 1000000] [--seconds 5] [--rounds 5]
                                      [--steps 100000] [--seasons 24 7 144]

In process and over HTTP (sessions on disk), a session with a long history and one with a thousand values take
observations in turns; printed is what the long one costs over the short one, and over sending 100,000 values again.

Then a synthetic series of each season with one percent missing is read in 41 pieces of random lengths and the last 300
steps one by one; the forecast is compared with that of reading it in pieces of 4,096. Printed is the largest difference
of any quantile at any step ahead, in standard deviations of the series.
"""

import argparse
import json
import statistics
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import statecast
from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.in_process import served_network
from benchmarks.harness.load import Clients, Load
from benchmarks.harness.requests import one_more
from benchmarks.harness.series import series_of
from benchmarks.harness.server import running_server
from benchmarks.machine import describe_machine
from statecast import Family, Forecaster, Observations

_SHORT = 1_000
_AGAIN = 100_000
_AT_ONCE = 4096
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


@torch.inference_mode()
def cost_in_process(artifact: Path, history: int, seconds: float) -> list[float]:
    """Median microseconds of a step with its forecast, after a short and after a long history, in turns."""
    network = served_network(artifact)
    future = torch.zeros(1, min(24, network.config.horizon), network.config.known_width)
    lives, states = [draw_life(24, length) for length in (_SHORT, history)], []
    for life in lives:
        state = network.fresh(torch.tensor([-1]), torch.zeros(1, network.config.static_width))
        for begin in range(0, life.shape[1], _AT_ONCE):
            state = network.prime(_observed(network, life[:, begin : begin + _AT_ONCE]), state)
        states.append(state)
    one, times = _observed(network, torch.tensor([[3.0]])), [[0.0] for _ in lives]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for place, state in enumerate(states):
            began = time.thread_time()
            states[place] = network.prime(one, state)
            network.decode(states[place], future).quantiles()
            times[place].append(1e6 * (time.thread_time() - began))
    return [statistics.median(part) for part in times]


def _observed(network: statecast.SeriesNetwork, values: Tensor) -> Observations:
    past, known = (
        torch.zeros(*values.shape, width) for width in (network.config.past_width, network.config.known_width)
    )
    return Observations(values.contiguous(), past, known)


def cost_over_http(artifacts: Path, history: int, seconds: float, rounds: int) -> tuple[list[list[Load]], float]:
    """Turns of a session after a short and one after a long history; and milliseconds of sending 100,000 again."""
    with running_server(artifacts, pinned=True, threads=1, device="cpu", default_timeout_ms=600_000) as server:
        clients, again = [], []
        for number, length in enumerate((_SHORT, history)):
            series = {"target": series_of(length), "session": f"after-{length}", "freq": "1h"}
            server.post("/forecast", json.dumps({"series": [series | {"start": "2026-01-01T00:00:00Z"}]}).encode())
            stream = one_more(f"after-{length}", number, length)
            clients.append(Clients(server.port, server.process, [stream]))
        loads: list[list[Load]] = [[], []]
        for _ in range(rounds):
            for place, one in enumerate(clients):
                loads[place].append(one.run(seconds / rounds))
        body = json.dumps({"series": [{"target": series_of(_AGAIN)}], "horizon": 24}).encode()
        for _ in range(3):
            began = time.perf_counter()
            server.post("/forecast", body)
            again.append(1e3 * (time.perf_counter() - began))
    return loads, statistics.median(again)


def print_costs(artifacts: Path, history: int, seconds: float, rounds: int) -> None:
    """One line in process, one over HTTP."""
    short, long = cost_in_process(artifacts / "default", history, seconds)
    print(
        f"in process: a step and a forecast {short:.1f} us after {_SHORT:,} steps, {long:.1f} us after {history:,}: "
        f"{long / short:.3f} times"
    )
    loads, again = cost_over_http(artifacts, history, seconds, rounds)
    before, after = (statistics.median(x for load in turns for x in load.latencies) for turns in loads)
    spent = [statistics.median(load.server_us for load in turns) for turns in loads]
    print(
        f"over HTTP: one more observation {1e3 * before:.2f} ms after {_SHORT:,} steps, {1e3 * after:.2f} ms after "
        f"{history:,}: {after / before:.3f} times, {spent[1] / spent[0]:.3f} times the server's processor time; "
        f"{_AGAIN:,} values again take {again:.0f} ms, {again / (1e3 * after):.0f} times as long"
    )


def main() -> None:
    """Measure costs, then every season."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--history", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seasons", type=int, nargs="*", default=[24, 7, 144])
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(f"{describe_machine()}; {describe_cores()}")
    pin_client()
    print_costs(options.artifacts, options.history, options.seconds, options.rounds)
    family = statecast.load(options.artifacts / "default").network
    if not isinstance(family, Family):
        parser.error(f"--artifacts: expected a pretrained family default, got {options.artifacts}")
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
