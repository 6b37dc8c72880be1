"""``report.html``: one file that opens offline, on a phone, in the dark."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from statecast.forecaster import Forecaster
from training import figures
from training.baselines import Task
from training.encoding import PanelTensors
from training.evaluate import Part, carried_forecasts
from training.judge import OURS, Judgement

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
_CONFIG = {"responsive": True, "displaylogo": False, "displayModeBar": False}
# Each figure draws itself before the next one is there, when the grid still has one column.
_SETTLE = '<script>addEventListener("load", () => dispatchEvent(new Event("resize")))</script>'
_STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #1c2024; --soft: #6a717a; --line: #d9dde2; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --text: #e4e7ea; --soft: #969da6; --line: #32383f; } }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: .2rem 0; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
p { color: var(--soft); margin: .2rem 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem .3rem 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } tr.ours { font-weight: 600; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
.grid > div { min-width: 0; overflow: hidden; }
"""


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
    blocks = "".join(
        f"<div>{figure.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG)}</div>" for figure in drawn
    )
    title = f"{escape(str(manifest['name']))} @ {escape(str(manifest['version']))}"
    costs = manifest["training"]["costs"]
    facts = (
        f"{manifest['item_count']} items, {manifest['rows']} rows, {judgement.scores[OURS].windows} test forecasts; "
        f"{costs['steps']} steps in {costs['seconds']} s; made {manifest['created']}"
    )
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{_STYLE}</style><script>{get_plotlyjs()}</script></head>
<body><h1>{title}</h1><p>{escape(facts)}</p>
<h2>Test scores</h2><p>Every origin of the test rows, state carried from the first row. MSE and MAE in deviations of the
training rows; OWA relative to Naive2; lower is better, except in the last two columns.</p>
<div class="scroll">{_table(judgement)}</div>
<h2>Forecasts and figures</h2><div class="grid">{blocks}</div>{_SETTLE}</body></html>
"""
    path.write_text(page, encoding="utf-8")


def format_score(column: str, value: float | None) -> str:
    """A score as text; shares in percent, unknown as a dash."""
    if value is None:
        return "–"
    if column in ("interval", "directional"):
        return f"{100 * value:.1f} %"
    return f"{value:.2f}" if column == "smape" else f"{value:.4f}"


def _table(judgement: Judgement) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in COLUMNS.values())
    body = ""
    for name, row in judgement.rows.items():
        cells = "".join(f"<td>{format_score(column, row.get(column))}</td>" for column in COLUMNS)
        body += f"<tr{' class=ours' if name == OURS else ''}><td>{escape(name)}</td>{cells}</tr>"
    return f"<table><thead><tr><th>model</th>{head}</tr></thead><tbody>{body}</tbody></table>"


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
