"""The linear model of n-grams beside a network: fitted at once and in full, because it is convex, and then left alone.

A recurrent network that is trained together with it learns little, because the n-grams of the training part say all of
its labels. So each learns by itself, and the validation part says how much each is worth.
"""

import warnings
from typing import Any

import numpy as np
import torch
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from statecast.layers.sequences.hashed_ngrams import HashedNgrams
from statecast.models.classifier import Classifier
from training.classification.examples import Encoded
from training.classification.scores import in_deviations

_ITERATIONS = 100


@torch.no_grad()
def fit_ngrams(network: Classifier, train: Encoded, *, strength: float, balanced: bool) -> None:
    """Fit a network's table of n-grams, in place.

    Weights are shrunk less for n-grams that few examples have, as idf does.

    Parameters
    ----------
    network : Classifier
        With n-grams.
    train : Encoded
        The training part.
    strength : float
        Inverse of the regularisation.
    balanced : bool
        Whether each class counts the same.

    References
    ----------
    Sparck Jones, K. (1972). A statistical interpretation of term specificity and its application in retrieval. Journal
    of Documentation 28(1).
    """
    ngrams = network.ngrams
    if ngrams is None:
        return
    counts = count_ngrams(ngrams, train)
    present = np.bincount(counts.indices, minlength=ngrams.buckets)
    idf = np.log((1.0 + len(train)) / (1.0 + present)) + 1.0
    scaled = sparse.diags(1.0 / np.sqrt(counts.sum(axis=1).A1)) @ counts @ sparse.diags(idf)
    if network.config.labels:
        weights = "balanced" if balanced else None
        model: Any = LogisticRegression(C=strength, max_iter=_ITERATIONS, class_weight=weights)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near the optimum is near enough
            model.fit(scaled, train.targets)
        table, bias = _per_class(model, network.config.outputs)
    else:
        model = Ridge(alpha=1.0 / strength)
        model.fit(scaled, in_deviations(network, train.targets))
        table, bias = model.coef_[None], np.asarray([model.intercept_])
    ngrams.table.copy_(torch.from_numpy((table * idf).T.copy()))
    ngrams.bias.copy_(torch.from_numpy(bias))


def count_ngrams(ngrams: HashedNgrams, examples: Encoded) -> sparse.csr_matrix:
    """Count the n-grams of examples by the rows of their table.

    Parameters
    ----------
    ngrams : HashedNgrams
        Which hashes them.
    examples : Encoded
        N texts.

    Returns
    -------
    scipy.sparse.csr_matrix
        ``[N, buckets]``.
    """
    places, counts, ends = [], [], [0]
    for one in examples.steps:
        joined = np.concatenate([np.zeros(ngrams.longest - 1, dtype=np.int64), one])
        rows, found = np.unique(ngrams.rows(torch.from_numpy(joined)[None], len(one)).numpy(), return_counts=True)
        places.append(rows)
        counts.append(found)
        ends.append(ends[-1] + len(rows))
    values = np.concatenate(counts).astype(np.float64)
    return sparse.csr_matrix((values, np.concatenate(places), ends), shape=(len(examples), ngrams.buckets))


def _per_class(model: Any, classes: int) -> tuple[Any, Any]:
    """Weights ``[K, buckets]`` and biases ``[K]``; of two classes the model has only the difference."""
    if classes > 2:
        return model.coef_, model.intercept_
    half = np.asarray([[-0.5], [0.5]])
    return half * model.coef_, (half * model.intercept_)[:, 0]
