"""Series with a year in them: ours without training, beside Prophet, MSTL and AutoARIMA fitted at each cut-off.

    python -m benchmarks.calendar [--artifact artifacts/default] [--series NAME ...] [--seconds 300] [--out FILE]
                                  [--data ../shared/data]

Twelve cut-offs over the last third of each series; 13 weeks, 90 days, 14 days of hours ahead; MASE of medians, lower is
better. The rows of others come with the extra ``calendar`` and are left out where it is not installed; a forecaster
that would take longer than --seconds of CPU time on a series, by its first cut-off, is left out there. With --out
results are kept after each series, and what is there already, of the same weights and commit, is not run again.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

import statecast
from benchmarks.calendar.forecasters import Forecaster, forecasters
from benchmarks.calendar.series import SERIES, YEARLY, CalendarSeries, mase, naive, read_series
from benchmarks.harness.server import commit_of
from benchmarks.machine import describe_machine
from statecast.errors import InputError
from statecast.models.family import Family


def measure(series: CalendarSeries, rows: list[Forecaster], limit: float) -> dict[str, list[float] | None]:
    """MASE and CPU seconds of each row on one series; None where it was left out."""
    found: dict[str, list[float] | None] = {
        f"repeat {title}": [mase(series, naive(series, season)), 0.0]
        for title, season in (("the season", series.season), ("the longer season", series.long_season))
    }
    cuts = series.cutoffs.tolist()
    for row in rows:
        started = _cpu_seconds()
        try:
            medians = [row.forecast(series, cuts[0])]
        except InputError:  # of a model that knows no calendar, or no covariates
            continue
        if (_cpu_seconds() - started) * len(cuts) > limit:
            found[row.title] = None
            continue
        medians += [row.forecast(series, cut) for cut in cuts[1:]]
        found[row.title] = [mase(series, np.stack(medians)), _cpu_seconds() - started]
    return found


def _cpu_seconds() -> float:
    """Of this process and of those that it started and that are over, as Prophet's are."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> None:
    """Measure the series and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--series", nargs="+", default=list(YEARLY), choices=SERIES, metavar="NAME")
    parser.add_argument("--seconds", type=float, default=300.0, help="CPU seconds that a row may take on a series")
    parser.add_argument("--out", type=Path, help="a JSON file of results, read and written after each series")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    if not options.data.exists():
        print(f"{options.data}: no such folder; pass the data folder as --data; it is not in the repository")
        return
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(describe_machine())
    artifact = statecast.load(options.artifact)
    if not isinstance(artifact.network, Family):
        parser.error(f"--artifact: expected a family, such as artifacts/default, got {options.artifact}")
    rows = forecasters(artifact.network)
    for row in rows:
        if not row.installed:
            print(f"{row.title} is left out: {row.needs} is not installed; the extra `calendar` brings it")
    rows = [row for row in rows if row.installed]
    made = {"artifact": artifact.digest, "commit": commit_of(), "rows": [row.title for row in rows]}
    kept: dict[str, Any] = {}
    if options.out and options.out.exists():
        kept = json.loads(options.out.read_text(encoding="utf-8"))
    for name in options.series:
        if kept.get(name, {}).get("made") != made:
            kept[name] = {"made": made, "scores": measure(read_series(name, options.data), rows, options.seconds)}
            print(f"{name}: done", flush=True)
            if options.out:
                options.out.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    _show({name: kept[name]["scores"] for name in options.series})


def _show(found: dict[str, dict[str, list[float] | None]]) -> None:
    print(f"| MASE (CPU s) | {' | '.join(found)} |\n|---|{'---:|' * len(found)}")
    for title in dict.fromkeys(title for scores in found.values() for title in scores):
        cells = []
        for scores in found.values():
            if title not in scores:
                cells.append("–")
                continue
            pair = scores[title]
            cells.append("too slow" if pair is None else f"{pair[0]:.3f}" + (f" ({pair[1]:.0f})" if pair[1] else ""))
        print(f"| {title} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
