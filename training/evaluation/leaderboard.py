"""One table for all: our network and every baseline, on the same origins of the same rows."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from statecast.models.interface import SeriesNetwork
from training.data.encoding import PanelTensors
from training.evaluation import metrics
from training.evaluation.backtest import Part, score_baseline, score_network
from training.evaluation.baselines.boosting import Boosting
from training.evaluation.baselines.classical import KINDS, Statistical, installed
from training.evaluation.baselines.naive import Baseline, Ewma, LastValue, Naive2, SeasonalNaive, Task
from training.evaluation.scores import Scores
from training.evaluation.summary import give_verdict
from training.progress import Watcher

OURS = "statecast"


@dataclass(frozen=True)
class Leaderboard:
    """Scores of all models by name, ours first.

    seconds: of the processor, for each to learn and to forecast (ours: only to forecast).
    left_out: models that were not asked, and why.
    """

    scores: dict[str, Scores]
    seconds: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, dict[str, float | None]]:
        """Metrics by model; OWA is relative to Naive2. Unknown is None."""
        tables = {name: scores.table() for name, scores in self.scores.items() if scores.windows}
        reference = tables.get(Naive2.name)
        for table in tables.values():
            if reference:
                table["owa"] = metrics.owa(table["smape"], table["mase"], reference["smape"], reference["mase"])
        return {name: {key: _plain(value) for key, value in table.items()} for name, table in tables.items()}

    @property
    def coverage(self) -> dict[str, float]:
        """Share of actual values at or below each of our quantiles, by level."""
        ours = self.scores[OURS]
        return {str(level): round(float(share), 4) for level, share in zip(ours.levels, ours.coverage(), strict=True)}

    @property
    def verdict(self) -> list[str]:
        """Plain sentences: which baseline wins, and on what."""
        rows = self.rows
        return give_verdict(rows.pop(OURS, {}), rows)

    def manifest(self) -> dict[str, Any]:
        """What the artifact's manifest says of it."""
        rows, ours = self.rows, self.scores[OURS]
        squared, absolute = (np.round(errors, 6).tolist() for errors in ours.by_step())
        return {
            "ours": rows.pop(OURS, {}),
            "baselines": rows,
            "left_out": self.left_out,
            "verdict": self.verdict,
            "windows": ours.windows,
            "by_step": {"mse": squared, "mae": absolute},
            "interval_by_series": {name: round(share, 4) for name, share in ours.interval_by_item().items()},
        }


def judge(
    network: SeriesNetwork,
    tensors: PanelTensors,
    task: Task,
    *,
    boosting: bool,
    seed: int,
    watcher: Watcher,
    baseline_seconds: float = 60.0,
) -> Leaderboard:
    """Score the network, carried from the first row, and the baselines at every test origin.

    Baselines that by a rough reckoning take longer than ``baseline_seconds`` are left out, and named.
    """
    part = Part(task.split.val, task.split.test)
    watcher.say("testing: every origin, state carried from the first row")
    begun = time.process_time()
    judgement = Leaderboard({OURS: score_network(network, tensors, task, part)})
    judgement.seconds[OURS] = time.process_time() - begun
    models: list[Baseline] = [LastValue(), SeasonalNaive(), Ewma(), Naive2()]
    slow: list[Boosting | Statistical] = ([Boosting(seed=seed)] if boosting else []) + [
        Statistical(kind) for kind in KINDS
    ]
    for candidate in slow:
        if isinstance(candidate, Statistical) and not installed():
            judgement.left_out[candidate.name] = "statsforecast is not installed"
        elif (seconds := candidate.seconds(task)) > baseline_seconds:
            judgement.left_out[candidate.name] = (
                f"would take about {seconds:.0f} s; baseline_seconds allows {baseline_seconds:g}"
            )
        else:
            models.append(candidate)
    for model in models:
        begun = time.process_time()
        model.fit(task)
        judgement.scores[model.name] = score_baseline(model, task, part)
        judgement.seconds[model.name] = time.process_time() - begun
    return judgement


def _plain(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
