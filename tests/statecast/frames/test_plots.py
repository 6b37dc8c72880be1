"""What comes back can be looked at: every result and every frame as a figure.

Without this the first look at a forecast costs a page of code, in which intervals are easily mixed up.
"""

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import statecast
from statecast.api.series_anomalies import SeriesAnomalies
from statecast.errors import InputError
from tests.statecast.frames.test_round_trips import HOURS, forecast, repeat_last


def names(figure: Any) -> list[str]:
    """What the legend shows."""
    return [one.name for one in figure.data if one.showlegend is not False]


def test_results_of_one_series_can_be_drawn() -> None:
    values = np.arange(6.0)
    for found in (repeat_last(values), repeat_last(values, HOURS.tz_localize(None))):
        assert names(found.plot()) == ["mean 80 %", "mean"]
        figure = found.plot(values)
        assert names(figure) == ["observed", "mean 80 %", "mean"]
        assert figure.data[0].x[-1] < figure.data[-1].x[0]
    flags = np.array([False, True])
    surprising = SeriesAnomalies(values[:2], values[:2], values[:2] - 1, values[:2] + 1, values[:2], flags, None)
    assert names(surprising.plot()) == ["observed", "expected interval", "expected", "anomalies"]


def test_frames_can_be_drawn() -> None:
    frame = pd.DataFrame({"unique_id": [2] * 6 + [1] * 6, "ds": [*HOURS, *HOURS], "y": np.arange(12.0)})
    for made in (frame, pl.from_pandas(frame)):
        figure = statecast.plot(forecast(made, level=[80]), made, ids=[1])
        assert names(figure) == ["1 observed", "1 mean 80 %", "1 mean"]
        assert list(figure.data[0].y) == [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
        assert len(names(statecast.plot(forecast(made)))) == 4
    assert names(statecast.plot(forecast(pd.Series(np.arange(6.0), HOURS)))) == ["mean 80 %", "mean"]
    with pytest.raises(InputError, match="mean or expected"):
        statecast.plot(frame)


def test_without_plotly_it_says_what_is_missing() -> None:
    program = """
import sys
sys.modules["plotly"] = sys.modules["matplotlib"] = None
from statecast.plots.figure import draw
try:
    draw([])
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'statecast[plots]'" in done.stdout
