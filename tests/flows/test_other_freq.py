"""A series of another freq than the model has is refused; one that is mostly missing is not forecast silently."""

from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from tests.builders import tiny_artifact
from tests.service.requests import ask, play, post, wave


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder, "daily", freq="1d", calendar=())
    return folder


def _months(count: int) -> list[str]:
    return [f"{month}-01" for month in np.arange("2015-01", "2035-01", dtype="M8[M]")[:count].astype(str)]


@pytest.mark.parametrize("given", [{}, {"session": "s"}])
def test_monthly_times_on_a_daily_model_are_refused_with_both_freqs(artifacts: Path, given: dict[str, str]) -> None:
    """They were answered as a daily series of which 4,209 days are missing."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        refused = await post(client, {"target": wave(60), "timestamps": _months(60), **given})
        assert refused.status_code == 422
        assert "1d" in refused.json()["detail"] and "1mo" in refused.json()["detail"]
        assert (await client.get("/sessions/s")).status_code == 404

    play(artifacts, flow)


def test_mostly_missing_values_are_warned_about_and_next_to_nothing_is_refused(artifacts: Path) -> None:
    """A wrong freq that fits by chance looks just so."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        days = [str(np.datetime64("2026-01-01") + day) for day in (0, 1, 10, 20, 31, 40)]
        (sparse,) = await ask(client, {"target": wave(6), "timestamps": days})
        assert "35 of 41 steps of 1d are missing" in _warned(sparse)
        (nulls,) = await ask(client, {"target": [1.0, None, None, None, 2.0]})
        assert "3 of 5" in _warned(nulls)
        (whole,) = await ask(client, {"target": wave(60), "start": "2026-01-01"})
        assert not _warned(whole)
        far = [str(np.datetime64("2026-01-01") + day) for day in (0, 1, 301, 601, 901, 1201, 1501)]
        refused = await post(client, {"target": wave(7), "timestamps": far})
        assert refused.status_code == 422 and "7 values over 1502 steps of 1d" in refused.json()["detail"]

    play(artifacts, flow)


def _warned(forecast: dict[str, object]) -> str:
    warnings: list[dict[str, str]] = forecast["warnings"]  # type: ignore[assignment]
    return "".join(one["detail"] for one in warnings if one["code"] == "mostly_missing")
