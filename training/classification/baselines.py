"""What a classifier has to beat: the likeliest class, and for texts a linear model on tf-idf; of numbers their mean."""

import time
import warnings
from dataclasses import dataclass

import numpy as np

from training.classification.examples import Encoded, LabelledExamples
from training.classification.scores import Score, score_classes, score_numbers

LINEAR = "tf-idf, linear"


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
    likeliest = score_classes(np.tile(np.maximum(shares, 1e-12), (len(test), 1)), test.targets)
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
    return BaselineScore(score_classes(probabilities, encoded["test"].targets), time.process_time() - started)
