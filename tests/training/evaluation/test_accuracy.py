"""The table of errors is the registry's metrics over all items; one that is summed otherwise is another figure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_squared_error

from statecast import metrics
from training.evaluation.accuracy import Accuracy
from training.evaluation.leaderboard import owa

VALUES = arrays.arrays(np.float64, (3, 4), elements=st.floats(-100, 100, allow_nan=False, width=32))
LEVELS = (0.1, 0.5, 0.9)


def score(name, actual, median, **rest):
    return metrics.get(name).score(actual, median, **rest)


@given(VALUES, VALUES)
def test_metrics_are_scikit_learns(actual, forecast):
    assert score("mse", actual, forecast) == pytest.approx(mean_squared_error(actual, forecast))
    assert score("mae", actual, forecast) == pytest.approx(mean_absolute_error(actual, forecast))
    quantiles = np.stack([forecast] * 3, axis=-1)
    losses = [mean_pinball_loss(actual, forecast, alpha=level) for level in LEVELS]
    found = score("pinball", actual, forecast, quantiles=quantiles, levels=LEVELS)
    assert found == pytest.approx(2 * np.mean(losses))


def test_metrics_by_hand():
    actual, forecast = np.asarray([[1.0, 2.0, np.nan, 4.0]]), np.asarray([[2.0, 2.0, 9.0, 2.0]])
    assert score("smape", actual, forecast) == pytest.approx(200 * (1 / 3 + 0 + 2 / 6) / 3)
    assert score("smape", np.zeros((1, 2)), np.zeros((1, 2))) == 0.0
    assert score("mase", actual, forecast, seasonal_error=2.0) == pytest.approx(0.5)
    right = [
        score("directional_accuracy", actual[:, [at]], forecast[:, [at]], last=[last])
        for at, last in enumerate((1.5, 1.0, 1.0, 3.0))
    ]
    np.testing.assert_array_equal(right, [0.0, 1.0, np.nan, 0.0])
    assert owa({"smape": 10.0, "mase": 1.0}, {"smape": 20.0, "mase": 4.0}) == pytest.approx(0.375)


def test_quantile_metrics_by_hand():
    actual, quantiles = np.asarray([[1.0, 3.0]]), np.asarray([[[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]])
    accuracy = Accuracy(np.ones(1), np.ones(1), 2, LEVELS)
    accuracy.add(np.zeros(1, int), actual, actual, median=quantiles[..., 1], last=np.zeros(1), quantiles=quantiles)
    np.testing.assert_allclose(accuracy.coverage(), [0.0, 0.5, 0.5])
    expected = 2 * np.mean([0.1 * 4, 0.5 * 2, 0.1 * 1 + 0.9 * 1]) / 4
    assert accuracy.table()["wql"] == pytest.approx(expected)
    assert accuracy.table()["coverage"] == 0.5
    assert accuracy.windows == 1


@given(st.integers(0, 1000))
def test_sums_in_parts_are_the_formulas_on_the_whole(seed):
    generator = np.random.default_rng(seed)
    actual = generator.normal(5, 2, (2, 6, 4))
    actual[generator.random(actual.shape) < 0.1] = np.nan
    quantiles = np.sort(generator.normal(5, 2, (2, 6, 4, 3)), axis=-1)
    mean, median, last = quantiles.mean(-1), quantiles[..., 1], generator.normal(5, 2, (2, 6))
    accuracy = Accuracy(np.ones(2), np.asarray([2.0, 2.0]), 4, LEVELS)
    for items, part in (([0], slice(0, 2)), ([1], slice(0, 2)), ([0, 1], slice(2, 6))):
        accuracy.add(
            np.repeat(items, actual[:, part].shape[1]),
            np.concatenate(actual[items, part]),
            np.concatenate(mean[items, part]),
            median=np.concatenate(median[items, part]),
            last=np.concatenate(last[items, part]),
            quantiles=np.concatenate(quantiles[items, part]),
        )
    table = accuracy.table()

    def whole(name, item=slice(None)):
        rest = {"mean": rows(mean, item), "last": last[item].reshape(-1), "seasonal_error": 2.0}
        parts = rows(actual, item), rows(median, item)
        return score(name, *parts, **rest, quantiles=rows(quantiles, item), levels=LEVELS)

    def rows(values, item):
        return values[item].reshape(-1, *values.shape[2:])

    for name in set(metrics.names()) - {"smape", "mase"}:
        assert table[name] == pytest.approx(whole(name)), name
    for name in ("smape", "mase"):
        assert table[name] == pytest.approx(np.mean([whole(name, item) for item in range(2)]))
    errors = [score("mae", actual[..., [step]].reshape(-1, 1), median[..., [step]].reshape(-1, 1)) for step in range(4)]
    np.testing.assert_allclose(accuracy.by_step("mae"), errors)


def test_only_what_is_asked_for_is_summed():
    """Validation reads one figure some hundred times a fit; nine others would be summed for nothing."""
    accuracy = Accuracy(np.ones(1), np.ones(1), 3, LEVELS, names=("pinball",))
    assert list(accuracy.table()) == ["pinball"]
    assert set(metrics.names()) - set(Accuracy(np.ones(1), np.ones(1), 3).table()) == {
        name for name in metrics.names() if metrics.get(name).needs_quantiles
    }
