"""A thousand cut-offs of one series over HTTP, beside one forecast of it and beside a forecast per cut-off.

    python -m benchmarks.backtest [--values 10000] [--cutoffs 1000] [--rounds 3] [--single 10]

Times are what a client waits; the server has one core. The figures of some cut-offs are compared with those of a
forecast of the values before each. For scale: nixtla's statsforecast on the same cut-offs, fitted once, where it is
installed (extra ``stats``).
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.cores import describe_cores, pin_client
from benchmarks.harness.server import Server, running_server
from benchmarks.machine import describe_machine

SEASON, HORIZON = 24, 24


def series_of(values: int) -> NDArray[np.float64]:
    """A day that repeats, with noise."""
    hours = np.arange(values)
    noise = np.random.default_rng(0).normal(size=values)
    rounded: NDArray[np.float64] = (50 + 10 * np.sin(hours * 2 * np.pi / SEASON) + noise).round(3)
    return rounded


def seconds_of(rounds: int, call: Callable[[], Any]) -> tuple[float, Any]:
    """Median of the seconds of a call, and what it gave last."""
    taken, answer = [], None
    for _ in range(rounds):
        began = time.perf_counter()
        answer = call()
        taken.append(time.perf_counter() - began)
    return median(taken), answer


def body_of(values: NDArray[np.float64], **fields: object) -> bytes:
    """A request about one series without times."""
    return json.dumps(
        {"series": [{"target": values.tolist(), "season": SEASON}], "horizon": HORIZON, **fields}
    ).encode()


def differences(
    server: Server, values: NDArray[np.float64], found: Any, ends: list[int], first: int, step: int
) -> float:
    """Most by which the mean of a cut-off differs from a forecast of the values before it."""
    most = 0.0
    for end in ends:
        alone = server.post("/forecast", body_of(values[:end]))["forecasts"][0]["mean"]
        most = max(most, float(np.abs(np.subtract(found[(end - first) // step]["mean"], alone)).max()))
    return most


def statsforecast_seconds(values: NDArray[np.float64], cutoffs: int, step: int) -> dict[str, float]:
    """Seconds of ``cross_validation`` of two of its models."""
    import pandas as pd
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS, SeasonalNaive

    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(len(values)), "y": values})
    taken = {}
    models = (("SeasonalNaive", SeasonalNaive(SEASON), True), ("AutoETS, fitted once", AutoETS(SEASON), False))
    for name, model, refit in models:
        began = time.perf_counter()
        judge = StatsForecast([model], freq=1, n_jobs=1)
        judge.cross_validation(df=frame, h=HORIZON, n_windows=cutoffs, step_size=step, refit=refit)
        taken[name] = time.perf_counter() - began
    return taken


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--values", type=int, default=10_000)
    parser.add_argument("--cutoffs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--single", type=int, default=10, help="forecasts of single cut-offs to time and to compare")
    options = parser.parse_args()
    values = series_of(options.values)
    step = (options.values - 500) // options.cutoffs
    first = options.values - HORIZON - (options.cutoffs - 1) * step
    ends = [first + step * place for place in range(0, options.cutoffs, -(-options.cutoffs // options.single))]
    asked = {"cutoffs": options.cutoffs, "step": step}
    print(f"{describe_machine()}; {describe_cores()}", flush=True)
    pin_client()
    with running_server(options.artifacts, pinned=True, threads=1, device="cpu") as server:
        once, _ = seconds_of(options.rounds, lambda: server.post("/forecast", body_of(values)))
        measured, answer = seconds_of(options.rounds, lambda: server.post("/backtest", body_of(values, **asked)))
        whole = {**asked, "return": ["metrics", "forecasts"]}
        told, full = seconds_of(options.rounds, lambda: server.post("/backtest", body_of(values, **whole)))
        began = time.perf_counter()
        most = differences(server, values, full["results"][0]["forecasts"], ends, first, step)
        single = (time.perf_counter() - began) / len(ends)
    print(f"one forecast of {options.values:,} values: {1e3 * once:.0f} ms")
    print(
        f"{options.cutoffs:,} cut-offs, errors alone: {1e3 * measured:.0f} ms = {measured / once:.2f} times; "
        f"{answer['metrics']}"
    )
    print(f"with every forecast in the answer: {1e3 * told:.0f} ms = {told / once:.2f} times")
    print(
        f"a forecast per cut-off, by {len(ends)} of them: {options.cutoffs * single:.1f} s; "
        f"figures differ by {most:.1e} at most"
    )
    if find_spec("statsforecast"):
        for name, taken in statsforecast_seconds(values, options.cutoffs, step).items():
            print(f"statsforecast cross_validation, {name}: {taken:.1f} s")


if __name__ == "__main__":
    main()
