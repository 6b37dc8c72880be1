"""One table for all: our network and every baseline, on the same origins of the same rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from statecast.forecaster import Forecaster
from training import metrics
from training.baselines import Baseline, Ewma, LastValue, Naive2, SeasonalNaive, Task
from training.boosting import Boosting
from training.encoding import PanelTensors
from training.evaluate import Part, score_baseline, score_network
from training.progress import Watcher
from training.scores import Scores

OURS = "statecast"


@dataclass(frozen=True)
class Judgement:
    """Scores of all models by name, ours first."""

    scores: dict[str, Scores]

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

    def manifest(self) -> dict[str, Any]:
        """What the artifact's manifest says of it."""
        rows = self.rows
        return {"ours": rows.pop(OURS, {}), "baselines": rows, "windows": self.scores[OURS].windows}


def judge(
    network: Forecaster, tensors: PanelTensors, task: Task, *, boosting: bool, seed: int, watcher: Watcher
) -> Judgement:
    """Score the network, carried from the first row, and the baselines at every test origin."""
    part = Part(task.split.val, task.split.test)
    watcher.say("testing: every origin, state carried from the first row")
    scores = {OURS: score_network(network, tensors, task, part)}
    models: list[Baseline] = [LastValue(), SeasonalNaive(), Ewma(), Naive2()]
    if boosting:
        models.append(Boosting(seed=seed))
    for model in models:
        model.fit(task)
        scores[model.name] = score_baseline(model, task, part)
    return Judgement(scores)


def _plain(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
