"""What a fit refuses before it begins, by name and with the mend."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import long_table
from training.config import FitConfig
from training.data.panel import Panel
from training.data.tables import panel_of
from training.errors import TrainingError
from training.selection.prepare import prepare


def table(**changes):
    frame = long_table((300, 240))
    for name, change in changes.items():
        frame[name] = change(frame)
    return frame


def test_a_series_of_zeros_is_named():
    """It would be trained on as if it were perfect, and count as such in every score."""
    panel = panel_of(long_table((300, 240)))
    zero = replace(panel.items[0], item_id="dead", target=np.zeros_like(panel.items[0].target))
    with pytest.raises(TrainingError, match=r"'dead'.*leave it out"):
        prepare(Panel((*panel.items, zero), panel.freq), FitConfig())


def test_a_covariate_unknown_in_the_future_is_named():
    """Encoded as its mean it would be a promise that the data does not keep."""
    frame = table(wind=lambda frame: frame["wind"].where(frame.index < 290))
    panel = panel_of(frame, FitConfig.from_dict({"data": {"future": ["wind"]}}).data.columns)
    with pytest.raises(TrainingError, match=r"'wind' should be known ahead and is missing at .*--past"):
        prepare(panel, FitConfig())
    past = panel_of(frame, FitConfig.from_dict({"data": {"past": ["wind"]}}).data.columns)
    assert prepare(past, FitConfig()).task.horizon
