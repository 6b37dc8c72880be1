"""``report.html`` of a classifier: scores, reliability diagram, confusion matrix, the course of the training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from statecast.models.classifier import Classifier
from training.classification.leaderboard import ClassLeaderboard
from training.classification.scores import ClassPredictions, Score
from training.evaluation.leaderboard import OURS
from training.reports.line_chart import LineChart, new_line_chart
from training.reports.page import Table, render, write_page

TITLES = {
    "accuracy": "accuracy", "macro_f1": "macro F1", "log_loss": "log loss", "calibration_error": "calibration error",
    "rmse": "RMSE", "mae": "MAE", "r2": "R²",
}  # fmt: skip
_MOST_CLASSES = 40
_MOST_POINTS = 400


@dataclass(frozen=True)
class Confusion:
    """Counts of test examples, as the template colours them."""

    labels: Sequence[str]
    """The K classes."""
    rows: Sequence[tuple[str, Sequence[tuple[int, float]]]]
    """For each true class, how many were taken for each class, and which share of the row that is."""


def write_class_report(
    path: Path, manifest: Mapping[str, Any], leaderboard: ClassLeaderboard, network: Classifier
) -> None:
    """Write scores, diagrams, curves and the config as one HTML file.

    Parameters
    ----------
    path : Path
        File to write.
    manifest : mapping
        What the artifact says of the fit.
    leaderboard : ClassLeaderboard
        Scores of the network and the baselines.
    network : Classifier
        The network that was fitted.
    """
    curves = manifest["training"]["curves"]
    page = render(
        "classification.html.j2",
        f"{manifest['name']} @ {manifest['version']}",
        _facts(manifest, network),
        scores=scores_table(leaderboard.scores),
        tested=f"{len(leaderboard.targets):,}",
        temperature=manifest["temperature"],
        reliability=_reliability(leaderboard, network),
        confusion=_confusion(leaderboard, network),
        scatter=_estimates(leaderboard, network),
        curve=new_line_chart({"training": curves["loss"], "validation": curves["validation"]}, "step", "loss"),
        config=manifest["training"]["config"],
    )
    write_page(path, page)


def scores_table(scores: Mapping[str, Score]) -> Table | None:
    """Lay out the figures of all models.

    Parameters
    ----------
    scores : mapping of str to Score
        By name, ours first.

    Returns
    -------
    Table or None
        None if there are none.
    """
    rows = {name: score.table() for name, score in scores.items()}
    if not rows:
        return None
    columns = list(rows[OURS])
    cells = {name: [f"{row[column]:.4f}" for column in columns] for name, row in rows.items()}
    return Table("model", [TITLES[column] for column in columns], cells, ours=OURS)


def _facts(manifest: Mapping[str, Any], network: Classifier) -> str:
    parts, costs = manifest["examples"], manifest["training"]["costs"]
    return (
        f"{parts['train']:,} examples to learn from, {parts['validation']:,} to choose by and calibrate on, "
        f"{parts['test']:,} to test; {sum(weight.numel() for weight in network.parameters()):,} parameters; "
        f"{costs['steps']:,} steps in {costs['processor_seconds']:,} processor seconds; made {manifest['created']}"
    )


def _reliability(leaderboard: ClassLeaderboard, network: Classifier) -> LineChart | None:
    if not network.config.labels or not len(leaderboard.targets):
        return None
    bins = ClassPredictions(leaderboard.outputs, leaderboard.targets).reliability()
    low = min([1.0 / len(network.config.labels), *(confidence for confidence, _, _ in bins)])
    points = [[confidence, accuracy] for confidence, accuracy, _ in bins]
    return new_line_chart({"perfect": [[low, low], [1.0, 1.0]], "observed": points}, "confidence", "accuracy")


def _confusion(leaderboard: ClassLeaderboard, network: Classifier) -> Confusion | None:
    labels = network.config.labels
    if not labels or len(labels) > _MOST_CLASSES or not len(leaderboard.targets):
        return None
    counts = ClassPredictions(leaderboard.outputs, leaderboard.targets).confusion()
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    rows = [
        (label, list(zip(counts[place].tolist(), shares[place].round(3).tolist(), strict=True)))
        for place, label in enumerate(labels)
    ]
    return Confusion(labels, rows)


def _estimates(leaderboard: ClassLeaderboard, network: Classifier) -> LineChart | None:
    """Numbers that were estimated, in the order of the truth."""
    if network.config.labels or not len(leaderboard.targets):
        return None
    order = leaderboard.targets.argsort()
    order = order[:: -(-len(order) // _MOST_POINTS)]
    truth = [[place, float(leaderboard.targets[at])] for place, at in enumerate(order)]
    found = [[place, float(leaderboard.outputs[at, 0])] for place, at in enumerate(order)]
    return new_line_chart({"truth": truth, "estimate": found}, "example", "number")
