"""Pages of reports: safe whatever a table's names hold, whole without a network, found where a wheel is installed.

A report is opened by people who did not make the data; a name in it must not run as code.
"""

import re
from pathlib import Path

import numpy as np
import pytest

import training.reports
from training.reports import figures
from training.reports.line_chart import new_line_chart
from training.reports.page import Table, embed_figures, plotly_script, render
from training.reports.sparklines import new_sparklines

ROOT = Path(__file__).parents[3]
EVIL = "<script>alert(1)</script>"


def test_names_are_escaped_wherever_they_stand():
    table = Table(EVIL, [EVIL], {EVIL: [EVIL]}, ours=EVIL)
    page = render("sweep.html.j2", EVIL, EVIL, figures=[], trials=table, plotly="")
    page += render("samples.html.j2", EVIL, EVIL, sides={EVIL: new_sparklines([(EVIL, np.arange(3.0))])})
    chart = new_line_chart({EVIL: [[1, 2.0], [2, 3.0]]}, EVIL, '" onload="x')
    values = {"scores": None, "curve": chart, "prompt": EVIL, "samples": {EVIL: EVIL}, "config": {EVIL: {EVIL: EVIL}}}
    page += render("text.html.j2", "a", "b", tokens="", vocabulary="", unknown="", **values)
    assert "alert" in page and "<script>alert" not in page and ' onload="' not in page


def test_names_in_figures_cannot_end_the_script():
    """Plotly writes them as JSON into a script of the page, where HTML's escapes do not hold."""
    (html,) = embed_figures([figures.trials("</script><b>", ["</script>"], [1.0])])
    assert html.count("</script>") == 1


def test_a_page_needs_nothing_from_elsewhere():
    page = render("sweep.html.j2", "Sweep", "", figures=[], trials=Table("rank", [], {}), plotly=plotly_script())
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    assert "prefers-color-scheme" in page and "width=device-width" in page and plotly_script() in page


def test_what_a_template_names_must_be_given():
    """A figure that is silently absent looks like a result."""
    with pytest.raises(Exception, match="undefined"):
        render("family.html.j2", "a", "b")


def test_a_chart_of_nothing_is_none():
    assert new_line_chart({"loss": []}, "epoch", "nats") is None


def test_templates_are_declared_as_data_of_the_package():
    """An installed wheel without them cannot write a single report."""
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["training"]
    package = Path(training.reports.__file__).parents[1]
    found = {path for pattern in declared for path in package.glob(pattern)}
    assert set((package / "reports" / "templates").iterdir()) <= found


def test_a_gap_in_a_series_is_a_gap_in_its_line():
    path = new_sparklines([("a", np.array([0.0, np.nan, 1.0]))])[0].path
    assert path.count("M") == 2 and "nan" not in path
