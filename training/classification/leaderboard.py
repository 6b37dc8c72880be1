"""One table for all models: our network and the baselines on the same test examples."""

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from statecast.models.classifier import Classifier
from training.classification.examples import Encoded, LabelledExamples
from training.classification.predictions import mix, predict_parts
from training.classification.prepare import Prepared
from training.classification.scores import Array, ClassPredictions, Score, score_numbers
from training.evaluation.leaderboard import OURS

RECURRENT, NGRAMS, SHAPES = "its recurrent part alone", "its n-grams alone", "its random kernels alone"
LINEAR = "tf-idf, linear"


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
    recurrent, beside = predict_parts(network, test)
    outputs, ours = _score(network, mix(network, recurrent, beside), test)
    scores = {OURS: ours}
    if beside is not None:
        scores[RECURRENT] = _score(network, recurrent, test)[1]
        scores[SHAPES if network.shapes else NGRAMS] = _score(network, beside, test)[1]
    found = score_baselines(prepared.raw, prepared.encoded, classes=len(network.config.labels), linear=linear)
    scores |= {name: one.score for name, one in found.items()}
    seconds = {name: round(one.seconds, 1) for name, one in found.items()}
    return ClassLeaderboard(scores, seconds, outputs, test.targets)


def _score(network: Classifier, outputs: Array, test: Encoded) -> tuple[Array, Score]:
    if network.config.labels:
        probabilities = softmax(outputs / float(network.temperature), axis=1)
        return probabilities, ClassPredictions(probabilities, test.targets).score()
    numbers = outputs * float(network.scale) + float(network.location)
    return numbers, score_numbers(numbers[:, 0], test.targets)


@dataclass(frozen=True)
class BaselineScore:
    """One baseline on the test part."""

    score: Score
    """Its figures."""
    seconds: float
    """Processor seconds of its fit and its predictions."""


def score_baselines(
    raw: dict[str, LabelledExamples], encoded: dict[str, Encoded], *, classes: int, linear: bool
) -> dict[str, BaselineScore]:
    """Fit baselines on the training part and score them on the test part.

    Parameters
    ----------
    raw, encoded : dict
        The same examples by part, as they were read and as the network reads them.
    classes : int
        How many classes there are; 0 for numbers.
    linear : bool
        Whether a linear model on tf-idf is fitted too, if the inputs are texts.

    Returns
    -------
    dict of str to BaselineScore
        By name.
    """
    train, test = encoded["train"], encoded["test"]
    started = time.process_time()
    if not classes:
        mean = score_numbers(np.full(len(test), train.targets.mean()), test.targets)
        return {"mean": BaselineScore(mean, time.process_time() - started)}
    shares = np.bincount(train.targets, minlength=classes) / len(train)
    likeliest = ClassPredictions(np.tile(np.maximum(shares, 1e-12), (len(test), 1)), test.targets).score()
    found = {"likeliest class": BaselineScore(likeliest, time.process_time() - started)}
    if linear and isinstance(raw["train"].inputs[0], str):
        found[LINEAR] = _linear(raw, encoded, classes)
    return found


def _linear(raw: dict[str, LabelledExamples], encoded: dict[str, Encoded], classes: int) -> BaselineScore:
    """Words and pairs of words by tf-idf, and logistic regression, as scikit-learn has them."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    started = time.process_time()
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]"),
        LogisticRegression(C=10.0, max_iter=300),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(raw["train"].inputs, encoded["train"].targets)
    probabilities = np.zeros((len(encoded["test"]), classes))
    probabilities[:, model.classes_] = model.predict_proba(raw["test"].inputs)
    score = ClassPredictions(probabilities, encoded["test"].targets).score()
    return BaselineScore(score, time.process_time() - started)
