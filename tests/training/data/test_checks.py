"""What a fit refuses before it begins, by name and with the mend."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import long_table
from training.config import FitConfig
from training.data.panel import Panel
from training.data.tables import panel_of
from training.errors import TrainingError
from training.selection.prepare import living, prepare


def table(**changes):
    frame = long_table((300, 240))
    for name, change in changes.items():
        frame[name] = change(frame)
    return frame


def test_items_that_never_move_are_left_out_and_named_at_once():
    """They would be trained on as if they were perfect; refused one per run, a shop with fifty takes fifty runs."""
    panel = panel_of(long_table((300, 240)))
    zero, flat = (replace(panel.items[0], item_id=name, target=np.full_like(panel.items[0].target, value))
                  for name, value in (("dead", 0.0), ("flat", 7.0)))  # fmt: skip
    short = replace(panel.items[0], item_id="short", target=panel.items[0].target[:2])
    left = living(Panel((zero, *panel.items, flat, short), panel.freq), FitConfig())
    assert [item.item_id for item in left.items] == ["item-0", "item-1"]
    assert "2 items ('dead', 'flat')" in left.notes[0] and "item 'short'" in left.notes[1]
    assert living(left, FitConfig()) is left
    task = prepare(Panel((zero, *panel.items), panel.freq), FitConfig()).task
    assert len(task.panel.items) == len(task.split.train) == 2
    with pytest.raises(TrainingError, match=r"'dead', 'flat'.*nothing is left"):
        living(Panel((zero, flat), panel.freq), FitConfig.from_dict({"network": {"horizon": 5}}))


def test_a_covariate_unknown_in_the_future_is_named():
    """Encoded as its mean it would be a promise that the data does not keep."""
    frame = table(wind=lambda frame: frame["wind"].where(frame.index < 290))
    panel = panel_of(frame, FitConfig.from_dict({"data": {"future": ["wind"]}}).data.columns)
    with pytest.raises(TrainingError, match=r"'wind' should be known ahead and is missing at .*--past"):
        prepare(panel, FitConfig())
    past = panel_of(frame, FitConfig.from_dict({"data": {"past": ["wind"]}}).data.columns)
    assert prepare(past, FitConfig()).task.horizon
