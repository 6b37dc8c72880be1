"""One table for all models: our network and the baselines on the same test examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.classification.baselines import score_baselines
from training.classification.prepare import Prepared
from training.classification.scores import Array, Score, predict, score_classes, score_numbers, softmax
from training.evaluation.leaderboard import OURS


@dataclass(frozen=True)
class ClassLeaderboard:
    """Scores of all models on the test part."""

    scores: Mapping[str, Score]
    """By name, ours first; empty without a test part."""
    seconds: Mapping[str, float]
    """Processor seconds of each baseline."""
    outputs: Array
    """Our calibrated probabilities ``[N, K]``, or estimates ``[N, 1]``."""
    targets: NDArray[Any]
    """The truth ``[N]``: places of labels, or numbers."""

    def manifest(self) -> dict[str, Any]:
        """Give what the artifact's manifest says of it, as JSON values."""
        rows = {name: score.table() for name, score in self.scores.items()}
        return {
            "ours": rows.pop(OURS, {}),
            "baselines": rows,
            "baseline_seconds": dict(self.seconds),
            "examples": len(self.targets),
        }


def new_leaderboard(prepared: Prepared, *, linear: bool) -> ClassLeaderboard:
    """Score a network and the baselines on the test part.

    Parameters
    ----------
    prepared : Prepared
        The trained network with its examples.
    linear : bool
        Whether texts are classified by a linear model too.

    Returns
    -------
    ClassLeaderboard
        Ours first; empty without a test part.
    """
    network, test = prepared.network, prepared.encoded["test"]
    if not len(test):
        return ClassLeaderboard({}, {}, np.zeros((0, 0)), test.targets)
    outputs, classes = predict(network, test), len(network.config.labels)
    if classes:
        outputs = softmax(outputs / float(network.temperature))
        ours: Any = score_classes(outputs, test.targets)
    else:
        outputs = outputs * float(network.scale) + float(network.location)
        ours = score_numbers(outputs[:, 0], test.targets)
    found = score_baselines(prepared.raw, prepared.encoded, classes=classes, linear=linear)
    scores = {OURS: ours} | {name: one.score for name, one in found.items()}
    seconds = {name: round(one.seconds, 1) for name, one in found.items()}
    return ClassLeaderboard(scores, seconds, outputs, test.targets)
