"""Short items of a panel are tested wherever a horizon to learn from is left before the test."""

import pytest

from tests.training.conftest import long_table
from training.data.splits import split_by_fractions
from training.data.tables import panel_of
from training.errors import TrainingError


def test_a_short_item_has_a_test_and_no_validation_and_a_shorter_one_neither():
    panel = panel_of(long_table((100, 39, 19), covariates=False))
    split = split_by_fractions(panel, (0.8, 0.1, 0.1), 10)
    assert split.train.tolist() == [80, 29, 19]
    assert split.val.tolist() == [90, 29, 19]
    assert split.test.tolist() == [100, 39, 19]


def test_a_panel_of_short_items_alone_is_refused():
    panel = panel_of(long_table((39, 35), covariates=False))
    with pytest.raises(TrainingError, match="10 steps leave no item long enough"):
        split_by_fractions(panel, (0.8, 0.1, 0.1), 10)


def test_validation_of_less_than_three_horizons_chooses_nothing():
    """One stretch of a short series would decide what its forecasts are made of."""
    panel = panel_of(long_table((100, 60), covariates=False))
    split = split_by_fractions(panel, (0.7, 0.2, 0.1), 10)
    assert (split.val - split.train).tolist() == [20, 12]
    assert split.can_choose(10) and not split.can_choose(11)
