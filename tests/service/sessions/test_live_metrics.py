"""Forecasts are judged by what arrives, once each, and by nothing that is missing."""

import numpy as np
import pytest

from service.sessions.live_metrics import Interval, Observed, issue, new_scores
from service.sessions.live_metrics import score as score_all
from service.sessions.summary import summary
from statecast import metrics

LEVELS = (0.1, 0.5, 0.9)


def quantiles() -> np.ndarray:
    centre = np.array([[10.0, 11, 12, 13]])
    return np.stack([centre - 2, centre, centre + 2], axis=-1)


def pending(start: int, scale: float = 2.0):
    return issue(quantiles(), np.array([scale]), start, Interval.of(LEVELS))


def score(*of):
    (found,) = score_all([Observed(*of)])
    return found


def plain(scores) -> dict[str, list[float]]:
    return {name: state.tolist() for name, state in scores.items()}


def test_errors_and_coverage_are_summed() -> None:
    scores = score(new_scores(), pending(100), np.array([[11, np.nan, 20]]), 100, 0.8)
    found = plain(scores)
    assert (found["mase"], found["coverage"]) == ([(1 + 8) / 2, 2], [1, 2])
    assert summary(scores, 0.8) == {
        "observations": 2, "mase": 2.25, "coverage": 0.5, "nominal_coverage": 0.8, "surprise": [None] * 8,
        "wql": pytest.approx(2 * (0.3 + 0.5 + 0.1 + 1.0 + 4.0 + 5.4) / 3 / 31),
        "coverage_by_level": pytest.approx({"0.1": 0, "0.5": 0, "0.9": 0.5}),
        "calibration": pytest.approx((0.1 + 0.5 + 0.4) / 3),
    }  # fmt: skip


def test_later_values_meet_their_own_step() -> None:
    nothing = plain(new_scores())
    assert plain(score(new_scores(), pending(100), np.array([[13]]), 103, 0.8))["mase"] == [0, 1]
    assert plain(score(new_scores(), pending(100), np.array([[13]]), 104, 0.8)) == nothing
    assert plain(score(new_scores(), pending(100), np.array([[13]]), 99, 0.8)) == nothing
    scores = score(new_scores(), pending(100), np.array([[13]]), 103, 0.8)
    assert score(scores, None, np.array([[13]]), 103, 0.8) is scores


@pytest.mark.parametrize("scale", [0.0, np.nan])
def test_an_unknown_scale_counts_for_coverage_only(scale: float) -> None:
    scores = score(new_scores(), pending(5, scale), np.array([[10]]), 5, 0.8)
    assert (plain(scores)["mase"], plain(scores)["coverage"]) == ([0, 0], [1, 1])
    assert summary(scores, 0.8)["mase"] is None


def test_the_interval_takes_the_nearest_trained_levels() -> None:
    assert Interval.of((0.05, 0.25, 0.5, 0.75, 0.95)) == Interval(0, 2, 4, 0.9)
    assert Interval.of((0.5,)) == Interval(0, 0, 0, 0.0)


@pytest.mark.parametrize("name", metrics.names())
def test_a_session_can_keep_every_metric(name: str) -> None:
    """What a backtest shows of a model, a session shows of itself, by the same sums."""
    values = np.array([[11, np.nan, 20]])
    scores = score(new_scores((name,)), pending(100), values, 100, 0.8)
    judged = quantiles()[:, :3]
    rest = {"quantiles": judged, "levels": LEVELS, "seasonal_error": [2.0]}
    expected = metrics.get(name).score(values, judged[..., 1], **rest)
    found = summary(scores, 0.8)[name]
    assert found is None if np.isnan(expected) else found == pytest.approx(expected)


def test_a_metric_that_is_not_installed_stays_as_it_was() -> None:
    """A session must go on after the package of a metric is gone, and show its figure when that is back."""
    scores = {**new_scores(), "gone_metric": np.array([3.0, 2.0])}
    later = score(scores, pending(100), np.array([[11]]), 100, 0.8)
    assert plain(later)["mase"] == [0.5, 1] and plain(later)["gone_metric"] == [3, 2]
    assert "gone_metric" not in summary(later, 0.8)


def test_sessions_scored_together_are_scored_as_alone() -> None:
    """A request of hundreds of sessions must leave the sums that hundreds of requests would."""
    draw = np.random.default_rng(0)
    observed = [
        Observed(
            new_scores(("wql", "mae") if n % 5 == 0 else ()),
            None if n % 7 == 0 else pending(100 + n % 2, 1.0 + n),
            draw.normal(11, 2, (2 if n % 6 == 0 else 1, 1 + n % 3)),
            100 + n % 4,
            0.8,
        )
        for n in range(40)
        if n % 6 or n % 7 == 0
    ]
    assert [plain(found) for found in score_all(observed)] == [plain(score(*one)) for one in observed]
