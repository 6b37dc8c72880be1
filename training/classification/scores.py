"""How good probabilities and numbers are: accuracy, log loss, calibration, confusion; errors of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

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


@dataclass(frozen=True)
class ClassPredictions:
    """What a model says of examples whose classes are known."""

    probabilities: Array
    """``[N, K]``, rows that add to 1."""
    targets: NDArray[Any]
    """``[N]`` int64, places of the right classes."""

    @property
    def log_loss(self) -> float:
        """Mean of minus the logarithm of the right class's probability, in nats."""
        right = self.probabilities[np.arange(len(self.targets)), self.targets]
        return float(-np.mean(np.log(np.maximum(right, 1e-12))))

    def reliability(self, bins: int = BINS) -> list[tuple[float, float, int]]:
        """Compare confidence and accuracy by bins of confidence.

        Parameters
        ----------
        bins : int
            Bins of equal width from 0 to 1.

        Returns
        -------
        list of tuple
            Mean confidence, accuracy and number of examples of each bin that has some.

        Examples
        --------
        >>> ClassPredictions(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0])).reliability(bins=10)
        [(0.8, 0.0, 1), (0.9, 1.0, 1)]
        """
        confidence, right = self.probabilities.max(axis=1), self.probabilities.argmax(axis=1) == self.targets
        places = np.minimum((confidence * bins).astype(int), bins - 1)
        return [
            (float(confidence[own].mean()), float(right[own].mean()), int(own.sum()))
            for own in (places == place for place in range(bins))
            if own.any()
        ]

    def confusion(self) -> NDArray[np.int64]:
        """Count examples by what they are and what they are taken for.

        Returns
        -------
        ndarray, shape [K, K], int64
            Rows are what they are.
        """
        classes = self.probabilities.shape[1]
        cells = self.targets * classes + self.probabilities.argmax(axis=1)
        return np.bincount(cells, minlength=classes**2).reshape(classes, classes)

    def score(self) -> ClassScore:
        """Score the predictions.

        Returns
        -------
        ClassScore
            The figures.
        """
        counts, examples = self.confusion(), len(self.targets)
        right, either = np.diag(counts), counts.sum(0) + counts.sum(1)
        error = sum(abs(confidence - share) * count for confidence, share, count in self.reliability())
        return ClassScore(
            accuracy=float(right.sum() / examples),
            macro_f1=float((2 * right[either > 0] / either[either > 0]).mean()),
            log_loss=self.log_loss,
            calibration_error=float(error / examples),
            examples=examples,
        )


def in_deviations(network: Classifier, numbers: NDArray[Any]) -> Array:
    """Give numbers in the units that a network estimates them in.

    Parameters
    ----------
    network : Classifier
        With mean and deviation of its numbers.
    numbers : ndarray, shape [N]
        In their own unit.

    Returns
    -------
    ndarray, shape [N]
        Deviations from the mean, in standard deviations.
    """
    return np.asarray((numbers - float(network.location)) / float(network.scale))


def mean_loss(network: Classifier, outputs: Array, targets: NDArray[Any]) -> float:
    """Give the loss that chooses weights.

    Parameters
    ----------
    network : Classifier
        Whose outputs they are.
    outputs : ndarray, shape [N, K]
        What ``predict_parts`` gave.
    targets : ndarray, shape [N]
        The truth.

    Returns
    -------
    float
        Log loss of classes, or mean squared error in units of the number's deviation.
    """
    if network.config.labels:
        return ClassPredictions(softmax(outputs, axis=1), targets).log_loss
    return float(np.mean((outputs[:, 0] - in_deviations(network, targets)) ** 2))


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
