"""Probabilities that hold as often as they say, found on examples that were not learned from.

One temperature, and where there is a linear model its share beside the recurrent layers: two numbers, too few to
overfit.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax

from statecast.models.classifier import Classifier
from training.classification.examples import Encoded
from training.classification.predictions import predict_parts
from training.classification.scores import Array, ClassPredictions, in_deviations

_WIDEST = math.log(10.0)  # a factor of the logits, either way


def calibrate(network: Classifier, held: Encoded) -> None:
    """Set a network's temperature and the share of its linear model, in place; without examples they stay as they are.

    Parameters
    ----------
    network : Classifier
        The trained network.
    held : Encoded
        The validation part.
    """
    if not len(held):
        return
    recurrent, linear = predict_parts(network, held)
    if not network.config.labels:
        if linear is not None:
            apart, error = (linear - recurrent)[:, 0], in_deviations(network, held.targets) - recurrent[:, 0]
            network.ngram_share.fill_(float(np.clip((apart @ error) / max(float(apart @ apart), 1e-12), 0.0, 1.0)))
        return
    share, temperature = find_mixture(recurrent, linear, held.targets)
    network.ngram_share.fill_(share)
    network.temperature.fill_(temperature)


def find_mixture(recurrent: Array, linear: Array | None, targets: NDArray[np.int64]) -> tuple[float, float]:
    """Find the share of the linear model and the temperature whose probabilities have the least log loss.

    Parameters
    ----------
    recurrent : ndarray, shape [N, K]
        Logits of examples that were not learned from.
    linear : ndarray or None
        Likewise.
    targets : ndarray of int64, shape [N]
        Places of the right classes.

    Returns
    -------
    tuple of float
        The share, 0 to 1, and the temperature, 0.1 to 10.

    References
    ----------
    Guo, C. et al. (2017). On calibration of modern neural networks. ICML.

    Examples
    --------
    >>> logits = np.tile([[4.0, 0.0]], (4, 1))
    >>> round(find_mixture(logits, None, np.array([0, 0, 0, 1]))[1], 2)  # surer than right
    3.64
    """
    other = recurrent if linear is None else linear

    def loss(values: NDArray[np.float64]) -> float:
        mixed = (1.0 - values[0]) * recurrent + values[0] * other
        return ClassPredictions(softmax(mixed / np.exp(values[1]), axis=1), targets).log_loss

    bounds = [(0.0, 0.0 if linear is None else 1.0), (-_WIDEST, _WIDEST)]
    start = np.asarray([bounds[0][1] / 2.0, 0.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), float(np.exp(found[1]))
