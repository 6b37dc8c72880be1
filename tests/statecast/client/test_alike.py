"""The same call, the same answer: what the library forecasts in this process, and what a client gets of a server.

Without this, a notebook that moves from one to the other would have other figures, or other arguments.
"""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

import statecast
from statecast import AsyncClient
from statecast.client import MissingError
from statecast.errors import InputError
from tests.builders import tiny_artifact, tiny_family_artifact
from tests.service.http_client import serving, settings_of

VALUES = 50 + 10 * np.sin(np.arange(100) * np.pi / 12) + np.random.default_rng(0).normal(size=100)
VALUES[[30, 31, 90]] = np.nan
CALLS: list[dict[str, Any]] = [
    {},
    {"horizon": 3, "level": [50, 80], "start": "2026-01-01", "freq": "1h"},
    {"horizon": 5, "quantile_levels": [0.2, 0.5], "timestamps": pd.date_range("2026-03-28", periods=100, freq="h")},
    {"horizon": 2, "level": 80, "start": "2026-03-28T12:00:00", "freq": "1h", "timezone": "Europe/Berlin"},
    {"bounds": {"lower": 49.0}, "start": np.datetime64("2026-01-01T05"), "freq": "h"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(path)
    tiny_artifact(path)
    return path


def test_library_and_client_agree(folder: Path) -> None:
    artifacts = {name: statecast.load(folder / f"{name}-1") for name in ("default", "tiny")}

    async def flow() -> None:
        async with serving(settings_of(folder, default_model="tiny")) as (_, app):
            transport = httpx.ASGITransport(app=app)
            async with AsyncClient("http://test", transport=transport) as client:
                for name, artifact in artifacts.items():
                    for call in CALLS:
                        ours = artifact.forecast(VALUES, **call)
                        theirs = await client.forecast(VALUES, model=name, **call)
                        np.testing.assert_allclose(theirs.mean, ours.mean, rtol=1e-6)
                        assert list(theirs.quantiles) == list(ours.quantiles)
                        for level, values in ours.quantiles.items():
                            np.testing.assert_allclose(theirs.quantiles[level], values, rtol=1e-6)
                        assert theirs.timestamps == ours.timestamps
                        assert ours.times is None or (theirs.times == ours.times).all()
                opened = await client.forecast(VALUES[:99], 2, session="a", start="2026-01-01", freq="1h")
                last = await client.forecast([VALUES[99]], 2, session="a", start="2026-01-05T03:00", freq="1h")
                whole = artifacts["tiny"].forecast(VALUES, 2, start="2026-01-01", freq="1h")
                again = await client.forecast([], 2, session="a", freq="1h")
                np.testing.assert_allclose([last.mean, again.mean], [whole.mean] * 2, rtol=1e-5)
                assert opened.timestamps != last.timestamps == again.timestamps == whole.timestamps
                with pytest.raises(InputError, match="horizon"):
                    await client.forecast(VALUES, 9000)
                with pytest.raises(MissingError, match="nosuch"):
                    await client.forecast(VALUES, model="nosuch")

    asyncio.run(flow())
