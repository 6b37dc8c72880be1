"""The page that reports share: one file that opens offline, on a phone, in the dark."""

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

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
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--line); padding-left: .8rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
.grid > div { min-width: 0; overflow: hidden; }
"""


def compose_page(title: str, facts: str, body: str, script: str = "") -> str:
    """A whole page; ``title`` and ``facts`` are text, ``body`` is HTML, ``script`` what it needs to draw itself."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style>{script}</head>
<body><h1>{escape(title)}</h1><p>{escape(facts)}</p>
{body}</body></html>
"""


def draw_grid(figures: Sequence[go.Figure]) -> str:
    """Figures side by side where there is room; the page needs ``drawing_script``."""
    drawn = (figure.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG) for figure in figures)
    return f'<div class="grid">{"".join(f"<div>{figure}</div>" for figure in drawn)}</div>{_SETTLE}'


def drawing_script() -> str:
    """The library that draws figures, whole, so that the page opens offline; some megabytes."""
    return f"<script>{get_plotlyjs()}</script>"


def draw_table(corner: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]], ours: str) -> str:
    """Cells by row name; our own row stands out."""
    head = "".join(f"<th>{escape(title)}</th>" for title in columns)
    body = ""
    for name, values in rows.items():
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        body += f"<tr{' class=ours' if name == ours else ''}><td>{escape(name)}</td>{cells}</tr>"
    return f"<table><thead><tr><th>{escape(corner)}</th>{head}</tr></thead><tbody>{body}</tbody></table>"
