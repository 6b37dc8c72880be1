"""How good probabilities and numbers are: accuracy, log loss, calibration, confusion; errors of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.models.classifier import Classifier

BINS = 15
"""Bins of confidence, of equal width, that the calibration error is taken over."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class ClassScore:
    """How well classes are predicted."""

    accuracy: float
    """Share of examples whose likeliest class is right."""
    macro_f1: float
    """Harmonic mean of precision and recall, averaged over classes."""
    log_loss: float
    """Mean of minus the logarithm of the right class's probability."""
    calibration_error: float
    """Mean distance of confidence and accuracy over bins of confidence, by their share of the examples."""
    examples: int
    """How many were scored."""

    def table(self) -> dict[str, float]:
        """Give the figures by name, rounded to six decimals."""
        names = ("accuracy", "macro_f1", "log_loss", "calibration_error")
        return {name: round(float(getattr(self, name)), 6) for name in names}


@dataclass(frozen=True)
class NumberScore:
    """How well numbers are estimated."""

    rmse: float
    """Root of the mean squared error, in the number's unit."""
    mae: float
    """Mean absolute error, in the number's unit."""
    r2: float
    """Share of the variance that is explained."""
    examples: int
    """How many were scored."""

    def table(self) -> dict[str, float]:
        """Give the figures by name, rounded to six decimals."""
        return {name: round(float(getattr(self, name)), 6) for name in ("rmse", "mae", "r2")}


Score = ClassScore | NumberScore


def mean_loss(network: Classifier, outputs: Array, targets: NDArray[Any]) -> float:
    """Give the loss that chooses weights.

    Parameters
    ----------
    network : Classifier
        Whose outputs they are.
    outputs : ndarray, shape [N, K]
        What ``predict`` gave.
    targets : ndarray, shape [N]
        The truth.

    Returns
    -------
    float
        Log loss of classes, or mean squared error in units of the number's deviation.
    """
    if network.config.labels:
        return log_loss(softmax(outputs), targets)
    wanted = (targets - float(network.location)) / float(network.scale)
    return float(np.mean((outputs[:, 0] - wanted) ** 2))


def softmax(logits: Array) -> Array:
    """Turn logits into probabilities.

    Parameters
    ----------
    logits : ndarray, shape [N, K]
        Any numbers.

    Returns
    -------
    ndarray, shape [N, K]
        Rows that add to 1.

    Examples
    --------
    >>> softmax(np.zeros((1, 2))).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Array = powers / powers.sum(axis=1, keepdims=True)
    return found


def log_loss(probabilities: Array, targets: NDArray[Any]) -> float:
    """Mean of minus the logarithm of the right class's probability.

    Parameters
    ----------
    probabilities : ndarray, shape [N, K]
        Rows that add to 1.
    targets : ndarray of int64, shape [N]
        Places of the right classes.

    Returns
    -------
    float
        In nats.
    """
    right = probabilities[np.arange(len(targets)), targets]
    return float(-np.mean(np.log(np.maximum(right, 1e-12))))


def reliability(probabilities: Array, targets: NDArray[Any], bins: int = BINS) -> list[tuple[float, float, int]]:
    """Compare confidence and accuracy by bins of confidence.

    Parameters
    ----------
    probabilities : ndarray, shape [N, K]
        Rows that add to 1.
    targets : ndarray of int64, shape [N]
        Places of the right classes.
    bins : int
        Bins of equal width from 0 to 1.

    Returns
    -------
    list of tuple
        Mean confidence, accuracy and number of examples of each bin that has some.

    Examples
    --------
    >>> reliability(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]), bins=10)
    [(0.8, 0.0, 1), (0.9, 1.0, 1)]
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        (float(confidence[own].mean()), float(right[own].mean()), int(own.sum()))
        for own in (places == place for place in range(bins))
        if own.any()
    ]


def confusion(probabilities: Array, targets: NDArray[Any]) -> NDArray[np.int64]:
    """Count examples by what they are and what they are taken for.

    Parameters
    ----------
    probabilities : ndarray, shape [N, K]
        Rows that add to 1.
    targets : ndarray of int64, shape [N]
        Places of the right classes.

    Returns
    -------
    ndarray, shape [K, K], int64
        Rows are what they are.
    """
    classes = probabilities.shape[1]
    return np.bincount(targets * classes + probabilities.argmax(axis=1), minlength=classes**2).reshape(classes, classes)


def score_classes(probabilities: Array, targets: NDArray[Any]) -> ClassScore:
    """Score predicted classes.

    Parameters
    ----------
    probabilities : ndarray, shape [N, K]
        Rows that add to 1.
    targets : ndarray of int64, shape [N]
        Places of the right classes.

    Returns
    -------
    ClassScore
        The figures.
    """
    counts = confusion(probabilities, targets)
    right, there = np.diag(counts), np.maximum(counts.sum(0) + counts.sum(1), 1)
    seen = counts.sum(0) + counts.sum(1) > 0
    error = sum(abs(confidence - share) * count for confidence, share, count in reliability(probabilities, targets))
    return ClassScore(
        accuracy=float(right.sum() / counts.sum()),
        macro_f1=float((2 * right / there)[seen].mean()),
        log_loss=log_loss(probabilities, targets),
        calibration_error=float(error / len(targets)),
        examples=len(targets),
    )


def score_numbers(estimates: Sequence[float] | Array, targets: NDArray[Any]) -> NumberScore:
    """Score estimated numbers.

    Parameters
    ----------
    estimates : sequence of float
        N of them.
    targets : ndarray, shape [N]
        The truth.

    Returns
    -------
    NumberScore
        The figures.
    """
    errors = np.asarray(estimates) - targets
    spread = float(np.mean((targets - targets.mean()) ** 2))
    square = float(np.mean(errors**2))
    r2 = 1.0 - square / spread if spread else 0.0
    return NumberScore(square**0.5, float(np.abs(errors).mean()), r2, len(targets))
