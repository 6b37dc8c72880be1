"""Probabilities that hold as often as they say: one temperature, found on examples that were not learned from."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from training.classification.scores import Array, log_loss, softmax

_WIDEST = 10.0  # a factor of the logits, either way


def find_temperature(logits: Array, targets: NDArray[np.int64]) -> float:
    """Find the temperature whose probabilities have the least log loss.

    Parameters
    ----------
    logits : ndarray, shape [N, K]
        Of examples that were not learned from.
    targets : ndarray of int64, shape [N]
        Places of the right classes.

    Returns
    -------
    float
        By which logits are divided, 0.1 to 10; 1 without examples.

    References
    ----------
    Guo, C. et al. (2017). On calibration of modern neural networks. ICML.

    Examples
    --------
    >>> logits = np.tile([[4.0, 0.0]], (4, 1))
    >>> round(find_temperature(logits, np.array([0, 0, 0, 1])), 2)  # right three times of four, and sure of it
    3.64
    """
    if not len(targets):
        return 1.0
    widest = np.log(_WIDEST)
    found = minimize_scalar(
        lambda power: log_loss(softmax(logits / np.exp(power)), targets), bounds=(-widest, widest), method="bounded"
    )
    return float(np.exp(found.x))
