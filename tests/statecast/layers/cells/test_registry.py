"""Cells are found by name, and a new one is one file; without this each new cell touches eight places again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import statecast
from statecast.errors import ArtifactError, ConfigError, UnknownNameError
from statecast.layers.cells import registry
from tests.builders import tiny_artifact
from tests.statecast.layers.cells.conformance import CHECKS, registered
from training.config import FitConfig
from training.data.panel import Item, Panel
from training.pipeline import fit_panel

PAGE = Path(__file__).parents[4] / "docs" / "models.md"
CONFIG = """
[network]
cell = "toy"
horizon = 4
season = 4
patch_length = 4
lookback_length = 32
resolutions = [1]
width = 8
dropout = 0.0
[training]
steps = 30
batch = 4
forks = 6
warm = 1
validation_every = 30
learning_rate = 0.02
"""


@pytest.fixture
def toy() -> Iterator[str]:
    """The toy cell, for one test."""
    with registered("tests.statecast.layers.cells.toy_cell") as name:
        yield name


@pytest.mark.parametrize("check", CHECKS)
def test_a_cell_from_elsewhere_conforms(toy: str, check: str) -> None:
    CHECKS[check](toy)


def test_a_cell_from_elsewhere_is_fitted_by_its_name_in_a_config(toy: str, tmp_path: Path) -> None:
    """From the config file to the forecast no other file may know the cell's name."""
    assert toy in registry.names()
    (tmp_path / "fit.toml").write_text(CONFIG)
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 240))
    waves = (np.sin(np.arange(240) * np.pi / 2) + noise).astype(np.float32)
    panel = Panel((Item("a", 0, 0, waves[0] + 5.0), Item("b", 0, 0, waves[1] + 9.0)), None)
    fit_panel(panel, FitConfig.read(tmp_path / "fit.toml"), tmp_path / "toy", name="toy")
    artifact = statecast.load(tmp_path / "toy")
    assert artifact.forecaster.config.cell == "toy"
    ahead = artifact.forecast(list(waves[0, :200] + 5.0), 4).mean
    np.testing.assert_allclose(ahead, waves[0, 200:204] + 5.0, atol=0.8)


def test_an_artifact_of_a_cell_that_is_not_here_says_so(tmp_path: Path) -> None:
    """Who loads it elsewhere needs to know which cell to install, not that a key is missing."""
    with registered("tests.statecast.layers.cells.toy_cell"):
        tiny_artifact(tmp_path, cell="toy")
    with pytest.raises(ArtifactError, match=r"cell: expected one of gru, .*got 'toy'"):
        statecast.load(tmp_path / "tiny-1")


def test_an_unknown_cell_is_refused_by_every_config() -> None:
    for config in (statecast.ForecasterConfig, statecast.FamilyConfig, statecast.GeneratorConfig):
        with pytest.raises(UnknownNameError, match=r"cell: expected one of gru, lstm.*, got 'mamba'"):
            config(cell="mamba")
    assert issubclass(UnknownNameError, ConfigError)


def test_a_name_cannot_be_taken_twice() -> None:
    """Two cells of one name would leave it to the order of imports what an artifact computes."""
    with pytest.raises(ValueError, match="cell 'gru': registered already"):
        registry.register(type("Other", (type(registry.get("gru")),), {}))


@pytest.mark.parametrize("name", registry.names())
def test_the_reference_lists_every_cell_with_its_formula(name: str) -> None:
    """A cell that is not on the page cannot be found; a formula that differs from the code misleads."""
    begin = f"| [`{name}`](../statecast/layers/cells/{name}.py) | {registry.get(name).formula} | "
    assert begin in PAGE.read_text(), f"docs/models.md: expected a row that begins with {begin}"
