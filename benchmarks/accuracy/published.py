"""What others published on the same rows, and the figures that naive rows must reach, as in ``published.toml``."""

import tomllib
from pathlib import Path
from typing import Any

from training.evaluation.leaderboard import heading

TITLES = {name: heading(name, (0.1, 0.9)) for name in ("mse", "mae", "smape", "mase", "owa", "pinball", "coverage")}
_TOLERANCE = 1.5e-3  # published figures have three decimals
Row = dict[str, float | None]


def published(kind: str, name: str, horizon: int) -> dict[str, dict[str, float]]:
    """Rows of ``published.toml``: ``kind`` is ``published`` or ``harness``."""
    found: dict[str, dict[str, float]] = _quoted()[kind].get(name, {}).get(str(horizon), {})
    return found


def tell_source(name: str) -> str:
    """Where a data set's published rows are from."""
    return str(_quoted()["source"][name])


def check_harness(name: str, horizon: int, rows: dict[str, Row]) -> list[str]:
    """Say which naive rows differ from their expected figures; empty if none does."""
    wrong = []
    for model, expected in published("harness", name, horizon).items():
        for metric, value in expected.items():
            got = rows[model][metric]
            if got is None or abs(got - value) > _TOLERANCE:
                wrong.append(f"{model}: {TITLES[metric]} is {got}, expected {value}")
    return wrong


def _quoted() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "published.toml").read_text(encoding="utf-8"))
