"""``report.html``: one file that opens offline, on a phone, in the dark."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go

from statecast.forecaster import Forecaster
from training import figures
from training.baselines import Task
from training.encoding import PanelTensors
from training.evaluate import Part, carried_forecasts
from training.judge import OURS, Judgement
from training.page import compose_page, draw_grid, draw_table, drawing_script

COLUMNS = {
    "mse": "MSE",
    "mae": "MAE",
    "smape": "sMAPE",
    "mase": "MASE",
    "owa": "OWA",
    "wql": "WQL",
    "interval": "80 % interval",
    "directional": "direction",
}
_FANS = 6


def write_report(
    path: Path,
    manifest: Mapping[str, Any],
    judgement: Judgement,
    network: Forecaster,
    tensors: PanelTensors,
    *,
    task: Task,
) -> None:
    """Write forecasts against actuals, errors by step, calibration, loss and the table of scores as one HTML file."""
    drawn = [*_fans(network, tensors, task), *_summaries(manifest, judgement)]
    costs = manifest["training"]["costs"]
    facts = (
        f"{manifest['item_count']} items, {manifest['rows']} rows, {judgement.scores[OURS].windows} test forecasts; "
        f"{costs['steps']} steps in {costs['seconds']} s; made {manifest['created']}"
    )
    body = f"""<h2>Test scores</h2><p>Every origin of the test rows, state carried from the first row. MSE and MAE in
deviations of the training rows; OWA relative to Naive2; lower is better, except in the last two columns.</p>
<div class="scroll">{_table(judgement)}</div>
<h2>Forecasts and figures</h2>{draw_grid(drawn)}"""
    title = f"{manifest['name']} @ {manifest['version']}"
    path.write_text(compose_page(title, facts, body, drawing_script()), encoding="utf-8")


def format_score(column: str, value: float | None) -> str:
    """A score as text; shares in percent, unknown as a dash."""
    if value is None:
        return "–"
    if column in ("interval", "directional"):
        return f"{100 * value:.1f} %"
    return f"{value:.2f}" if column == "smape" else f"{value:.4f}"


def _table(judgement: Judgement) -> str:
    rows = {name: [format_score(column, row.get(column)) for column in COLUMNS] for name, row in judgement.rows.items()}
    return draw_table("model", list(COLUMNS.values()), rows, ours=OURS)


def _summaries(manifest: Mapping[str, Any], judgement: Judgement) -> list[go.Figure]:
    scored = {name: scores.by_step()[1] for name, scores in judgement.scores.items() if scores.windows}
    ours = judgement.scores[OURS]
    curves = manifest["training"]["curves"]
    drawn = [figures.curves(curves["loss"], curves["validation"])]
    if scored:
        drawn = [figures.by_step(scored), figures.calibration(ours.levels, ours.coverage()), *drawn]
    return drawn


def _fans(network: Forecaster, tensors: PanelTensors, task: Task) -> list[go.Figure]:
    """The last test forecast of the first few items that have one."""
    horizon = task.horizon
    end = task.split.test
    begin = np.where(task.split.test - task.split.val >= horizon, end - horizon, end)
    drawn = []
    for window in carried_forecasts(network, tensors, Part(begin, end)):
        item = task.panel.items[window.item]
        stop = int(window.origins[0]) + 1 + horizon
        start = max(stop - 4 * horizon, 0)
        times = task.panel.times(item)
        x = list(range(start, stop)) if times is None else [str(time) for time in times[start:stop]]
        quantiles = np.asarray(window.quantiles[0])
        actual = item.target[start:stop].astype(np.float64)
        drawn.append((window.item, figures.fan(item.item_id, x, actual, quantiles, network.config.quantile_levels)))
    return [figure for _, figure in sorted(drawn, key=lambda pair: pair[0])[:_FANS]]
