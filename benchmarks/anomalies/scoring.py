"""The scoring rules of the Numenta Anomaly Benchmark, written anew after its paper and its repository.

A detection within a window counts once, the more the earlier; outside it costs, the more the farther behind the last
window; a window without one costs. Rows of the probationary period count for nothing. One threshold serves all
series, the best one for each profile. 0 is what silence scores, 100 what the perfect detector does.

References
----------
Lavin, A. and Ahmad, S. (2015). Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark. ICMLA.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Profile:
    """What hits, misses and false alarms weigh."""

    name: str
    hit: float
    miss: float
    alarm: float


PROFILES = (
    Profile("standard", 1.0, 1.0, 0.11),
    Profile("reward low FP", 1.0, 1.0, 0.22),
    Profile("reward low FN", 1.0, 2.0, 0.11),
)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Scores of one series' rows, and the rows of its windows, first and last."""

    scores: NDArray[np.float64]
    windows: Sequence[tuple[int, int]]

    @property
    def probation(self) -> int:
        """Rows at the beginning that do not count."""
        return int(min(0.15 * len(self.scores), 0.15 * 5000))


def sigmoid(position: float) -> float:
    """What a row is worth by its place: 1 at the beginning of a window, 0 at its end, -1 far behind it."""
    return -1.0 if position > 3.0 else 2.0 / (1.0 + exp(5.0 * position)) - 1.0


def row_worth(series: Labelled, profile: Profile) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give what a detection at each row is worth, and which window each lies in, -1 for none."""
    worth, within = np.full(len(series.scores), -profile.alarm), np.full(len(series.scores), -1)
    best = sigmoid(-1.0)
    for number, (first, last) in enumerate(series.windows):
        width = last - first + 1
        for row in range(first, last + 1):
            within[row] = number
            worth[row] = profile.hit * sigmoid(-(last - row + 1) / width) / best
        behind = series.windows[number + 1][0] if number + 1 < len(series.windows) else len(worth)
        for row in range(last + 1, behind):
            worth[row] = profile.alarm * sigmoid((row - last) / max(1, width - 1))
    return worth, within


def corpus_score(corpus: Sequence[Labelled], profile: Profile) -> tuple[float, float]:
    """Score all series at the threshold that is best for a profile; gives the score, 0 to 100, and the threshold."""
    scores, worth, windows = [], [], []
    count = 0
    for series in corpus:
        own, within = row_worth(series, profile)
        counted = np.arange(len(own)) >= series.probation
        scores.append(series.scores[counted])
        worth.append(own[counted])
        windows.append(np.where(within >= 0, within + count, -1)[counted])
        count += len(series.windows)
    value, of, window = np.concatenate(scores), np.concatenate(worth), np.concatenate(windows)
    best = np.full(count, -profile.miss)
    total = highest = float(best.sum())
    threshold = np.inf
    order = np.argsort(-value, kind="stable")
    for place, row in enumerate(order.tolist()):
        if np.isnan(value[row]):
            break
        if window[row] < 0:
            total += of[row]
        elif of[row] > best[window[row]]:
            total += of[row] - best[window[row]]
            best[window[row]] = of[row]
        last = place + 1 == len(order) or value[order[place + 1]] != value[row]
        if last and total > highest:
            highest, threshold = total, float(value[row])
    nothing, perfect = -profile.miss * count, profile.hit * count
    return 100.0 * (highest - nothing) / (perfect - nothing), threshold
