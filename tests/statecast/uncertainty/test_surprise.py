"""Surprise: a probability for every value, uniform where forecasts are right, and the inverse of the quantile.

Without this a flag would say something else than the interval beside it, and outliers beyond the outermost trained
level would all look alike.
"""

from statistics import NormalDist

import numpy as np
import pytest

from statecast.uncertainty.quantile_levels import UNSHAPED
from statecast.uncertainty.surprise import interval_levels, interval_surprise, quantile_at, surprise

USUAL = np.float64(1.0)
NORMAL_TAILS = (1.0, 1.0)
TAILS = (1.2, 1.7)
LEVELS = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)
NORMAL = np.array([NormalDist(5.0, 2.0).inv_cdf(level) for level in LEVELS])


def test_values_of_the_distribution_that_was_forecast_are_uniform() -> None:
    values = np.random.default_rng(0).normal(5.0, 2.0, 20_000)
    found = np.sort(surprise(np.broadcast_to(NORMAL, (20_000, 7)), values, LEVELS, NORMAL_TAILS, USUAL))
    assert np.abs(found - np.linspace(0, 1, 20_000)).max() < 0.03


def test_beyond_the_outermost_levels_the_tails_go_on() -> None:
    """Of a normal distribution those of one; of one with heavier tails a value is less surprising."""
    far = np.array([-4.0, 14.0])
    found = surprise(np.stack([NORMAL] * 2), far, LEVELS, NORMAL_TAILS, USUAL)
    np.testing.assert_allclose(found, [NormalDist(5.0, 2.0).cdf(value) for value in far], rtol=1e-3)
    heavy = surprise(np.stack([NORMAL] * 2), far, LEVELS, TAILS, USUAL)
    assert found[0] < heavy[0] < 0.01 and 0.99 < heavy[1] < found[1]


@pytest.mark.parametrize("level", [0.0001, 0.005, 0.01, 0.2, 0.5, 0.9, 0.995, 0.9999])
def test_the_quantile_of_a_level_has_that_level_as_its_surprise(level: float) -> None:
    skewed = np.array([[0.0, 0.5, 1.0, 2.0, 5.0, 9.0, 30.0], [-3.0, -2.0, -1.0, 0.0, 0.1, 0.2, 0.3]])
    found = surprise(skewed, quantile_at(skewed, LEVELS, level, TAILS), LEVELS, TAILS, USUAL)
    np.testing.assert_allclose(found, level, rtol=1e-9)


def test_it_never_falls_as_the_value_rises() -> None:
    skewed = np.array([0.0, 0.0, 0.0, 2.0, 5.0, 5.0, 30.0])
    values = np.linspace(-20, 60, 801)
    found = surprise(np.broadcast_to(skewed, (801, 7)), values, LEVELS, TAILS, USUAL)
    assert (np.diff(found) >= 0).all()
    assert 0 < found[0] < found[-1] <= 1


def test_a_value_with_a_probability_of_its_own_stands_in_its_middle() -> None:
    found = surprise(np.array([0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0]), np.array(0.0), LEVELS, TAILS, USUAL)
    assert found == pytest.approx((0.01 + 0.5) / 2)


def test_of_a_series_that_never_changed_and_of_missing_values_nothing_is_surprising() -> None:
    certain = np.full((4, 7), 3.0)
    assert np.isnan(surprise(certain, np.array([3.0, 2.9, 3.1, np.nan]), LEVELS, TAILS, USUAL)).all()
    assert np.isnan(surprise(np.full((1, 7), np.nan), np.array([1.0]), LEVELS, TAILS, USUAL)).all()
    narrow = np.array([3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0 + 1e-9])
    found = surprise(np.stack([narrow] * 3), np.array([3.0, 2.9, 3.1]), LEVELS, TAILS, USUAL)
    assert 0.01 < found[0] < 0.9 and found[1] < 1e-12 and found[2] > 1 - 1e-12


@pytest.mark.parametrize("tails", [NORMAL_TAILS, TAILS, (1.4, 1.4)])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.98])
def test_an_interval_about_a_median_is_a_forecast_like_any_other(coverage: float, tails: tuple[float, float]) -> None:
    """What a session says of a value must not depend on which of both is quicker."""
    rng = np.random.default_rng(1)
    parts = rng.exponential(1.0, (4000, 3)) * rng.choice([1e-12, 1e-3, 1.0, 1e9], (4000, 1))
    quantiles = np.cumsum(parts, axis=-1) + rng.choice([0.0, -2.0, 1e6], (4000, 1))
    values = quantiles[:, 1] + parts.sum(-1) * rng.normal(0, 4, 4000)
    for place in range(3):
        values[place::50] = quantiles[place::50, place]
    values[7::90], values[8::90] = np.nan, np.inf
    usual = np.where(np.arange(4000) % 7 == 3, np.nan, rng.choice([0.0, 2.0], 4000))
    levels = interval_levels(coverage)
    for some in (slice(None), slice(7, 9), slice(0, 1), slice(0, 0), quantiles[:, 0] < quantiles[:, 1] - 1e-2):
        expected = surprise(quantiles[some], values[some], levels, tails, usual[some])
        found = interval_surprise(quantiles[some], values[some], coverage, tails, usual[some])
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)
    flat = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 2.0], [0.0, 0.0, 5.0], [np.nan, 1.0, 2.0], [1.0, 2.0, np.inf]])
    for row in flat:
        for value in (-1.0, 0.0, 1.0, 1.5, 2.0, 5.0, 9.0):
            one, at = row[None], np.array([value])
            found = interval_surprise(one, at, coverage, tails, USUAL)
            np.testing.assert_allclose(found, surprise(one, at, levels, tails, USUAL), rtol=1e-9, atol=1e-15)


def test_two_levels_without_a_median_are_enough() -> None:
    found = surprise(
        np.array([[1.0, 2.0]] * 3), np.array([0.0, 1.5, 3.0]), (0.25, 0.75), (1 - UNSHAPED, 1 - UNSHAPED), USUAL
    )
    np.testing.assert_allclose(
        found,
        [NormalDist().cdf(3 * NormalDist().inv_cdf(0.25)), 0.5, 1 - NormalDist().cdf(3 * NormalDist().inv_cdf(0.25))],
    )
