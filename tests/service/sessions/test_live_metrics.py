"""Forecasts are judged by what arrives, once each, and by nothing that is missing."""

import numpy as np
import pytest

from service.sessions.live_metrics import Interval, issue, judge, summary
from service.stores.interface import Scores

LEVELS = (0.1, 0.5, 0.9)


def result() -> tuple[np.ndarray, np.ndarray]:
    centre = np.array([[10.0, 11, 12, 13]])
    quantiles = np.stack([centre - 2, centre, centre + 2], axis=-1)
    return quantiles, np.array([2.0])


def test_errors_and_coverage_are_summed() -> None:
    issued = issue(*result(), 100, Interval.of(LEVELS))
    scores = judge(Scores(), issued, np.float32([[11, np.nan, 20]]), 100)
    assert scores == Scores(judged=2, inside=1, scaled=2, error=(1 + 8) / 2)
    assert summary(scores, 0.8) == {"observations": 2, "mase": 2.25, "coverage": 0.5, "nominal_coverage": 0.8}


def test_later_values_meet_their_own_step() -> None:
    issued = issue(*result(), 100, Interval.of(LEVELS))
    assert judge(Scores(), issued, np.float32([[13]]), 103).error == 0
    assert judge(Scores(), issued, np.float32([[13]]), 104) == Scores()
    assert judge(Scores(1, 1, 1, 3.0), None, np.float32([[13]]), 103) == Scores(1, 1, 1, 3.0)


@pytest.mark.parametrize("scale", [0.0, np.nan])
def test_an_unknown_scale_counts_for_coverage_only(scale: float) -> None:
    issued = issue(result()[0], np.array([scale]), 5, Interval.of(LEVELS))
    scores = judge(Scores(), issued, np.float32([[10]]), 5)
    assert scores == Scores(judged=1, inside=1)
    assert summary(scores, 0.8)["mase"] is None


def test_the_interval_takes_the_nearest_trained_levels() -> None:
    assert Interval.of((0.05, 0.25, 0.5, 0.75, 0.95)) == Interval(0, 2, 4, 0.9)
    assert Interval.of((0.5,)) == Interval(0, 0, 0, 0.0)
