"""Metrics against their formulas, written out or from scikit-learn, and sums against whole arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_squared_error

from training.evaluation import metrics
from training.evaluation.scores import Scores

VALUES = arrays.arrays(np.float64, (3, 4), elements=st.floats(-100, 100, allow_nan=False, width=32))
LEVELS = (0.1, 0.5, 0.9)


@given(VALUES, VALUES)
def test_point_metrics_are_scikit_learns(actual, forecast):
    assert metrics.mse(actual, forecast) == pytest.approx(mean_squared_error(actual, forecast))
    assert metrics.mae(actual, forecast) == pytest.approx(mean_absolute_error(actual, forecast))
    quantiles = np.stack([forecast] * 3, axis=-1)
    terms = metrics.pinball_terms(actual, quantiles, LEVELS).mean(axis=(0, 1))
    for level, term in zip(LEVELS, terms, strict=True):
        assert term == pytest.approx(mean_pinball_loss(actual, forecast, alpha=level))


def test_metrics_by_hand():
    actual, forecast = np.asarray([1.0, 2.0, np.nan, 4.0]), np.asarray([2.0, 2.0, 9.0, 2.0])
    assert metrics.smape(actual, forecast) == pytest.approx(200 * (1 / 3 + 0 + 2 / 6) / 3)
    assert metrics.smape(np.zeros(2), np.zeros(2)) == 0.0
    assert metrics.seasonal_difference(np.asarray([1.0, 2.0, 4.0, 3.0]), 2) == pytest.approx((3 + 1) / 2)
    assert np.isnan(metrics.seasonal_difference(np.ones(9), 2))
    assert metrics.mase(actual, forecast, 2.0) == pytest.approx(0.5)
    assert metrics.owa(10.0, 1.0, 20.0, 4.0) == pytest.approx(0.375)
    assert metrics.directional_accuracy(actual, forecast, np.asarray([1.5, 1.0, 1.0, 3.0])) == pytest.approx(1 / 3)


def test_quantile_metrics_by_hand():
    actual = np.asarray([1.0, 3.0])
    quantiles = np.asarray([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    np.testing.assert_allclose(metrics.coverage(actual, quantiles), [0.0, 0.5, 0.5])
    expected = 2 * np.mean([0.1 * 4, 0.5 * 2, 0.1 * 1 + 0.9 * 1]) / 4
    assert metrics.weighted_quantile_loss(actual, quantiles, LEVELS) == pytest.approx(expected)


@given(st.integers(0, 1000))
def test_sums_in_parts_are_the_formulas_on_the_whole(seed):
    generator = np.random.default_rng(seed)
    actual = generator.normal(5, 2, (2, 6, 4))
    actual[generator.random(actual.shape) < 0.1] = np.nan
    quantiles = np.sort(generator.normal(5, 2, (2, 6, 4, 3)), axis=-1)
    mean, median, last = quantiles.mean(-1), quantiles[..., 1], generator.normal(5, 2, (2, 6))
    scores = Scores(np.ones(2), np.asarray([2.0, 2.0]), 4, LEVELS)
    for item in range(2):
        for part in (slice(0, 2), slice(2, 6)):
            scores.add(
                item,
                actual[item, part],
                mean[item, part],
                median=median[item, part],
                last=last[item, part],
                quantiles=quantiles[item, part],
            )
    table = scores.table()
    assert table["mse"] == pytest.approx(metrics.mse(actual, mean))
    assert table["mae"] == pytest.approx(metrics.mae(actual, median))
    assert table["smape"] == pytest.approx(np.mean([metrics.smape(actual[i], median[i]) for i in range(2)]))
    assert table["mase"] == pytest.approx(np.mean([metrics.mase(actual[i], median[i], 2.0) for i in range(2)]))
    assert table["wql"] == pytest.approx(metrics.weighted_quantile_loss(actual, quantiles, LEVELS))
    assert table["directional"] == pytest.approx(metrics.directional_accuracy(actual, median, last[..., None]))
    np.testing.assert_allclose(scores.coverage(), metrics.coverage(actual, quantiles))
    errors = np.asarray([metrics.mae(actual[..., step], median[..., step]) for step in range(4)])
    np.testing.assert_allclose(scores.by_step()[1], errors)
