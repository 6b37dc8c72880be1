"""The linear model beside a network, of n-grams or of shapes: fitted at once and in full, because it is convex.

A recurrent network that is trained together with it learns little, because the n-grams of the training part say all of
its labels. So each learns by itself, and the validation part says how much each is worth; without one they are worth
the same.
"""

import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from statecast.layers.sequences.hashed_ngrams import HashedNgrams
from statecast.layers.sequences.random_kernels import RandomKernels
from statecast.models.classifier import Classifier
from training.classification.batches import Batches
from training.classification.config import ClassificationTraining
from training.classification.examples import Encoded
from training.classification.scores import in_deviations

_ITERATIONS = 100
_BATCH = 64
_STEPS = 10_000  # that thresholds are found on, at least where there are as many
_SPREAD = 0.01  # below which a deviation of shares is no more than chance


@torch.no_grad()
def fit_linear(network: Classifier, train: Encoded, training: ClassificationTraining) -> None:
    """Fit the linear model beside a network's recurrent layers, in place, where there is one.

    Weights of n-grams are shrunk less for those that few examples have, as idf does; shares of steps are brought to
    deviations from their mean.

    Parameters
    ----------
    network : Classifier
        With n-grams, or with random kernels.
    train : Encoded
        The training part.
    training : ClassificationTraining
        How far the weights may go, and whether each class counts the same.

    References
    ----------
    Sparck Jones, K. (1972). A statistical interpretation of term specificity and its application in retrieval. Journal
    of Documentation 28(1).
    """
    if network.linear is not None:
        network.ngram_share.fill_(training.linear_share)
    if (ngrams := network.ngrams) is not None:
        counts = count_ngrams(ngrams, train)
        present = np.bincount(counts.indices, minlength=ngrams.buckets)
        idf = np.log((1.0 + len(train)) / (1.0 + present)) + 1.0
        scaled = sparse.diags(1.0 / np.sqrt(counts.sum(axis=1).A1)) @ counts @ sparse.diags(idf)
        table, bias = _solve(network, scaled, train, training, training.ngram_strength)
        _put(ngrams, table * idf, bias)
    elif (shapes := network.shapes) is not None:
        _find_levels(network, shapes, train, training.seed)
        shares = measure_shapes(network, shapes, train)
        mean, spread = shares.mean(axis=0), (shares.std(axis=0) + _SPREAD) * np.sqrt(shapes.features)
        table, bias = _solve(network, (shares - mean) / spread, train, training, training.shape_strength)
        _put(shapes, table / spread, bias - (table / spread) @ mean)


def measure_shapes(network: Classifier, shapes: RandomKernels, examples: Encoded) -> NDArray[np.float64]:
    """Measure at which share of their steps the convolutions of examples are above their thresholds.

    Parameters
    ----------
    network : Classifier
        Which knows the units of the values.
    shapes : RandomKernels
        Its random kernels.
    examples : Encoded
        N series.

    Returns
    -------
    ndarray, shape [N, features]
        Shares, 0 to 1.
    """
    found = np.zeros((len(examples), shapes.features))
    for places, batch in Batches(examples, _BATCH, 0).in_order():
        joined = shapes.joined(network.units(batch.inputs).nan_to_num(0.0))
        found[places] = (shapes.counts(joined, batch.lengths) / batch.lengths[:, None]).numpy()
    return found


def _find_levels(network: Classifier, shapes: RandomKernels, train: Encoded, seed: int) -> None:
    """Thresholds from as many examples, in drawn order, as have enough steps together."""
    drawn = [train.steps[place] for place in np.random.default_rng(seed).permutation(len(train)).tolist()]
    enough = int(np.searchsorted(np.cumsum([len(one) for one in drawn]), _STEPS)) + 1
    values = torch.from_numpy(np.concatenate(drawn[:enough])[: 2 * _STEPS])
    shapes.set_levels(network.units(values).nan_to_num(0.0))


def _solve(
    network: Classifier, inputs: Any, train: Encoded, training: ClassificationTraining, strength: float
) -> tuple[Any, Any]:
    """Weights ``[K, features]`` and biases ``[K]`` of the linear model of least regularised loss."""
    if not network.config.labels:
        model: Any = Ridge(alpha=1.0 / strength)
        model.fit(inputs, in_deviations(network, train.targets))
        return model.coef_[None], np.asarray([model.intercept_])
    balanced = "balanced" if training.class_weights == "balanced" else None
    model = LogisticRegression(C=strength, max_iter=_ITERATIONS, class_weight=balanced)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near the optimum is near enough
        model.fit(inputs, train.targets)
    return _per_class(model, network.config.outputs)


def _put(linear: HashedNgrams | RandomKernels, table: Any, bias: Any) -> None:
    linear.table.copy_(torch.from_numpy(table.T.copy()))
    linear.bias.copy_(torch.from_numpy(bias))


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
