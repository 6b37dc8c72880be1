"""The card says plainly which baseline wins, and on what."""

from training.evaluation.summary import summarise

OURS = {"mse": 0.4, "mae": 0.5, "smape": 9.0, "mase": None, "directional_accuracy": 0.6}


def test_a_baseline_that_wins_is_named_with_the_metric_and_both_figures():
    others = {
        "naive": {**OURS, "mse": 0.39},
        "boosting": {"mae": 0.45, "smape": 8.0, "directional_accuracy": 0.7, "mase": 1.0},
    }
    assert summarise(OURS, others) == [
        "boosting is better than this model on MAE (0.45 against 0.5), sMAPE (8 against 9), "
        "direction (0.7 against 0.6).",
        "naive is better than this model on MSE (0.39 against 0.4).",
    ]


def test_where_none_wins_the_metrics_that_were_compared_are_named():
    worse = {"naive": {"mse": 0.5, "mae": 0.6, "smape": 9.0, "mase": 0.1, "directional_accuracy": 0.5}}
    assert summarise(OURS, worse) == ["No baseline here is ahead on MSE, MAE, sMAPE, direction."]


def test_without_a_test_nothing_is_claimed():
    assert summarise({}, {}) == ["Nothing was tested, so nothing is known of how good this model is."]
