"""Figures by hand: accuracy, F1, log loss, calibration error, confusion; and temperatures that mend it."""

import numpy as np
import pytest
from scipy.special import softmax

from training.classification.calibration import find_mixture
from training.classification.scores import ClassPredictions, score_numbers

SURE = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
TRUTH = np.array([0, 1, 1, 1])


def test_figures_by_hand() -> None:
    """Every promise of the benchmark is one of these; an error here would be kept by all of them."""
    predictions = ClassPredictions(SURE, TRUTH)
    score = predictions.score()
    assert score.accuracy == 0.75
    assert score.log_loss == pytest.approx(-np.mean(np.log([0.9, 0.1, 0.8, 0.6])))
    assert score.calibration_error == pytest.approx((2 * abs(0.9 - 0.5) + abs(0.8 - 1) + abs(0.6 - 1)) / 4)
    assert score.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert predictions.confusion().tolist() == [[1, 0], [1, 2]]


def test_a_class_that_never_comes_has_no_f1() -> None:
    """The mean over classes counts those that are there; a zero for an absent one would lower every model alike."""
    score = ClassPredictions(np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]), np.array([0, 1])).score()
    assert score.macro_f1 == 1.0


def test_temperature_mends_what_is_too_sure() -> None:
    """Networks are surer than right after training; one number brings confidence back to what holds."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 3))
    truth = np.array([random.choice(3, p=row) for row in softmax(logits, axis=1)])
    share, found = find_mixture(4.0 * logits, None, truth)
    assert share == 0.0
    assert found == pytest.approx(4.0, rel=0.1)
    before, after = (ClassPredictions(softmax(4.0 * logits / by, axis=1), truth).score() for by in (1.0, found))
    assert after.accuracy == before.accuracy
    assert after.calibration_error < 0.03 < before.calibration_error


def test_the_better_part_gets_the_larger_share() -> None:
    """Two opinions are worth more than one if each has the weight that it deserves; noise deserves none."""
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, 3000)
    signal, other, noise = ((2 * truth - 1) * share + random.normal(size=3000) for share in (1.0, 1.0, 0.0))
    parts = [np.stack([-one, one], axis=1) for one in (signal, other, noise)]
    assert find_mixture(parts[0], parts[1], truth)[0] == pytest.approx(0.5, abs=0.08)
    assert find_mixture(parts[0], parts[2], truth)[0] < 0.08


def test_numbers() -> None:
    """Errors in the number's own unit, and the share of the variance that is explained."""
    score = score_numbers([1.0, 2.0, 5.0], np.array([1.0, 2.0, 3.0]))
    assert score.mae == pytest.approx(2 / 3) and score.rmse == pytest.approx((4 / 3) ** 0.5)
    assert score.r2 == pytest.approx(1 - (4 / 3) / (2 / 3))
