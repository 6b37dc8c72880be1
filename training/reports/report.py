"""``report.html`` of a forecaster: scores, coverage, recipes and starts that were tried, ablation, figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go

from statecast.models.interface import SeriesNetwork
from training.data.encoding import PanelTensors
from training.evaluation.backtest import Part, Window, carried_forecasts
from training.evaluation.baselines.naive import Task
from training.evaluation.leaderboard import OURS, Leaderboard, heading, show
from training.reports import figures
from training.reports.page import Table, embed_figures, plotly_script, render, write_page

_FANS = 6


def write_report(
    path: Path,
    manifest: Mapping[str, Any],
    leaderboard: Leaderboard,
    network: SeriesNetwork,
    tensors: PanelTensors,
    *,
    task: Task,
) -> None:
    """Write scores, coverage, forecasts against actual values, errors by step and the loss as one HTML file.

    Parameters
    ----------
    path : Path
        File to write.
    manifest : mapping
        What the artifact says of the fit.
    leaderboard : Leaderboard
        Accuracy of the network and the baselines on the test rows.
    network : SeriesNetwork
        The network that was fitted.
    tensors : PanelTensors
        All rows of the panel.
    task : Task
        The panel, its borders and the horizon.
    """
    training = manifest["training"]
    windows = _last_forecasts(network, tensors, task)
    drawn = [*_fans(windows, network, task), *_attention(windows, network), *_summaries(training, leaderboard)]
    page = render(
        "forecaster.html.j2",
        f"{manifest['name']} @ {manifest['version']}",
        _facts(manifest, leaderboard, network),
        summary=leaderboard.summary,
        scores=_scores(leaderboard),
        left_out=leaderboard.left_out_reasons(),
        coverage=_coverage(leaderboard),
        recipes=_recipes(training["race"]),
        starts=_starts(training.get("starts", {})),
        ablation=_ablation(manifest["ablation"]["parts"]),
        metric=heading(manifest["ablation"]["judge"], ()),
        figures=embed_figures(drawn),
        plotly=plotly_script(),
    )
    write_page(path, page)


def _facts(manifest: Mapping[str, Any], leaderboard: Leaderboard, network: SeriesNetwork) -> str:
    training, costs = manifest["training"], manifest["training"]["costs"]
    start = training["config"]["training"]["start"]
    return (
        f"{manifest['item_count']} items, {manifest['rows']} rows, {leaderboard.scores[OURS].windows} test forecasts; "
        f"{costs['parameters']} weights, streaming {network.streaming}, {costs['steps']} steps in {costs['seconds']} s "
        f"({costs['processor_seconds']} s CPU); started from {start or 'random weights'}; made {manifest['created']}"
    )


def _scores(leaderboard: Leaderboard) -> Table:
    rows = {
        name: [
            *(show(column, row.get(column)) for column in leaderboard.columns),
            f"{leaderboard.seconds.get(name, 0.0):.1f}",
        ]
        for name, row in leaderboard.rows.items()
    }
    return Table("model", [*leaderboard.headings.values(), "CPU s"], rows, ours=OURS)


def _coverage(leaderboard: Leaderboard) -> dict[str, Table]:
    """By level, and by series; empty if nothing was tested."""
    ours = leaderboard.scores[OURS]
    if not ours.windows:
        return {}
    shares = ours.interval_by_item()
    width = 100 * (ours.levels[-1] - ours.levels[0])
    return {
        "levels": Table(
            "quantile level",
            [f"{level:g}" for level in ours.levels],
            {"share at or below": [f"{100 * share:.1f} %" for share in ours.coverage()]},
        ),
        "series": Table(
            "series",
            list(shares),
            {f"inside the {width:.0f} % interval": [f"{100 * share:.1f} %" for share in shares.values()]},
        ),
    }


def _ablation(parts: Sequence[Mapping[str, Any]]) -> Table | None:
    """Validation with each part and without it."""
    rows = {
        one["part"]: [f"{one['with']:.4f}", f"{one['without']:.4f}", "off" if one["off"] else "on"] for one in parts
    }
    return Table("part", ["with", "without", "status"], rows) if rows else None


def _recipes(trials: Sequence[Mapping[str, Any]]) -> Table | None:
    """The recipes that were tried before the fit, the chosen one first; None if there was no choice."""
    if not trials:
        return None
    rows = {
        str(trial["recipe"]): [
            f"{trial['validation']:.4f}",
            str(trial["steps"]),
            ", ".join(f"{key} {value}" for key, value in trial["settings"].items()),
        ]
        for trial in trials
    }
    return Table("recipe", ["validation", "steps", "settings"], rows, ours=str(trials[0]["recipe"]))


def _starts(starts: Mapping[str, float]) -> Table | None:
    """The starts that ``--from`` tried, the one that was kept first; None without it."""
    if not starts:
        return None
    rows = {name: [f"{validation:.4f}"] for name, validation in starts.items()}
    return Table("start", ["validation"], rows, ours=next(iter(starts)))


def _summaries(training: Mapping[str, Any], leaderboard: Leaderboard) -> list[go.Figure]:
    scored = {name: scores.by_step("mae") for name, scores in leaderboard.scores.items() if scores.windows}
    ours, curves = leaderboard.scores[OURS], training["curves"]
    drawn = [figures.curves(curves["loss"], curves["validation"])]
    if scored:
        drawn = [figures.by_step(scored), figures.calibration(ours.levels, ours.coverage()), *drawn]
    return drawn


def _last_forecasts(network: SeriesNetwork, tensors: PanelTensors, task: Task) -> list[Window]:
    """The last test forecast of every item that has one, in the items' order."""
    end = task.split.test
    begin = np.where(task.split.test - task.split.val >= task.horizon, end - task.horizon, end)
    return sorted(carried_forecasts(network, tensors, Part(begin, end)), key=lambda window: window.item)


def _fans(windows: Sequence[Window], network: SeriesNetwork, task: Task) -> list[go.Figure]:
    horizon, drawn = task.horizon, []
    for window in windows[:_FANS]:
        item = task.panel.items[window.item]
        stop = int(window.origins[0]) + 1 + horizon
        start = max(stop - 4 * horizon, 0)
        times = task.panel.times(item)
        x = list(range(start, stop)) if times is None else [str(time) for time in times[start:stop]]
        actual = item.target[start:stop].astype(np.float64)
        drawn.append(figures.fan(item.item_id, x, actual, window.quantiles[0], network.config.quantile_levels))
    return drawn


def _attention(windows: Sequence[Window], network: SeriesNetwork) -> list[go.Figure]:
    """Which experts and which resolutions drive which part of the horizon, mean of the last forecasts."""
    if not windows:
        return []
    config = network.config
    experts = np.mean([window.naive_forecasts for window in windows], axis=0)
    drawn = [
        figures.attention("Attention over naive forecasts", config.naive_forecasts, experts, config.segment_length)
    ]
    names = [f"{length} step{'s' if length > 1 else ''}" for length in config.resolutions]
    if len(names) > 1:
        resolutions = np.mean([window.resolutions for window in windows], axis=0)
        drawn.append(figures.attention("Attention over resolutions", names, resolutions, config.segment_length))
    return drawn
