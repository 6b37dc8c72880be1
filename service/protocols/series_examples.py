"""Requests about series and their answers, as OpenAPI shows them; what a test sends and reads."""

from typing import Any

_SERIES = {
    "item_id": "shop",
    "start": "2026-01-01",
    "freq": "1d",
    "target": [20.0, 22.0, 21.0, None, 25.0, 31.0, 28.0, 21.0, 22.5, 22.0],
}
_MODEL = {"name": "default", "version": "1", "digest": "sha256:" + 64 * "0"}
_ANSWERED: dict[str, Any] = {"item_id": "shop", "freq": "1d", "season": 1, "warnings": [], "error": None}
TABLE = "item_id,timestamp,target\nshop,2026-01-01,20\nshop,2026-01-02,22\n"
"""A long table as CSV."""

FORECAST: tuple[dict[str, Any], dict[str, Any]] = (
    {"series": [_SERIES], "horizon": 2, "quantile_levels": [0.1, 0.9]},
    {
        "id": "fc_01M8H50RHHRPE582BEYYVEG1QV",
        "model": _MODEL,
        "forecasts": [
            {
                **_ANSWERED,
                "start": "2026-01-11T00:00:00Z",
                "mean": [22.36, 22.51],
                "quantiles": {"0.1": [17.26, 16.76], "0.9": [27.79, 28.7]},
                "session": None,
            }
        ],
        "timing_ms": {"queue": 0.2, "compute": 0.6},
    },
)
"""``POST /forecast``."""

BACKTEST: tuple[dict[str, Any], dict[str, Any]] = (
    {"series": [_SERIES], "horizon": 2, "cutoffs": 2},
    {
        "id": "bt_01M8H50RHTXTF52WG5H4VNWFG5",
        "model": _MODEL,
        "horizon": 2,
        "step": 2,
        "nominal_coverage": 0.8,
        "metrics": {"mase": 0.69, "wql": 0.1, "coverage": 1.0},
        "results": [
            {
                **_ANSWERED,
                "cutoffs": ["2026-01-06T00:00:00Z", "2026-01-08T00:00:00Z"],
                "metrics": {"mase": 0.69, "wql": 0.1, "coverage": 1.0},
                "by_cutoff": {"mase": [1.17, 0.21], "wql": [0.15, 0.05], "coverage": [1.0, 1.0]},
            }
        ],
        "timing_ms": {"compute": 0.5},
    },
)
"""``POST /backtest``."""

ANOMALIES: tuple[dict[str, Any], dict[str, Any]] = (
    {"series": [{**_SERIES, "target": [20.0, 22.0, 21.0, 90.0]}], "level": 99},
    {
        "id": "an_01M8H50RJ84VCV5EY86CWJ31DT",
        "model": _MODEL,
        "level": 99.0,
        "results": [
            {
                **_ANSWERED,
                "start": "2026-01-01T00:00:00Z",
                "expected": [None, 20.0, 22.07, 21.07],
                "interval": {"lower": [None, 19.9, 8.4, 11.1], "upper": [None, 20.1, 38.9, 29.9]},
                "surprise": [None, None, 0.38, 1.0],
                "flag": [None, None, False, True],
                "flagged": 1,
            }
        ],
        "timing_ms": {"compute": 4.5},
    },
)
"""``POST /anomalies``."""
