"""The same call, the same answer: what the library forecasts in this process, and what a client gets of a server.

Without this, a notebook that moves from one to the other would have other figures, or other arguments.
"""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import polars as pl
import pytest

import statecast
from statecast import AsyncClient
from statecast.client import MissingError
from statecast.errors import InputError
from statecast.inputs.covariates import Covariate
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
PASSES: list[tuple[str, dict[str, Any]]] = [
    ("cross_validation", {"horizon": 3, "cutoffs": 4, "level": 80, "start": "2026-01-01", "freq": "1h"}),
    ("cross_validation", {"horizon": 2, "cutoffs": 2, "step": 1, "quantiles": [0.5, 0.2]}),
    ("anomalies", {"level": 90, "start": "2026-01-01", "freq": "1h"}),
    ("anomalies", {}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifacts")
    tiny_family_artifact(path)
    tiny_artifact(path, future_covariates=(Covariate("promo", 0.5, 0.5),))
    return path


def panel() -> pd.DataFrame:
    """Three series of three lengths, whose ids are whole numbers that do not rise."""
    hours = [pd.date_range("2026-03-28", periods=count, freq="h", tz="Europe/Berlin") for count in (100, 60, 48)]
    return pd.DataFrame(
        {
            "unique_id": np.repeat([7, 3, 11], [100, 60, 48]),
            "ds": hours[0].append([*hours[1:]]),
            "y": np.concatenate([VALUES, VALUES[:60] * 2, VALUES[:48] - 500]),
            "promo": np.tile([0.0, 1.0], 104),
        }
    )


def same(ours: Any, theirs: Any) -> None:
    """The same to 1e-6 of the size of the values, whatever holds them."""
    assert type(ours) is type(theirs)
    if isinstance(ours, dict | list):
        pairs = (
            zip(ours.values(), theirs.values(), strict=True)
            if isinstance(ours, dict)
            else zip(ours, theirs, strict=True)
        )
        for one, other in pairs:
            same(one, other)
    elif isinstance(ours, pd.DataFrame):
        pd.testing.assert_frame_equal(
            ours, theirs, rtol=1e-6, atol=1e-6 * ours.select_dtypes("float").abs().max().max()
        )
    elif isinstance(ours, pl.DataFrame):
        assert ours.schema == theirs.schema
        same(ours.to_pandas(), theirs.to_pandas())
    else:
        for name in ours.__dataclass_fields__:
            one, other = getattr(ours, name), getattr(theirs, name)
            if name == "quantiles":
                assert list(one) == list(other)
                one, other = np.array(list(one.values())), np.array(list(other.values()))
            if name == "seasonal_error":
                np.testing.assert_allclose(one, other, rtol=1e-4)
            elif isinstance(one, np.ndarray) and one.dtype.kind == "f":
                np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-6 * np.nanmax(np.abs(one)))
            elif name not in ("bounds", "notes"):
                np.testing.assert_array_equal(one, other)


def test_library_and_client_agree(folder: Path) -> None:
    """On arrays, rows, values by name, and frames of pandas and polars."""
    artifacts = {name: statecast.load(folder / f"{name}-1") for name in ("default", "tiny")}
    frame = panel()

    async def flow() -> None:
        async with (
            serving(settings_of(folder, default_model="tiny")) as (_, app),
            AsyncClient("http://test", transport=httpx.ASGITransport(app=app)) as client,
        ):
            for name, artifact in artifacts.items():
                for call in CALLS:
                    same(artifact.forecast(VALUES, **call), await client.forecast(VALUES, model=name, **call))
                for method, call in PASSES:
                    for history in (VALUES, np.concatenate([[np.nan, np.nan], VALUES])):
                        ours = getattr(artifact, method)(history, **call)
                        same(ours, await getattr(client, method)(history, model=name, **call))
                for many in ({"a": VALUES, "b": VALUES[:50]}, [VALUES.tolist()] * 2, np.stack([VALUES, VALUES])):
                    same(artifact.forecast(many, 2), await client.forecast(many, 2, model=name))
            for kind in (pd.DataFrame, pl.from_pandas):
                own = kind(frame)
                for method, call in (
                    ("forecast", {"horizon": 3, "level": [80, 50]}),
                    ("cross_validation", {"horizon": 3, "cutoffs": 3, "quantiles": [0.1, 0.9]}),
                    ("anomalies", {"level": 95}),
                ):
                    ours = getattr(artifacts["tiny"], method)(own, **call)
                    same(ours, await getattr(client, method)(own, **call))
            opened = await client.forecast(VALUES[:99], 2, session="a", start="2026-01-01", freq="1h")
            last = await client.forecast([VALUES[99]], 2, session="a", start="2026-01-05T03:00", freq="1h")
            whole = artifacts["tiny"].forecast(VALUES, 2, start="2026-01-01", freq="1h")
            again = await client.forecast([], 2, session="a", freq="1h")
            np.testing.assert_allclose([last.mean, again.mean], [whole.mean] * 2, rtol=1e-5)
            assert opened.timestamps != last.timestamps == again.timestamps == whole.timestamps
            with pytest.raises(InputError, match="horizon"):
                await client.forecast(VALUES, 9000)
            with pytest.raises(InputError, match="item 'b'"):
                await client.anomalies({"a": VALUES, "b": [np.nan]})
            with pytest.raises(MissingError, match="nosuch"):
                await client.forecast(frame, model="nosuch")

    asyncio.run(flow())
