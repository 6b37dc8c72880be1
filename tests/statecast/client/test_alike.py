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
import pyarrow as pa
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
LATE = np.concatenate([[np.nan, np.nan], VALUES])
CALLS: list[dict[str, Any]] = [
    {},
    {"horizon": 3, "level": [50, 80], "start": "2026-01-01", "freq": "1h"},
    {"horizon": 5, "quantile_levels": [0.2, 0.5], "timestamps": pd.date_range("2026-03-28", periods=100, freq="h")},
    {"horizon": 2, "level": 80, "start": "2026-03-28T12:00:00", "freq": "1h", "timezone": "Europe/Berlin"},
    {"bounds": {"lower": 49.0}, "start": np.datetime64("2026-01-01T05"), "freq": "h"},
]
SEASONS: dict[str, dict[str, Any]] = {"default": {"season": 24}, "tiny": {}}
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
    if isinstance(ours, dict):
        assert list(ours) == list(theirs)
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
    elif isinstance(ours, pl.DataFrame | pa.Table):
        assert ours.schema == theirs.schema
        same(ours.to_pandas(), theirs.to_pandas())
    elif isinstance(ours, np.ndarray) and ours.dtype.kind != "f":
        np.testing.assert_array_equal(theirs, ours)
    elif isinstance(ours, float | np.ndarray):
        np.testing.assert_allclose(theirs, ours, rtol=1e-6, atol=1e-6 * np.nanmax(np.abs(ours), initial=0.0))
    elif not hasattr(ours, "__dataclass_fields__"):
        assert ours == theirs
    else:
        for name in ours.__dataclass_fields__:
            if name == "seasonal_error":
                np.testing.assert_allclose(theirs.seasonal_error, ours.seasonal_error, rtol=1e-4)
            elif name not in ("bounds", "notes"):
                same(getattr(ours, name), getattr(theirs, name))


def test_library_and_client_agree(folder: Path) -> None:
    """On arrays, rows, values by name, and frames of pandas, polars and pyarrow."""
    artifacts = {name: statecast.load(folder / f"{name}-1") for name in ("default", "tiny")}
    frame = panel()

    async def flow() -> None:
        async with (
            serving(settings_of(folder, default_model="tiny")) as (_, app),
            AsyncClient("http://test", transport=httpx.ASGITransport(app=app)) as client,
        ):
            for name, artifact in artifacts.items():
                for call in CALLS if name == "tiny" else [CALLS[1], {"horizon": 60}]:
                    same(artifact.forecast(VALUES, **call), await client.forecast(VALUES, model=name, **call))
                for method, call in PASSES:
                    ours = getattr(artifact, method)(LATE, **call)
                    same(ours, await getattr(client, method)(LATE, model=name, **call))
                for many in ({"a": VALUES, "b": VALUES[:50]}, [VALUES.tolist()] * 2, np.stack([VALUES, VALUES])):
                    same(artifact.forecast(many, 2), await client.forecast(many, 2, model=name))
            for kind in (pd.DataFrame, pl.from_pandas, pa.Table.from_pandas):
                own = kind(frame)
                for method, call in (
                    ("forecast", {"horizon": 3, "level": [80, 50]}),
                    ("cross_validation", {"horizon": 3, "cutoffs": 3, "quantiles": [0.1, 0.9]}),
                    ("anomalies", {"level": 95}),
                ):
                    ours = getattr(artifacts["tiny"], method)(own, **call)
                    same(ours, await getattr(client, method)(own, **call))
            for name, artifact in artifacts.items():
                for call in ({"horizon": 5, "start": "2026-01-01", "freq": "1h"}, {}):
                    same(artifact.explain(VALUES, **call), await client.explain(VALUES, model=name, **call))
                ours, theirs = artifact.session("s", freq="1h"), client.session(f"s-{name}", freq="1h", model=name)
                for first, last in ((0, 60), (60, 61), (61, 80), (83, 100)):
                    values, start = VALUES[first:last], np.datetime64("2026-01-01") + np.timedelta64(first, "h")
                    assert ours.update(values, start=start) == await theirs.update(values, start=start)
                    same(ours.forecast(6), await theirs.forecast(6))
                hole = np.where((np.arange(100) > 79) & (np.arange(100) < 83), np.nan, VALUES)
                whole = artifact.forecast(hole, 6, start="2026-01-01", freq="1h", **SEASONS[name])
                np.testing.assert_allclose(ours.forecast(6).mean, whole.mean, rtol=1e-5)
                assert (await theirs.describe())["count"] == ours.count == 97
                with pytest.raises(InputError, match="after those"):
                    ours.update([1.0], start="2026-01-01")
                await theirs.end()
            same(artifacts["tiny"].explain({"a": VALUES}), await client.explain({"a": VALUES}))
            assert set(await client.explain(frame)) == {"7", "3", "11"}
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
