"""Three versions of one tiny model, made once for this folder's tests."""

from pathlib import Path

import pytest
import torch

from service.models.catalog import Catalog
from statecast.artifacts.saving import save
from statecast.models.forecaster import Forecaster
from tests.service.running import CONFIG


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifacts")
    for version in ("1", "2", "10"):
        torch.manual_seed(int(version))
        network = Forecaster(CONFIG)
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.2)
        save(path / f"v{version}", network, {"name": "tiny", "version": version})
    return path


@pytest.fixture(scope="session")
def catalogue(tiny_folder: Path) -> Catalog:
    return Catalog.load(tiny_folder, None, "cpu")
