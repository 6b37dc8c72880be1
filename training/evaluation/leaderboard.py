"""One table for all: our network and every baseline, from the same origins of the same rows."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from statecast import metrics
from statecast.models.interface import SeriesNetwork
from training.config import REPORTED
from training.data.encoding import PanelTensors
from training.evaluation.accuracy import STEPWISE, Accuracy
from training.evaluation.backtest import Part, score_baseline, score_network
from training.evaluation.baselines.boosting import Boosting
from training.evaluation.baselines.classical import KINDS, Statistical, installed
from training.evaluation.baselines.naive import Baseline, Ewma, LastValue, Naive2, SeasonalNaive, Task
from training.evaluation.summary import summarise
from training.progress import Watcher

OURS = "statecast"
_OWA = "owa"


@dataclass(frozen=True)
class Leaderboard:
    """Accuracy of all models by name, ours first."""

    scores: dict[str, Accuracy]
    """Accuracy on the test rows."""
    columns: Sequence[str] = REPORTED
    """Metrics that a table shows, in order."""
    seconds: dict[str, float] = field(default_factory=dict)
    """CPU seconds of each model to learn and to forecast; ours: only to forecast."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why a model was left out."""

    @property
    def rows(self) -> dict[str, dict[str, float | None]]:
        """Metrics by model; OWA is relative to Naive2. Unknown is None."""
        tables = {name: scores.table() for name, scores in self.scores.items() if scores.windows}
        reference = tables.get(Naive2.name)
        for table in tables.values():
            if reference:
                table[_OWA] = owa(table, reference)
        return {name: {key: _plain(value) for key, value in table.items()} for name, table in tables.items()}

    @property
    def headings(self) -> dict[str, str]:
        """Headings of the columns by name."""
        levels = self.scores[OURS].levels
        return {name: heading(name, levels) for name in self.columns}

    @property
    def coverage(self) -> dict[str, float]:
        """Share of actual values at or below each of our quantiles, by level."""
        ours = self.scores[OURS]
        return {str(level): round(float(share), 4) for level, share in zip(ours.levels, ours.coverage(), strict=True)}

    @property
    def summary(self) -> list[str]:
        """Plain sentences: which baseline is better, and on what."""
        rows = self.rows
        return summarise(rows.pop(OURS, {}), rows)

    def left_out_reasons(self) -> list[str]:
        """Say which baselines were left out, and why.

        Returns
        -------
        list of str
            One sentence per baseline.
        """
        return [f"{name} is left out: {reason}." for name, reason in self.left_out.items()]

    def manifest(self) -> dict[str, Any]:
        """Describe it for the artifact's manifest.

        Returns
        -------
        dict of str to any
            JSON values: our figures and the baselines', how many forecasts, and our errors by step and by series.
        """
        rows, ours = self.rows, self.scores[OURS]
        return {
            "ours": rows.pop(OURS, {}),
            "baselines": rows,
            "left_out": self.left_out,
            "verdict": self.summary,
            "windows": ours.windows,
            "by_step": {name: np.round(ours.by_step(name), 6).tolist() for name in STEPWISE},
            "interval_by_series": {name: round(share, 4) for name, share in ours.interval_by_item().items()},
        }


def new_leaderboard(
    network: SeriesNetwork,
    tensors: PanelTensors,
    task: Task,
    *,
    boosting: bool,
    seed: int,
    watcher: Watcher,
    baseline_seconds: float = 60.0,
    columns: Sequence[str] = REPORTED,
) -> Leaderboard:
    """Score the network, carried from the first row, and the baselines at every test origin.

    Parameters
    ----------
    network : SeriesNetwork
        A trained and calibrated network.
    tensors : PanelTensors
        All rows of the panel, encoded for it.
    task : Task
        The panel, its borders, season and horizon.
    boosting : bool
        Whether boosted trees are among the baselines.
    seed : int
        Seed of the baselines that draw.
    watcher : Watcher
        Who follows the progress.
    baseline_seconds : float
        Longest time in seconds that a slow baseline may take by an estimate; what takes longer is left out, and named.
    columns : sequence of str
        Metrics that a table shows, in order.

    Returns
    -------
    Leaderboard
        Ours first.
    """
    part = Part(task.split.val, task.split.test)
    watcher.say("testing: every origin, state carried from the first row")
    started = time.process_time()
    leaderboard = Leaderboard({OURS: score_network(network, tensors, task, part)}, columns)
    leaderboard.seconds[OURS] = time.process_time() - started
    models: list[Baseline] = [LastValue(), SeasonalNaive(), Ewma(), Naive2()]
    slow: list[Boosting | Statistical] = ([Boosting(seed=seed)] if boosting else []) + [
        Statistical(kind) for kind in KINDS
    ]
    for candidate in slow:
        if isinstance(candidate, Statistical) and not installed():
            leaderboard.left_out[candidate.name] = "statsforecast is not installed"
        elif (seconds := candidate.seconds(task)) > baseline_seconds:
            leaderboard.left_out[candidate.name] = (
                f"would take about {seconds:.0f} s; baseline_seconds allows {baseline_seconds:g}"
            )
        else:
            models.append(candidate)
    for model in models:
        started = time.process_time()
        model.fit(task)
        leaderboard.scores[model.name] = score_baseline(model, task, part)
        leaderboard.seconds[model.name] = time.process_time() - started
    return leaderboard


def owa(table: Mapping[str, float], reference: Mapping[str, float]) -> float:
    """Overall weighted average of the M4 competition.

    Parameters
    ----------
    table : mapping of str to float
        A model's ``smape`` and ``mase``.
    reference : mapping of str to float
        Those of Naive2.

    Returns
    -------
    float
        Mean of the two errors, each relative to the reference's; below 1 is better than it.

    References
    ----------
    Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4 Competition: 100,000 time series and 61
    forecasting methods. International Journal of Forecasting 36(1).

    Examples
    --------
    >>> owa({"smape": 10.0, "mase": 1.0}, {"smape": 20.0, "mase": 4.0})
    0.375
    """
    return 0.5 * (table["smape"] / reference["smape"] + table["mase"] / reference["mase"])


def heading(name: str, levels: Sequence[float]) -> str:
    """Give the heading of a column of figures.

    Parameters
    ----------
    name : str
        Name of a metric, or ``owa``.
    levels : sequence of float
        Levels ``[Q]`` of our quantiles, which some headings name.

    Returns
    -------
    str
        Such as ``MASE``.
    """
    return "OWA" if name == _OWA else metrics.get(name).heading(levels)


def show(name: str, figure: float | None) -> str:
    """Write one figure of a column.

    Parameters
    ----------
    name : str
        Name of the column's metric, or ``owa``.
    figure : float or None
        The figure; None if it is unknown.

    Returns
    -------
    str
        With the metric's digits; unknown is a dash.
    """
    return metrics.get("mase" if name == _OWA else name).show(figure)


def _plain(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
