"""The tables: a row per task, means per suite with everybody in it, and by kind."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benchmarks.zeroshot.published import COLUMNS, NAIVE, Published, best, column, naive_of
from benchmarks.zeroshot.tasks import KINDS, TASKS, Task

OURS = "ours"
_METRICS = ("MASE", "WQL")
Results = Mapping[str, Mapping[str, Any]]
Rows = Mapping[str, list[Published]]


def naive_line(task: Task, scores: Mapping[str, Any], rows: list[Published]) -> tuple[str, float]:
    """A row that says how far off the published seasonal naive ours is, and the largest share of it, unsigned."""
    given = naive_of(rows).scores
    off = {metric: scores[metric] / value - 1 for metric, value in given.items()}
    cells = " / ".join(f"{scores[metric]:.4f}" for metric in given)
    shown = " / ".join(f"{100 * value:+.3f} %" for value in off.values())
    return f"| {task.key} | {cells} | {shown} |", max(map(abs, off.values()))


def task_lines(results: Results, published: Rows) -> Iterator[str]:
    """A row per task that there are results of."""
    titles = ["task", "h x windows", "naive", OURS, *COLUMNS, "best MASE", "best WQL", "80 %, by third", "95 %"]
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for task in _done(results):
        found, rows = results[task.name], published[task.key]
        ours = found[OURS]
        cells = [task.key, f"{task.horizon} x {found['windows']}", _pair(naive_of(rows).scores), f"**{_pair(ours)}**"]
        cells += [_pair(row.scores, row.seen) if (row := column(rows, title)) else "–" for title in COLUMNS]
        for metric in _METRICS:
            lowest = best(rows, metric)
            cells.append(f"{lowest.scores[metric]:.4f} {lowest.model}")
        cells += [_shares(ours, "80 %"), _shares(ours, "95 %")]
        yield f"| {' | '.join(cells)} |"
        for title in (title for title in found if title.startswith("with")):
            yield f"| {task.key} {title} | | | {_pair(found[title])} |{' |' * (len(titles) - 4)}"


def suite_lines(results: Results, published: Rows) -> Iterator[str]:
    """Geometric means over the published naive, of ours and of whoever published all tasks of a suite."""
    for suite in dict.fromkeys(task.suite for task in _done(results)):
        tasks = [task for task in _done(results) if task.suite == suite]
        means = {OURS: [_mean(_over_naive(results, published, task, metric) for task in tasks) for metric in _METRICS]}
        marks = {OURS: ""}
        for model in {row.model for task in tasks for row in published[task.key]} - {NAIVE}:
            rows = [next((row for row in published[task.key] if row.model == model), None) for task in tasks]
            if all(rows):
                means[model] = [
                    _mean(
                        row.scores[metric] / naive_of(published[task.key]).scores[metric]
                        for task, row in zip(tasks, rows, strict=True)
                        if row
                    )
                    for metric in _METRICS
                ]
                marks[model] = " (saw some)" * any(row.seen for row in rows if row)
                marks[model] += " (tuned to it)" * any(row.tuned for row in rows if row)
        yield f"| {suite}, {len(tasks)} tasks, over the naive | MASE | WQL |"
        yield "|---|---:|---:|"
        for model, (first, second) in sorted(means.items(), key=lambda entry: entry[1]):
            name = f"**{model}**" if model == OURS else model
            yield f"| {name}{marks[model]} | {first:.3f} | {second:.3f} |"
        yield ""


def kind_lines(results: Results, published: Rows) -> Iterator[str]:
    """Geometric means of ours over others' by kind of task."""
    against = ["naive", *COLUMNS, "best"]
    yield f"| MASE / WQL of ours over | tasks | {' | '.join(against)} |"
    yield f"|---|---:|{'---:|' * len(against)}"
    for kind in KINDS:
        # Chronos' M4 Hourly are GIFT-Eval's windows, and all who published there had seen them.
        tasks = [task for task in _done(results) if task.kind == kind and task.suite != "chronos-in"]
        if tasks:
            cells = [" / ".join(_ratio(results, published, tasks, other, metric) for metric in _METRICS)
                     for other in against]  # fmt: skip
            yield f"| {kind} | {len(tasks)} | {' | '.join(cells)} |"


def _ratio(results: Results, published: Rows, tasks: list[Task], other: str, metric: str) -> str:
    ratios = []
    for task in tasks:
        rows = published[task.key]
        row = {"naive": naive_of(rows), "best": best(rows, metric)}.get(other) or column(rows, other)
        if row:
            ratios.append(results[task.name][OURS][metric] / row.scores[metric])
    return f"{_mean(ratios):.3f}" if len(ratios) == len(tasks) else "–"


def _done(results: Results) -> list[Task]:
    return [task for task in TASKS.values() if OURS in results.get(task.name, {})]


def _over_naive(results: Results, published: Rows, task: Task, metric: str) -> float:
    return float(results[task.name][OURS][metric] / naive_of(published[task.key]).scores[metric])


def _mean(ratios: Iterable[float]) -> float:
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logarithms) / len(logarithms))


def _pair(scores: Mapping[str, Any], seen: bool = False) -> str:
    return " / ".join(f"{scores[metric]:{form}}" for metric, form in zip(_METRICS, (".3f", ".4f"), strict=True)) + (
        " (seen)" if seen else ""
    )


def _shares(scores: Mapping[str, Any], name: str) -> str:
    if name not in scores:
        return "–"
    return f"{scores[name]:.3f}: " + " ".join(f"{share:.2f}" for share in scores[f"{name} by third"])
