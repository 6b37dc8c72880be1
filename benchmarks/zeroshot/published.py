"""What others published on the tasks, as ``zeroshot/published.csv`` of the data folder quotes it."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NAIVE = "seasonal_naive"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "TiRex": ("TiRex", "tirex"),
    "TiRex-2": ("TiRex-2-Zeroshot", "tirex-2"),
    "Chronos-2": ("chronos-2",),
    "Bolt": ("chronos_bolt_base", "chronos-bolt"),
    "TTM": ("TTM-R3-PT", "ttm-r2"),
}
"""Columns of the table, and what the suites call these models."""

_TUNED = re.compile("Finetuned|-FT$|LoRA")


@dataclass(frozen=True)
class Published:
    """Scores of one model on one task."""

    model: str
    """As its suite calls it."""
    scores: Mapping[str, float]
    """``MASE``, ``WQL`` and, in fev-bench, ``SQL``."""
    seen: bool
    """Whether the model was trained on this data."""

    @property
    def tuned(self) -> bool:
        """Whether its name says that it was tuned to the training parts of the benchmark."""
        return bool(_TUNED.search(self.model))


def read_published(data: Path) -> dict[str, list[Published]]:
    """Read all rows by key of their task.

    Parameters
    ----------
    data : Path
        The data folder.
    """
    found: dict[str, list[Published]] = {}
    with (data / "zeroshot/published.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            scores = {name: float(row[name]) for name in ("MASE", "WQL", "SQL") if row[name]}
            seen = row["trained_on_or_leak"] in ("True", "Yes")
            found.setdefault(f"{row['suite']} {row['task']}", []).append(Published(row["model"], scores, seen))
    return found


def naive_of(rows: list[Published]) -> Published:
    """The seasonal naive among the rows of a task."""
    return next(row for row in rows if row.model == NAIVE)


def column(rows: list[Published], title: str) -> Published | None:
    """The row of one of ``COLUMNS``; None where the suite has none."""
    return next((row for row in rows if row.model in COLUMNS[title]), None)


def best(rows: list[Published], metric: str) -> Published:
    """The lowest of those that had neither seen the data nor were tuned to the benchmark; fits of each series count."""
    return min((row for row in rows if not row.seen and not row.tuned), key=lambda row: row.scores[metric])
