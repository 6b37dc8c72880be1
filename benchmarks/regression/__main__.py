"""Forecasts of the default model as it is, with its calendar, and with covariates, all untrained, at the same cut-offs.

    python -m benchmarks.regression [NAME ...] [--data ../shared/data] [--artifact artifacts/default] [--noise] [--ages]

The state is carried through each series once. Prints per way of forecasting the MASE of the median, scaled by the
seasonal naive of the history up to each cut-off, the weighted quantile loss over levels 0.1 to 0.9, how often the 80 %
interval held, bytes of a state and CPU seconds; below it the seasonal naive forecasts and what others reached on the
same windows. `--noise` adds covariates that say nothing. `--ages` reads only so many days before the first cut-off.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import statecast
from benchmarks.machine import describe_machine
from benchmarks.regression.tasks import TASKS, Doubles, Task
from statecast.api.whole_series import read_whole
from statecast.models.family import Family
from statecast.models.roll_out import direct_quantiles
from statecast.regression.surroundings import Surroundings
from statecast.state.lookback import Observations

_CHUNK = 4096
_AGES = (21, 42, 90, 180, 365, 500)


def main() -> None:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", default=list(TASKS), help="which series")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--noise", action="store_true", help="with covariates that say nothing")
    parser.add_argument("--ages", action="store_true", help="with short histories")
    options = parser.parse_args()
    torch.set_num_threads(1)
    family = statecast.load(options.artifact).network
    assert isinstance(family, Family)
    print(describe_machine())
    for name in options.names:
        task = TASKS[name](options.data)
        print(f"\n{name}: {len(task.values)} steps of {task.freq}, {len(task.cutoffs)} x {task.horizon} ahead")
        if options.ages:
            for days in _AGES:
                _compare(family, _young(task, days), f"{days} days, ")
        else:
            _compare(family, task, "", noise=options.noise)
        naive = {lag: _score(task, _naive(task, lag))[0] for lag in task.naive}
        print("  " + ", ".join(f"seasonal naive {lag} {error:.3f}" for lag, error in naive.items()))
        print(f"  {task.reference}" if task.reference else "", flush=True)


def _compare(family: Family, task: Task, label: str, *, noise: bool = False) -> None:
    ways = {"plain": Surroundings(), "calendar": Surroundings(calendar=True)}
    if task.covariates:
        ways["covariates"] = Surroundings(calendar=True, future=task.covariates)
    if task.country:
        ways["holidays too"] = Surroundings(calendar=True, country=task.country, future=task.covariates)
    if noise:
        rng = np.random.default_rng(0)
        walk = rng.normal(size=(2, len(task.values)))
        nothing = {"noise": walk[0].tolist(), "walk": (walk[1].cumsum() / 30).tolist()}
        ways = {name: ways[name] for name in ("plain", "calendar")}
        ways["noise"] = Surroundings(calendar=True, future=nothing)
    for name, around in ways.items():
        began = time.process_time()
        quantiles, size = _forecast(family, task, around)
        mase, wql, held = _score(task, quantiles)
        spent = time.process_time() - began
        print(
            f"  {label}{name:13} MASE {mase:.3f}  WQL {wql:.4f}  80 % held {held:.3f}  {size:6} bytes  {spent:5.1f} s"
        )


def _young(task: Task, days: int) -> Task:
    """The same windows, each series beginning so many days before the first of them."""
    step = {"1h": 24, "1d": 1}.get(task.freq, 1 / 7)
    begin = max(task.cutoffs[0] - int(days * step), 0)
    start = np.datetime64(task.start.replace(" ", "T"), "s") + np.timedelta64(int(begin * 24 / step), "h")
    covariates = {name: values[begin:] for name, values in task.covariates.items()}
    cutoffs = tuple(cut - begin for cut in task.cutoffs[:4])
    return replace(
        task, values=task.values[begin:], start=str(start), covariates=covariates, cutoffs=cutoffs, country=None
    )


def _forecast(family: Family, task: Task, around: Surroundings) -> tuple[Doubles, int]:
    """Quantiles ``[N, F, Q]`` at all cut-offs, and bytes of a state."""
    member = around.member(family, task.season, task.freq, True, task.values[: task.cutoffs[0]])
    whole, _ = read_whole(member, task.values, start=task.start, freq=task.freq, future_covariates=around.future)
    target, past, known = (torch.from_numpy(one) for one in (whole.target, whole.past[None], whole.known[None]))
    skipped, at, found = len(task.values) - whole.steps, 0, []
    with torch.inference_mode():
        state = member.fresh(torch.tensor([whole.before]), torch.zeros(1, 0))
        for cut in task.cutoffs:
            end = cut - skipped
            while at < end:
                part = slice(at, min(end, at + _CHUNK))
                state = member.prime(Observations(target[:, part], past[:, part], known[:, part]), state)
                at = part.stop
            ahead, _ = direct_quantiles(member, state, known[:, end : end + task.horizon])
            found.append(ahead[0].numpy() + whole.level)
    return np.stack(found), member.spec.row_bytes


def _naive(task: Task, lag: int) -> Doubles:
    """The last values at that distance, repeated, gaps filled from the value before."""
    values = task.values.copy()
    for step in np.flatnonzero(np.isnan(values)):
        values[step] = values[step - 1] if step else np.nan
    steps = np.arange(task.horizon) % lag
    median = np.stack([values[cut - lag : cut][steps] for cut in task.cutoffs])
    return np.repeat(median[..., None], 9, axis=-1)


def _score(task: Task, quantiles: NDArray[np.float64]) -> tuple[float, float, float]:
    """MASE of the median, weighted quantile loss, coverage of the outermost levels."""
    levels, errors, loss, total, held = np.arange(1, 10) / 10, [], 0.0, 0.0, []
    for cut, found in zip(task.cutoffs, quantiles, strict=True):
        before, actual = task.values[:cut], task.values[cut : cut + task.horizon]
        scale = np.nanmean(np.abs(before[task.season :] - before[: -task.season]))
        errors.append(np.nanmean(np.abs(actual - found[:, 4])) / scale)
        off = actual[:, None] - found
        loss += float(np.nansum(2 * np.maximum(levels * off, (levels - 1) * off)) / 9)
        total += float(np.nansum(np.abs(actual)))
        known = np.isfinite(actual)
        held.append(float(((actual >= found[:, 0]) & (actual <= found[:, -1]))[known].mean()))
    return float(np.nanmean(errors)), loss / total, float(np.mean(held))


if __name__ == "__main__":
    main()
