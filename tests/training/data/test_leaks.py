"""Nothing after a border reaches what is learned from; no origin sees its own future."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast.config import ForecasterConfig
from tests.training.conftest import long_table
from training.data.columns import Columns
from training.data.encoding import encode_panel, fit_covariates
from training.data.panel import Panel
from training.data.sequences import Sequences, SequenceShape
from training.data.splits import origins, split_by_fractions, split_by_rows, standards
from training.data.tables import panel_of
from training.errors import TrainingError

CONFIG = ForecasterConfig(horizon=5, season=8, patch_length=4, lookback_length=64, resolutions=(1,), calendar=("day",))
COVARIATES = Columns(past=("wind",), future=("holiday",), static=("site",))


def shuffled_after(panel, split, seed):
    """The same panel with everything at or after the training border replaced."""
    generator = np.random.default_rng(seed)
    items = []
    for item, border in zip(panel.items, split.train.tolist(), strict=True):

        def change(values, border=border):
            values = values.copy()
            values[border:] = generator.permutation(values[border:])
            return values

        target = change(item.target)
        target[border:] += 1000.0
        items.append(
            replace(
                item,
                target=target,
                past={name: change(values) for name, values in item.past.items()},
                known={name: change(values) for name, values in item.known.items()},
            )
        )
    return Panel(tuple(items), panel.freq)


@given(seed=st.integers(0, 2**31), lengths=st.lists(st.integers(40, 200), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_changing_the_future_changes_nothing_that_is_learned_from(seed, lengths):
    panel = panel_of(long_table(tuple(lengths), seed=seed % 1000), COVARIATES)
    split = split_by_fractions(panel, (0.6, 0.2, 0.2), 5)
    drawn = []
    for version in (panel, shuffled_after(panel, split, seed)):
        config = fit_covariates(version, split, CONFIG)
        sequences = Sequences(encode_panel(version, config), split.train, SequenceShape(4, 5, forks=8, warm=2))
        drawn.append((config, standards(version, split), sequences.draw(6, np.random.default_rng(seed))))
    assert drawn[0][0] == drawn[1][0]
    np.testing.assert_array_equal(drawn[0][1], drawn[1][1])
    for ours, theirs in zip(drawn[0][2], drawn[1][2], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


def test_forks_are_followed_by_the_values_that_followed_them():
    panel = panel_of(long_table((100, 60), covariates=False))
    tensors = encode_panel(panel, replace(CONFIG, calendar=()))
    sequences = Sequences(tensors, np.asarray([80, 60]), SequenceShape(4, 5, forks=6))
    batch = sequences.cut(np.asarray([0, 1]), np.asarray([10, 36]), 6)
    for row, (item, start) in enumerate([(0, 10), (1, 36)]):
        target = panel.items[item].target
        target = (target - target[panel.items[item].first]).astype(np.float32)
        assert batch.level[row] == panel.items[item].target[panel.items[item].first]
        np.testing.assert_array_equal(batch.target[row].numpy(), target[start : start + 24])
        for fork in range(6):
            begin = start + 4 * (fork + 1)
            expected = np.full(5, np.nan, dtype=np.float32)
            inside = target[begin : min(begin + 5, [80, 60][item])]
            expected[: inside.size] = inside
            np.testing.assert_array_equal(batch.truth[row, fork].numpy(), expected)
        assert batch.clock[row] == panel.items[item].clock + start - 1


def test_short_series_are_read_from_their_first_value_and_never_padded():
    panel = panel_of(long_table((200, 17), covariates=False))
    item = replace(panel.items[1], target=np.concatenate([[np.nan] * 3, panel.items[1].target]))
    panel = Panel((panel.items[0], item), panel.freq)
    tensors = encode_panel(panel, replace(CONFIG, calendar=()))
    sequences = Sequences(tensors, np.asarray([200, 20]), SequenceShape(4, 5, forks=16, warm=4))
    generator = np.random.default_rng(0)
    batches = [sequences.draw(4, generator) for _ in range(60)]
    short = [batch for batch in batches if (batch.items == 1).any()]
    assert short
    for batch in short:
        assert batch.target.shape[1] <= 17
        assert not batch.truth.isnan().all()
    assert {batch.target.shape[1] for batch in batches} >= {64}


def test_dropped_covariates_leave_the_calendar_and_the_other_way_round():
    panel = panel_of(long_table((120,)), COVARIATES)
    split = split_by_fractions(panel, (1.0, 0.0, 0.0), 5)
    tensors = encode_panel(panel, fit_covariates(panel, split, CONFIG))
    for covariates, calendar in ((1.0, 0.0), (0.0, 1.0)):
        shape = SequenceShape(4, 5, forks=6, covariate_dropout=covariates, calendar_dropout=calendar)
        batch = Sequences(tensors, split.train, shape).draw(3, np.random.default_rng(0))
        assert bool((batch.known[..., :2] == 0).all()) == bool(calendar)
        assert bool((batch.known[..., 2:] == 0).all()) == bool(covariates)
        assert bool((batch.past == 0).all()) == bool(covariates)


def test_series_shorter_than_a_patch_are_refused():
    panel = panel_of(long_table((4,), covariates=False))
    tensors = encode_panel(panel, replace(CONFIG, calendar=()))
    with pytest.raises(TrainingError, match="patch"):
        Sequences(tensors, np.asarray([4]), SequenceShape(4, 5, forks=6))


@given(st.integers(2, 300), st.integers(1, 20))
def test_every_origin_has_a_whole_forecast_within_its_part(length, horizon):
    rows = origins(10, 10 + length, horizon)
    assert rows.size == max(length - horizon + 1, 0)
    if rows.size:
        assert rows[0] + 1 == 10
        assert rows[-1] + horizon == 10 + length - 1


@pytest.mark.parametrize(
    ("borders", "message"),
    [((10, 20), "three"), ((30, 20, 40), "three"), ((100, 200, 400), "260 rows, fewer than 400")],
)
def test_wrong_borders_are_refused(wavy, borders, message):
    with pytest.raises(TrainingError, match=message):
        split_by_rows(wavy, borders)


def test_a_horizon_too_long_to_judge_is_refused(wavy):
    with pytest.raises(TrainingError, match="shorter horizon"):
        split_by_fractions(wavy, (0.7, 0.15, 0.15), 200)
