"""The nearest neighbour by dynamic time warping, without a window: what every series classifier is compared with."""

import numpy as np
from numpy.typing import NDArray

from training.classification.examples import LabelledExamples

Array = NDArray[np.float64]


def nearest(examples: LabelledExamples) -> float:
    """Classify each test series as its nearest training series is.

    Parameters
    ----------
    examples : LabelledExamples
        A set with its own parts.

    Returns
    -------
    float
        Accuracy.
    """
    parts = np.asarray(examples.parts)
    train = [examples.inputs[at] for at in np.flatnonzero(parts == "train").tolist()]
    known = [examples.answers[at] for at in np.flatnonzero(parts == "train").tolist()]
    right = [
        known[int(np.argmin(warped_distances(examples.inputs[at], train)))] == examples.answers[at]
        for at in np.flatnonzero(parts == "test").tolist()
    ]
    return float(np.mean(right))


def warped_distances(one: Array, others: list[Array]) -> Array:
    """Measure how far a series is from others, by the dependent variant for several channels.

    All others at once, a step of the one after the other.

    Parameters
    ----------
    one : ndarray, shape [T, C]
        A series.
    others : list of ndarray, shape [S, C]
        N series.

    Returns
    -------
    ndarray, shape [N]
        Least sums of squared distances along a warping path.

    Examples
    --------
    >>> warped_distances(np.array([[0.0], [1.0]]), [np.array([[0.0], [0.0], [1.0]]), np.array([[2.0]])]).tolist()
    [0.0, 5.0]
    """
    lengths = np.asarray([len(other) for other in others])
    padded = np.zeros((len(others), int(lengths.max()), one.shape[1]))
    for row, other in enumerate(others):
        padded[row, : len(other)] = other
    costs = ((one[None, :, None, :] - padded[:, None]) ** 2).sum(-1)  # [N, T, S]
    found = np.full((len(one) + 1, costs.shape[2] + 1, len(others)), np.inf)
    found[0, 0] = 0.0
    costs = np.ascontiguousarray(costs.transpose(1, 2, 0))
    for total in range(2, costs.shape[0] + costs.shape[1] + 1):
        # Cells of one diagonal hang on the two before it alone.
        rows = np.arange(max(1, total - costs.shape[1]), min(costs.shape[0], total - 1) + 1)
        columns = total - rows
        before = np.minimum(
            found[rows - 1, columns - 1], np.minimum(found[rows - 1, columns], found[rows, columns - 1])
        )
        found[rows, columns] = costs[rows - 1, columns - 1] + before
    ends: Array = found[-1, lengths, np.arange(len(others))]
    return ends
