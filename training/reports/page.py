"""The pages of all reports: each one file that opens offline, on a phone too, in light and dark colours."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

_CONFIG = {"responsive": True, "displaylogo": False, "displayModeBar": False}
# Autoescape is for every template: names of items, columns and settings come from files of users.
_TEMPLATES = Environment(
    loader=PackageLoader("training.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Table:
    """One table of a page."""

    corner: str
    """Heading of the names of the rows."""
    columns: Sequence[str]
    """Headings of the other columns."""
    rows: Mapping[str, Sequence[str]]
    """Cells by name of the row."""
    ours: str = ""
    """Name of the row that stands out."""


def render(template: str, title: str, facts: str, **values: Any) -> str:
    """Fill in a template.

    Parameters
    ----------
    template : str
        File in ``training/reports/templates``.
    title : str
        Heading of the page.
    facts : str
        Line below it.
    **values : object
        What the template names. It is escaped, except for HTML of our own that the template marks as safe.

    Returns
    -------
    str
        The HTML of the page.

    Examples
    --------
    >>> "<h2>a &lt; b</h2>" in render("samples.html.j2", "Samples", "two", sides={"a < b": []})
    True
    """
    return _TEMPLATES.get_template(template).render(title=title, facts=facts, **values)


def write_page(path: Path, page: str) -> None:
    """Write a page whole or not at all, because somebody may open it at any time.

    Parameters
    ----------
    path : Path
        File to write.
    page : str
        What ``render`` gave.
    """
    aside = path.with_name(f"{path.name}.new")
    aside.write_text(page, encoding="utf-8")
    os.replace(aside, path)


def embed_figures(figures: Sequence[go.Figure]) -> list[str]:
    """Turn figures into HTML, which a page with ``plotly_script`` draws.

    Parameters
    ----------
    figures : sequence of plotly.graph_objects.Figure
        The figures.

    Returns
    -------
    list of str
        An element per figure.
    """
    return [figure.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG) for figure in figures]


def plotly_script() -> str:
    """Give the whole library that draws figures, some megabytes, so that the page opens offline."""
    return str(get_plotlyjs())
