"""The default model on tasks of GIFT-Eval, Chronos' zero-shot benchmark and fev-bench, beside what others published.

    python -m benchmarks.zeroshot [--artifact artifacts/default] [--tasks NAME ...] [--out FILE] [--calendar]
                                  [--naive | --show] [--data ../shared/data]

Nothing is trained, and nothing is chosen by what came. First each suite's seasonal naive is made on the rebuilt data:
where it misses the published one by more than a thousandth, the command ends with status 1. Then the model as it is,
its state carried through each series once, a variable at a time, with what is known ahead where it takes covariates.
With --calendar a second row looks at the calendar too. With --out results are kept after each task, and a task that is
there already, of the same weights and commit, is not run again; --show prints what is there, whatever it is of.
``benchmarks.accuracy.default_model`` has our own sets and rules, and baselines fitted on each set.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

import statecast
from benchmarks.harness.server import commit_of
from benchmarks.machine import describe_machine
from benchmarks.zeroshot.forecasting import naive_forecasts, our_forecasts, takes_calendar, takes_covariates
from benchmarks.zeroshot.published import read_published
from benchmarks.zeroshot.scoring import Scores, score
from benchmarks.zeroshot.tables import OURS, kind_lines, naive_line, suite_lines, task_lines
from benchmarks.zeroshot.tasks import TASKS, Task
from statecast.models.family import Family

_TOLERANCE = 1e-3


def measure(artifact: statecast.Artifact, task: Task, data: Path, *, calendar: bool) -> dict[str, Any]:
    """Forecast and score one task: ours, where covariates are known and taken without them too, and with a calendar."""
    network = artifact.network
    assert isinstance(network, Family)
    series = task.read(data)
    known, started = takes_covariates(network, series[0]), time.process_time()

    def scores(*, covariates: bool, calendar: bool = False) -> Scores:
        return score(task, our_forecasts(network, task, series, covariates=covariates, calendar=calendar))

    found = {OURS: scores(covariates=known)}
    spent = time.process_time() - started
    if known:
        found["without covariates"] = scores(covariates=False)
    if calendar and takes_calendar(network, series[0]):
        found["with the calendar"] = scores(covariates=known, calendar=True)
    return {"windows": task.windows(series), "seconds": round(spent, 1), **found}


def check_naive(tasks: list[Task], data: Path) -> bool:
    """Print how far off the published seasonal naives ours are; whether all are near enough."""
    published, near = read_published(data), True
    print("| seasonal naive | MASE / WQL (/ SQL), rebuilt | beside the published |\n|---|---|---|")
    for task in tasks:
        line, off = naive_line(task, score(task, naive_forecasts(task, task.read(data))), published[task.key])
        print(line, flush=True)
        near &= off <= _TOLERANCE
    return near


def main() -> None:
    """Measure the tasks and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS, metavar="NAME")
    parser.add_argument("--out", type=Path, help="a JSON file of results, read and written after each task")
    parser.add_argument("--calendar", action="store_true", help="a further row of a model that looks at the calendar")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--naive", action="store_true", help="the seasonal naives alone")
    only.add_argument("--show", action="store_true", help="what --out holds alone")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    if not options.data.exists():
        print(f"{options.data}: no such folder; pass the data folder as --data; it is not in the repository")
        return
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    tasks, near = [TASKS[name] for name in options.tasks], True
    if options.show:
        results = _kept(options.out)
    else:
        print(describe_machine())
        near = check_naive(tasks, options.data)
        results = {} if options.naive else _run(tasks, options)
    published = read_published(options.data)
    for lines in (task_lines, suite_lines, kind_lines) if results else ():
        print("\n" + "\n".join(lines(results, published)))
    sys.exit(0 if near else 1)


def _run(tasks: list[Task], options: argparse.Namespace) -> dict[str, Any]:
    """Results by name of task; those of the same weights and commit are taken from the file."""
    artifact = statecast.load(options.artifact)
    if not isinstance(artifact.network, Family):
        raise SystemExit(f"--artifact: expected a family, such as artifacts/default, got {options.artifact}")
    made = {"artifact": artifact.digest, "commit": commit_of(), "calendar": options.calendar}
    kept = _kept(options.out)
    results = {task.name: kept[task.name] for task in tasks if kept.get(task.name, {}).get("made") == made}
    for task in sorted(tasks, key=_cost):
        if task.name not in results:
            found = {**measure(artifact, task, options.data, calendar=options.calendar), "made": made}
            results[task.name] = kept[task.name] = found
            print(f"{task.key}: {found['seconds']} CPU s", flush=True)
            if options.out:
                options.out.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return results


def _kept(path: Path | None) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _cost(task: Task) -> tuple[int, int]:
    """Orders tasks by about how long they take."""
    finest = {"10T": 3, "15T": 2, "/H/": 1, "1H": 1}
    return max((rank for part, rank in finest.items() if part in task.name), default=0), task.horizon


if __name__ == "__main__":
    main()
