"""Levels between the trained ones and beyond them: in order, continuous, and those that were trained as they are.

Without this a 98 % interval could lie inside of the 80 % one, and asking for one more level would move the others.
"""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast.errors import InputError
from statecast.uncertainty.quantile_levels import FARTHEST, quantiles_at, reach_of

NINE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
TRAINED = st.sampled_from([NINE, (0.1, 0.5, 0.9), (0.05, 0.5, 0.6), (0.001, 0.5, 0.95)])
WANTED = st.lists(st.floats(FARTHEST, 1 - FARTHEST), min_size=1, max_size=12)
EXPONENTS = st.tuples(st.floats(0.5, 3.0), st.floats(0.5, 3.0))


def forecasts(levels: int, seed: int, size: float = 1.0) -> np.ndarray:
    """Skewed ones, some of them certain in part or as a whole, around any level."""
    draw = np.random.default_rng(seed)
    steps = draw.exponential(size, (5, 7, levels)) * draw.choice([0.0, 1e-9, 1.0, 50.0], (5, 7, levels))
    return np.cumsum(steps, axis=-1) + draw.choice([0.0, -3.0, 1e6], (5, 1, 1)) * size


@given(TRAINED, WANTED, EXPONENTS, st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_quantiles_never_cross_and_a_level_does_not_depend_on_the_others(
    trained: tuple[float, ...], wanted: list[float], exponents: tuple[float, float], seed: int
) -> None:
    quantiles = forecasts(len(trained), seed)
    lowest, highest = reach_of(trained)
    wanted = sorted(level for level in {*wanted, *trained} if lowest <= level <= highest)
    found = quantiles_at(quantiles, trained, wanted, exponents)
    low, high = found[..., :-1], found[..., 1:]
    inside = (np.array(wanted[:-1]) >= trained[0]) & (np.array(wanted[1:]) <= trained[-1])
    assert (high >= low)[..., ~inside].all()
    assert (high - low >= -1e-9 * np.abs(high))[..., inside].all()
    for level in trained:
        np.testing.assert_array_equal(found[..., wanted.index(level)], quantiles[..., trained.index(level)])
    for level in wanted:
        np.testing.assert_array_equal(
            quantiles_at(quantiles, trained, [level], exponents)[..., 0], found[..., wanted.index(level)]
        )


def test_levels_within_the_trained_ones_know_nothing_of_tails() -> None:
    """What was served before there were tails is served to the bit."""
    quantiles = forecasts(3, 0)
    wanted = (0.1, 0.3, 0.77, 0.9)
    found = quantiles_at(quantiles, (0.1, 0.5, 0.9), wanted, (9.0, 0.1))
    share = (0.3 - 0.1) / (0.5 - 0.1)
    np.testing.assert_array_equal(found[..., 1], quantiles[..., 0] * (1 - share) + quantiles[..., 1] * share)
    beside = quantiles_at(quantiles, (0.1, 0.5, 0.9), (0.01, *wanted, 0.99), (1.2, 1.3))
    np.testing.assert_array_equal(beside[..., 1:-1], found)
    only = quantiles_at(np.array([[1.0, 2.0, 4.0]]), (0.1, 0.5, 0.9), (0.1, 0.3, 0.7, 0.9), (1.0, 1.0))
    assert only.tolist() == [[1.0, 1.5, 3.0, 4.0]]


def test_tails_begin_where_the_trained_levels_end() -> None:
    quantiles = forecasts(9, 3)
    for level, trained in ((0.1, 0), (0.9, -1)):
        beyond = level + (1e-12 if trained else -1e-12)
        found = quantiles_at(quantiles, NINE, (beyond,), (1.5, 0.7))[..., 0]
        np.testing.assert_allclose(found, quantiles[..., trained], rtol=1e-9, atol=1e-8)


def test_an_exponent_of_one_is_the_normal_distribution_and_each_side_has_its_own() -> None:
    normal = NormalDist(5.0, 2.0)
    quantiles = np.array([[normal.inv_cdf(level) for level in NINE]])
    found = quantiles_at(quantiles, NINE, (0.01, 0.05, 0.975), (1.0, 1.0))
    np.testing.assert_allclose(found, [[normal.inv_cdf(level) for level in (0.01, 0.05, 0.975)]])
    heavy = quantiles_at(quantiles, NINE, (0.01, 0.99), (1.0, 1.5))[0]
    assert 5 - heavy[0] == pytest.approx(5 - found[0, 0]) and heavy[1] - 5 > 1.2 * (5 - heavy[0])


def test_every_row_may_have_tails_of_its_own() -> None:
    """Series of one request are forecast by members of a family that differ in them."""
    quantiles, exponents = forecasts(9, 5), np.random.default_rng(0).uniform(0.8, 2.0, (5, 1, 2))
    wanted = (0.02, 0.5, 0.97)
    found = quantiles_at(quantiles, NINE, wanted, exponents)
    for row in range(5):
        alone = quantiles_at(quantiles[row], NINE, wanted, tuple(exponents[row, 0]))
        np.testing.assert_allclose(found[row], alone, rtol=1e-12)


def test_what_no_float_holds_is_the_last_that_one_does() -> None:
    quantiles = np.array([[-1e308, 0.0, 1.5e308]])
    found = quantiles_at(quantiles, (0.1, 0.5, 0.9), (0.01, 0.99), (1.5, 1.5))
    assert np.isfinite(found).all() and found[0, 0] <= -1e308 and found[0, 1] >= 1.5e308
    certain = quantiles_at(np.full((1, 3), 7.0), (0.1, 0.5, 0.9), (0.01, 0.99), (1.5, 1.5))
    assert certain.tolist() == [[7.0, 7.0]]


@pytest.mark.parametrize("level", [0.005, 0.995, 0.0, 1.0, -1.0, float("nan")])
def test_levels_beyond_what_is_calibrated_are_refused(level: float) -> None:
    """A level that nothing vouches for must not be made up."""
    with pytest.raises(InputError, match=r"expected levels from 0.01 to 0.99 \(trained from 0.1 to 0.9.*got"):
        quantiles_at(forecasts(9, 0), NINE, (0.5, level), (1.0, 1.0))


def test_a_side_without_a_trained_level_has_no_tail() -> None:
    assert reach_of((0.5, 0.9)) == (0.5, 0.99)
    with pytest.raises(InputError, match=r"from 0.5 to 0.99"):
        quantiles_at(np.array([[1.0, 2.0]]), (0.5, 0.9), (0.2,), (1.0, 1.0))
    assert quantiles_at(np.array([[1.0, 2.0]]), (0.5, 0.9), (0.98,), (1.0, 1.0))[0, 0] > 2.0
