"""The reference page has one row per metric, read from the registry; a metric that is not on it cannot be found."""

from pathlib import Path

from statecast import metrics

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


def row(name: str) -> str:
    """The row that a metric has on the page."""
    metric = metrics.get(name)
    cells = (
        f"[`{name}`](../../statecast/metrics/{name}.py)",
        metric.title,
        metric.summary,
        {"lower": "lower", "higher": "higher", "nominal": "near the nominal share"}[metric.better],
        "quantiles" if metric.needs_quantiles else "mean or median",
        "none" if metric.scale_free else "of the data, or the `unit` that is given",
        {"values": "all values alike", "series": "each series first"}[metric.averaged],
    )
    return f"| {' | '.join(cells)} |"


def test_the_page_has_a_row_per_metric() -> None:
    found = [line for line in PAGE.read_text().splitlines() if line.startswith("| [`")]
    expected = [row(name) for name in metrics.names()]
    assert found == expected, "docs/reference/metrics.md: replace its rows by\n" + "\n".join(expected)
