"""A family with intervals up to 98, a forecaster with covariates, and an app that serves both."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from statecast import Family, FamilyConfig, save
from statecast.inputs.covariates import Covariate
from tests.builders import tiny_artifact
from tests.service.protocols.nixtla.scenes import Flow, served

LEVELS = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Served by all tests of this folder."""
    path = tmp_path_factory.mktemp("artifacts")
    torch.manual_seed(0)
    shape = ((12, 4, 16), (48, 8, 24), (512, 16, 32))
    config = FamilyConfig(patches=shape, width=8, segment_length=4, quantile_levels=LEVELS)
    family = Family(config).eval().requires_grad_(False)
    for weight in family.parameters():
        weight.add_(torch.randn_like(weight) * 0.05)
    save(path / "default-1", family, {"name": "default", "version": "1"})
    tiny_artifact(
        path, "weather", past_covariates=(Covariate("wind"),),
        future_covariates=(Covariate("price"), Covariate("kind", levels=("a", "b"))),
    )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def play(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Flow], None]]:
    """Runs a flow against an app that a file's tests share."""
    with asyncio.Runner() as runner:
        app = served(
            models, jobs_folder=tmp_path_factory.mktemp("jobs"), nixtla_models="timegpt-1=weather@1, timegpt-*", fits=0
        )
        client = runner.run(app.__aenter__())
        yield lambda flow: runner.run(flow(client))
        runner.run(app.__aexit__(None, None, None))
