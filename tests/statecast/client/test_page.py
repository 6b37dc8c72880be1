"""The page of the client, run as it is printed, against a server as it is started; and a frame in two lines.

A page that fails is worse than none: it is copied.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import statecast
from benchmarks.harness.server import running_server

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_server(ROOT / "artifacts") as server:
        yield f"http://127.0.0.1:{server.port}"


def panel() -> pd.DataFrame:
    """Twenty series of 48 hours."""
    names = np.repeat([f"plant-{number}" for number in range(20)], 48)
    hours = pd.date_range("2026-03-28", periods=48, freq="h", tz="Europe/Berlin")
    values = 100 + 20 * np.sin(np.arange(960) * np.pi / 12) + np.random.default_rng(0).normal(size=960)
    return pd.DataFrame({"unique_id": names, "ds": [*hours] * 20, "y": values})


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas])
def test_twenty_series_take_two_lines_and_are_those_of_the_library(address: str, kind: Any) -> None:
    frame = kind(panel())
    client = statecast.Client(address)
    found = client.forecast(frame, horizon=24, level=[50, 80])

    assert type(found) is type(frame) and len(found) == 480
    alone = statecast.load(ROOT / "artifacts" / "default").forecast(frame, horizon=24, level=[50, 80])
    if not isinstance(found, pd.DataFrame):
        assert found.schema == alone.schema
        found, alone = found.to_pandas(), alone.to_pandas()
    assert list(found) == ["unique_id", "ds", "mean", "lo-50", "hi-50", "lo-80", "hi-80"]
    assert str(found["ds"].dtype.tz) == "Europe/Berlin"
    pd.testing.assert_frame_equal(found, alone, rtol=1e-6, atol=0)
    client.close()


def test_the_page_runs_as_it_is_printed(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "howto" / "client.md").read_text().replace("http://127.0.0.1:8000", address)
    names: dict[str, Any] = {"frame": panel()}
    monkeypatch.chdir(ROOT)
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        if "client = " in block and "client" in names:
            names["client"].close()
        exec(compile(block, "client.md", "exec"), names)
        if "forecasts.example" in block:
            names["client"].close()
            names["client"] = statecast.Client(address)
    assert names["forecast"].columns.tolist()[-1] == "hi-80"
    names["client"].close()
