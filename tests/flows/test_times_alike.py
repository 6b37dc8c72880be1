"""The same table by HTTP, by the command line and by the library: the same steps, the same times, the same numbers.

Without this a file is forecast in three ways, and which one is right depends on who asks.
"""

from pathlib import Path

import httpx
import pandas as pd
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

import statecast
from statecast.errors import InputError
from tests.service.requests import play
from tests.time_cases import TIME_CASES, TimeCase
from training.cli.main import app

DEFAULT = Path(__file__).parents[2] / "artifacts" / "default"
SHARED = Path(__file__).parents[3] / "shared" / "cases"


def by_command(folder: Path, case: TimeCase) -> pd.DataFrame | str:
    """What the command line writes, or how it refuses."""
    data, out = folder / "rows.csv", folder / "forecast.csv"
    data.write_text(case.csv)
    command = ["forecast", str(DEFAULT), "--data", str(data), "--horizon", "2", "--out", str(out)]
    result = CliRunner().invoke(app, command)
    return result.output + result.stderr if result.exit_code else pd.read_csv(out)


@pytest.mark.parametrize("name", TIME_CASES)
def test_every_way_in_reads_times_alike(tmp_path: Path, name: str) -> None:
    case = TIME_CASES[name]
    written = by_command(tmp_path, case)
    artifact = statecast.load(DEFAULT)
    if case.refusal:
        assert isinstance(written, str) and all(word in written for word in case.refusal), written
        with pytest.raises(InputError) as refused:
            artifact.forecast(case.values, 2, timestamps=list(case.stamps))
        assert all(word in str(refused.value) for word in case.refusal if word != "100")
        return
    forecast = artifact.forecast(case.values, 2, timestamps=list(case.stamps))
    assert forecast.timestamps == list(case.following)
    assert isinstance(written, pd.DataFrame), written
    assert written["timestamp"].tolist() == list(case.following)
    assert written["mean"].tolist() == pytest.approx(forecast.mean.tolist(), rel=1e-4)

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        series = {"target": case.values, "timestamps": list(case.stamps)}
        answer = await client.post("/forecast", json={"series": [series], "horizon": 2})
        assert answer.status_code == 200, answer.text
        found = answer.json()["forecasts"][0]
        assert found["start"] == case.following[0]
        assert found["mean"] == pytest.approx(forecast.mean.tolist(), rel=1e-4)

    play(DEFAULT.parent, flow, default_model="default")


@pytest.mark.data
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not there")
@pytest.mark.parametrize("name", TIME_CASES)
def test_the_cases_made_here_have_the_times_of_the_shared_ones(name: str) -> None:
    shared = pd.read_csv(SHARED / f"{name}.csv", dtype=str)["timestamp"]
    assert tuple(shared) == TIME_CASES[name].stamps


def test_a_zone_by_command_and_by_library(tmp_path: Path) -> None:
    """Days of Berlin come out at its midnights, beyond the change of clocks."""
    case = TimeCase(tuple(str(day)[:10] for day in pd.date_range("2024-03-01", periods=30)))
    data, out = tmp_path / "rows.csv", tmp_path / "forecast.csv"
    data.write_text(case.csv)
    command = ["forecast", str(DEFAULT), "--data", str(data), "--horizon", "2", "--out", str(out)]
    assert CliRunner().invoke(app, [*command, "--timezone", "Europe/Berlin"]).exit_code == 0
    expected = ["2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"]
    assert pd.read_csv(out)["timestamp"].tolist() == expected
    artifact = statecast.load(DEFAULT)
    days = pd.date_range("2024-03-01", periods=30)
    forecast = artifact.forecast(case.values, 2, timestamps=days, timezone="Europe/Berlin")
    assert forecast.timestamps == expected
    assert forecast.times is not None and str(forecast.times[1]) == "2024-03-31T22:00:00"
    zoned = artifact.forecast(case.values, 2, timestamps=days.tz_localize("Europe/Berlin"))
    assert zoned.timestamps == ["2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+01:00"]


def test_the_library_takes_gaps_starts_and_aliases() -> None:
    artifact = statecast.load(DEFAULT)
    days = pd.date_range("2024-01-01", periods=40)
    kept = [step for step in range(40) if step not in (7, 21)]
    values = [float(step % 7) for step in range(40)]
    holes = [None if step not in kept else value for step, value in enumerate(values)]
    spread = artifact.forecast([values[step] for step in kept], 3, timestamps=days[kept])
    whole = artifact.forecast(holes, 3, start="2024-01-01", freq="D")
    assert spread.timestamps == whole.timestamps
    assert spread.mean.tolist() == pytest.approx(whole.mean.tolist())
    with pytest.warns(UserWarning, match="2024-01-31"):
        moved = artifact.forecast(values, 2, start=days[14], freq="ME")
    assert moved.timestamps is not None and moved.timestamps[0] == "2027-05-31T00:00:00Z"
    for options in ({"timestamps": days[:3]}, {"timestamps": days, "start": days[0]}, {"timestamps": days[::-1]},
                    {"timestamps": days, "timezone": "Mars"}, {"timestamps": days, "colour": "red"},
                    {"timestamps": range(40)}, {"start": "soon", "freq": "1d"}):  # fmt: skip
        with pytest.raises(InputError):
            artifact.forecast(values, 2, **options)
