"""What only a CUDA device can show: ``python -m pytest -m gpu``; skipped by name where there is none.

``tests/laws/test_meta.py`` holds on every machine that nothing mixes devices or reads back. Here: that the same series
gets the same forecast there, that a graph that was captured does what was captured, and that fits and the service run.
"""

import asyncio
import copy
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from fastapi import FastAPI
from typer.testing import CliRunner

import statecast
from statecast.graphed import GraphedSlots
from statecast.models.eager_slots import EagerSlots
from statecast.models.forecast_arrays import ForecastArrays
from tests.builders import tiny_artifact
from tests.laws.series import NAMES, difference, variant
from tests.service.http_client import serving, settings_of
from tests.statecast.graphed.test_replayed_slots import SLOTS, arrays, walk
from tests.training.conftest import LONG_TABLE, long_table
from training.cli.main import app

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    # A process with threads may not fork, says Python from 3.12 on; what is forked here only draws series.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    pytest.mark.timeout(300),
]
NEAR = 1e-3
"""Share of a series' scale: sums are taken in another order on each device."""


@pytest.fixture(autouse=True)
def _float32() -> Any:
    """Recurrent layers of cuDNN round to TF32 unless told otherwise, which is not what is compared here."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


@pytest.mark.parametrize("name", NAMES)
def test_a_series_gets_the_same_forecast(name: str) -> None:
    """A session may move from a machine with a GPU to one without."""
    batch, there = walk(name), copy.deepcopy(variant(name)).cuda()
    state = there.fresh(batch.clock.cuda(), batch.static.cuda())
    with torch.inference_mode():
        for first, last in ((0, 40), (40, 41), (41, 70)):
            seen = batch.part(first, last)
            state = there.prime(type(seen)(*(part if part is None else part.cuda() for part in seen)), state)
        found = there.decode(state, batch.future.cuda())
    expected = batch.run()
    on_host = found._replace(scaled=found.scaled.cpu(), loc=found.loc.cpu(), scale=found.scale.cpu())
    assert difference(on_host, expected) <= NEAR


def agree(ours: ForecastArrays, theirs: ForecastArrays) -> None:
    for name in ForecastArrays._fields[:8]:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", NAMES)
def test_replayed_graphs_do_what_was_captured(name: str) -> None:
    """Five rows at batch sizes of one and four, at every place of their strides, beside the eager network."""
    batch, network = walk(name), copy.deepcopy(variant(name)).cuda()
    both = EagerSlots(network), GraphedSlots(network, sizes=(1, 4))
    caches = [slots.new_cache(12) for slots in both]
    for slots, cache in zip(both, caches, strict=True):
        slots.begin_slots(cache, SLOTS, batch.clock.numpy(), batch.static.numpy())
        slots.advance_slots(cache, SLOTS, SLOTS, *arrays(batch, 0, 50))
        for step in range(50, 70):
            slots.advance_slots(cache, SLOTS, SLOTS, *arrays(batch, step, step + 1))
    theirs, ours = (
        slots.forecast_slots(cache, SLOTS, batch.future.numpy(), 7) for slots, cache in zip(both, caches, strict=True)
    )
    agree(ours, theirs)
    assert torch.is_tensor(caches[1]) and not bool(caches[1][[2, 3, 5, 6, 8, 10, 11]].any())


def test_bfloat16_stays_near() -> None:
    """Opted in, forecasts move by a share of the scale that is said, and no more."""
    network = copy.deepcopy(variant("gru")).cuda()
    assert GraphedSlots(network, sizes=(1,)).bfloat16_error() < 0.2
    GraphedSlots(network, sizes=(1,), bfloat16=True).new_cache(4)


def test_fit_runs_to_the_end(tmp_path: Path) -> None:
    """Training, validation, pruning, calibration, the table of errors and the artifact."""
    long_table().to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "fit.toml").write_text(LONG_TABLE + "width = 8\n[training]\nsteps = 6\nvalidation_every = 3\n")
    options = ["--data", tmp_path / "table.csv", "--out", tmp_path / "made", "--device", "cuda"]
    result = CliRunner().invoke(app, ["fit", str(tmp_path / "fit.toml"), *map(str, options)])
    assert result.exit_code == 0, result.output
    covariates = {"wind": [5.0] * 60}, {"holiday": ["no"] * 65}, {"site": "north"}
    past, future, static = covariates
    made = statecast.load(tmp_path / "made").forecast(
        [1.0, 2.0, 3.0] * 20, past_covariates=past, future_covariates=future, static_covariates=static
    )
    assert np.isfinite(made.mean).all()


def test_pretraining_runs_to_the_end(tmp_path: Path) -> None:
    """All cores draw, batches lie in pinned memory, and what comes out is an artifact for any device."""
    (tmp_path / "pretrain.toml").write_text(
        "[family]\nwidth = 8\npatches = [[12, 8, 16], [512, 32, 16]]\n"
        "[pretrain]\nvalues_on_gpu = 6000\nforks = 3\njudged = 2\nvalidation_every = 3\n"
    )
    options = ["--out", tmp_path / "made", "--steps", 6, "--device", "cuda"]
    result = CliRunner().invoke(app, ["pretrain", str(tmp_path / "pretrain.toml"), *map(str, options)])
    assert result.exit_code == 0, result.output
    assert len(statecast.load(tmp_path / "made").forecast([1.0, 2.0, 3.0] * 20, 8, season=3).mean) == 8


def test_the_service_forecasts(tmp_path: Path) -> None:
    """A session's states lie on the device; it answers as a notebook on the CPU does."""
    tiny_artifact(tmp_path)
    values = [float(value) for value in np.sin(np.arange(60)) + 5.0]

    async def flow(client: httpx.AsyncClient, _: FastAPI) -> None:
        series = {"session": "one", "start": "2026-01-01T00:00:00Z", "target": values[:59]}
        await client.post("/forecast", json={"series": [series]})
        series = {"session": "one", "start": "2026-01-03T11:00:00Z", "target": values[59:]}
        answer = await client.post("/forecast", json={"series": [series]})
        assert answer.status_code == 200, answer.text
        expected = statecast.load(tmp_path / "tiny-1").forecast(values, start="2026-01-01T00:00:00Z")
        np.testing.assert_allclose(answer.json()["forecasts"][0]["mean"], expected.mean, rtol=NEAR)

    async def inside() -> None:
        async with serving(settings_of(tmp_path, default_model="tiny", device="cuda")) as (client, made):
            await flow(client, made)

    asyncio.run(inside())
