"""A series on a grid all the way: a table, a fit, an artifact, sessions stepped with their neighbours' values."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import statecast
from tests.service.http_client import serving, settings_of
from training.cli.main import app

CONFIG = """
[data]
past = ["west", "east"]
[network]
spatial_grid = [["", "west", ""], ["", "target", "east"]]
horizon = 3
season = 1
patch_length = 4
resolutions = [1]
width = 16
[training]
steps = 90
batch = 8
forks = 16
warm = 4
learning_rate = 0.02
boosting = false
"""


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fitted artifact, from noise that goes from west to east three steps a cell."""
    place, random = tmp_path_factory.mktemp("grid"), np.random.default_rng(0)
    cells = []
    for name in ("a", "b"):
        noise = random.normal(size=606)
        cell = pd.DataFrame({"item_id": name, "timestamp": pd.date_range("2026-01-01", periods=600, freq="1h")})
        cells.append(cell.assign(target=20 + noise[3:-3], west=20 + noise[6:], east=20 + noise[:-6]))
        cells[-1].loc[random.random(600) < 0.02, "west"] = np.nan
    pd.concat(cells).to_csv(place / "cells.csv", index=False)
    (place / "grid.toml").write_text(CONFIG)
    result = command("fit", place / "grid.toml", "--data", place / "cells.csv", "--out", place / "artifacts" / "cells")
    assert result.exit_code == 0, result.output
    return place


def test_the_artifact_keeps_its_grid(folder: Path) -> None:
    """Saved and loaded it must be the same network; the config that was used must fit the same again."""
    artifact = statecast.load(folder / "artifacts" / "cells")
    config = artifact.forecaster.config
    assert config.spatial_grid == (("", "west", ""), ("", "target", "east"))
    parts = {part["part"]: part for part in artifact.manifest["ablation"]["parts"]}
    assert parts["neighbours on the grid"]["off"] is False
    written = tomllib.loads((folder / "artifacts" / "cells" / "fit.toml").read_text())
    assert written["network"]["spatial_grid"] == [["", "west", ""], ["", "target", "east"]]
    backtest = command("backtest", folder / "artifacts" / "cells", "--data", folder / "cells.csv")
    assert backtest.exit_code == 0, backtest.output


def test_a_neighbour_that_no_column_gives_is_refused(folder: Path) -> None:
    """In one line, before any training."""
    (folder / "lost.toml").write_text(CONFIG.replace('"west", "east"]\n[network]', '"east"]\n[network]'))
    result = command("fit", folder / "lost.toml", "--data", folder / "cells.csv", "--out", folder / "lost")
    assert result.exit_code != 0
    assert "got 'west'; name its column under past in [data]" in " ".join(result.output.split())


def test_sessions_step_with_their_neighbours(folder: Path) -> None:
    """One observation of all cells at a time must come to what the whole history says, also where one is not told."""
    table = pd.read_csv(folder / "cells.csv").query("item_id == 'a'").tail(90)
    target = table["target"].tolist()
    beside = {name: [None if np.isnan(x) else x for x in table[name]] for name in ("west", "east")}
    beside["west"][-1] = 20.0

    def part(first: int, last: int) -> dict[str, Any]:
        return {
            "target": target[first:last],
            "past_covariates": {name: values[first:last] for name, values in beside.items()},
        }

    async def inside() -> None:
        async with serving(settings_of(folder / "artifacts")) as (client, _):

            async def ask(series: dict[str, Any]) -> np.ndarray[Any, Any]:
                answer = await client.post("/forecast", json={"series": [series]})
                assert answer.status_code == 200, answer.text
                return np.asarray(answer.json()["forecasts"][0]["mean"])

            whole = await ask(part(0, 90))
            await ask({**part(0, 70), "session": "s"})
            for step in range(70, 90):
                last = await ask({**part(step, step + 1), "session": "s"})
            np.testing.assert_allclose(last, whole, rtol=0, atol=1e-4)
            told = part(0, 90)
            told["past_covariates"]["west"][-1] = 26.0
            assert float(np.abs(await ask(told) - whole).max()) > 0.1

    asyncio.run(inside())
