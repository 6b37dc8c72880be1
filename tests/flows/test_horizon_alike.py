"""Without a horizon, and past the own one: the same steps and numbers by HTTP, command line and library."""

from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

import statecast
from tests.service.requests import play
from training.cli.main import app

DEFAULT = Path(__file__).parents[2] / "artifacts" / "default"
STEPS = np.arange(72)
VALUES = (200 + 2 * STEPS + 40 * np.sin(STEPS * np.pi / 6)).round(1).tolist()


@pytest.mark.parametrize("horizon", [None, 80])
def test_every_way_in_goes_equally_far(tmp_path: Path, horizon: int | None) -> None:
    """Months were forecast 96 ahead by HTTP, 32 by the library and 18 by the command, each called the model's own."""
    artifact = statecast.load(DEFAULT)
    forecast = artifact.forecast(VALUES, horizon, start="2018-01-01", freq="MS")
    assert len(forecast.mean) == (horizon or artifact.manifest["horizon"])
    data, out = tmp_path / "rows.csv", tmp_path / "forecast.csv"
    stamps = pd.date_range("2018-01-01", periods=len(VALUES), freq="MS")
    pd.DataFrame({"timestamp": stamps, "target": VALUES}).to_csv(data, index=False)
    asked = [] if horizon is None else ["--horizon", str(horizon)]
    result = CliRunner().invoke(app, ["forecast", str(DEFAULT), "--data", str(data), *asked, "--out", str(out)])
    assert result.exit_code == 0, result.output
    written = pd.read_csv(out)
    assert written["mean"].tolist() == pytest.approx(forecast.mean.tolist(), rel=1e-4)
    assert written["0.9"].tolist() == pytest.approx(forecast.quantiles[0.9].tolist(), rel=1e-4)

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        series = {"target": VALUES, "start": "2018-01-01T00:00:00Z", "freq": "MS"}
        asked = {} if horizon is None else {"horizon": horizon}
        answer = await client.post("/forecast", json={"series": [series], **asked})
        assert answer.status_code == 200, answer.text
        found = answer.json()["forecasts"][0]
        assert found["mean"] == pytest.approx(forecast.mean.tolist(), rel=1e-4)
        assert found["quantiles"]["0.1"] == pytest.approx(forecast.quantiles[0.1].tolist(), rel=1e-4)

    play(DEFAULT.parent, flow, default_model="default")


def test_a_width_past_the_horizon_never_shrinks() -> None:
    """The published finding: 80 % of airline passengers were 226 wide at step 32 and 55 at step 33."""
    forecast = statecast.load(DEFAULT).forecast(VALUES, 96, start="2018-01-01", freq="MS", level=[80, 95, 98])
    for low, high, least in ((0.1, 0.9, 0.9), (0.025, 0.975, 0.8), (0.01, 0.99, 0.8)):
        width = forecast.quantiles[high] - forecast.quantiles[low]
        assert (width[32:] >= width[20:-12] * (1 - 1e-9)).all()
        assert width[32] > least * width[31]
