"""``report.html``: one file that opens offline, on a phone, in the dark."""

from collections.abc import Mapping, Sequence
from html import escape
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
from training.reports.page import compose_page, draw_grid, draw_table, drawing_script

_FANS = 6


def write_report(
    path: Path,
    manifest: Mapping[str, Any],
    judgement: Leaderboard,
    network: SeriesNetwork,
    tensors: PanelTensors,
    *,
    task: Task,
) -> None:
    """Write forecasts against actuals, errors by step, calibration, loss and the table of scores as one HTML file."""
    windows = _last_forecasts(network, tensors, task)
    drawn = [*_fans(windows, network, task), *_attention(windows, network), *_summaries(manifest, judgement)]
    told, costs = manifest["training"], manifest["training"]["costs"]
    start = told["config"]["training"]["start"] or "drawn weights"
    facts = (
        f"{manifest['item_count']} items, {manifest['rows']} rows, {judgement.scores[OURS].windows} test forecasts; "
        f"{costs['parameters']} weights, streaming {network.streaming}, {costs['steps']} steps in {costs['seconds']} s "
        f"({costs['processor_seconds']} s of the processor); began with {start}; made {manifest['created']}"
    )
    left_out = "".join(f"<p>{escape(line)}</p>" for line in list_left_out(judgement))
    verdict = "".join(f"<p><strong>{escape(line)}</strong></p>" for line in judgement.verdict)
    body = f"""<h2>Test scores</h2>{verdict}
<p>Every origin of the test rows, state carried from the first row. MSE, MAE and interval score in
deviations of the training rows; OWA relative to Naive2; lower is better, except of direction; the
processor's seconds are for all test forecasts, and for a baseline's own fit.</p>
<div class="scroll">{_table(judgement)}</div>{left_out}
<h2>Coverage</h2>{_coverage(judgement)}
{_race(told["race"])}{_starts(told.get("starts", {}))}{_ablation(manifest)}
<h2>Forecasts and figures</h2>{draw_grid(drawn)}"""
    title = f"{manifest['name']} @ {manifest['version']}"
    path.write_text(compose_page(title, facts, body, drawing_script()), encoding="utf-8")


def _table(judgement: Leaderboard) -> str:
    rows = {
        name: [
            *(show(column, row.get(column)) for column in judgement.columns),
            f"{judgement.seconds.get(name, 0.0):.1f}",
        ]
        for name, row in judgement.rows.items()
    }
    return draw_table("model", [*judgement.headings.values(), "CPU s"], rows, ours=OURS)


def list_left_out(judgement: Leaderboard) -> list[str]:
    """One sentence for each baseline that was not asked."""
    return [f"{name} is left out: {reason}." for name, reason in judgement.left_out.items()]


def _coverage(judgement: Leaderboard) -> str:
    ours = judgement.scores[OURS]
    if not ours.windows:
        return "<p>Nothing was tested.</p>"
    levels = draw_table(
        "quantile level",
        [f"{level:g}" for level in ours.levels],
        {"share at or below": [f"{100 * share:.1f} %" for share in ours.coverage()]},
        ours="",
    )
    shares = ours.interval_by_item()
    width = 100 * (ours.levels[-1] - ours.levels[0])
    series = draw_table(
        "series",
        list(shares),
        {f"inside the {width:.0f} % interval": [f"{100 * s:.1f} %" for s in shares.values()]},
        ours="",
    )
    return f'<div class="scroll">{levels}</div><p>By series:</p><div class="scroll">{series}</div>'


def _ablation(manifest: Mapping[str, Any]) -> str:
    """What validation says of each part."""
    parts = manifest["ablation"]["parts"]
    rows = {
        one["part"]: [f"{one['with']:.4f}", f"{one['without']:.4f}", "off" if one["off"] else "on"] for one in parts
    }
    table = draw_table("part", ["with", "without", "it is"], rows, ours="")
    judge = heading(manifest["ablation"]["judge"], ())
    return (
        f"""<h2>What each part is worth</h2><p>Validation ({escape(judge)}, lower is better) of the trained network
with each part and without it, one after the other. An optional part that makes it no better is switched off.</p>
<div class="scroll">{table}</div>"""
        if parts
        else ""
    )


def _race(raced: Sequence[Mapping[str, Any]]) -> str:
    """The recipes that were tried before the fit, the chosen one first; nothing where there was no choice."""
    if not raced:
        return ""
    rows = {
        str(one["recipe"]): [
            f"{one['validation']:.4f}",
            str(one["steps"]),
            ", ".join(f"{key} {value}" for key, value in one["settings"].items()),
        ]
        for one in raced
    }
    told = draw_table("recipe", ["validation", "steps", "settings"], rows, ours=str(raced[0]["recipe"]))
    head = "<h2>Recipes</h2><p>Each was tried for a part of its steps; the first was trained.</p>"
    return f'{head}<div class="scroll">{told}</div>'


def _starts(starts: Mapping[str, float]) -> str:
    """The ways to begin that ``--from`` tried, the one that was kept first; nothing without it."""
    if not starts:
        return ""
    rows = {name: [f"{validation:.4f}"] for name, validation in starts.items()}
    head = "<h2>From a pretrained family</h2><p>What each way came to; the first was kept.</p>"
    return f'{head}<div class="scroll">{draw_table("way", ["validation"], rows, ours=next(iter(starts)))}</div>'


def _summaries(manifest: Mapping[str, Any], judgement: Leaderboard) -> list[go.Figure]:
    scored = {name: scores.by_step("mae") for name, scores in judgement.scores.items() if scores.windows}
    ours = judgement.scores[OURS]
    curves = manifest["training"]["curves"]
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
