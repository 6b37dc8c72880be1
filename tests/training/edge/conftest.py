from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from statecast import Artifact, Forecaster, load, save
from tests.builders import tiny_network

# What an export covers; everything else of ``TINY`` that it does not is taken out.
COVERED: dict[str, Any] = {
    "cell": "gru", "resolutions": (1,), "calendar": (), "adaptation": 0.0, "linear_lookback": False,
}  # fmt: skip


def covered_network(seed: int = 0, **changes: Any) -> Forecaster:
    """A small network that can be exported, with weights that matter."""
    return tiny_network(seed, **{**COVERED, **changes})


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Artifact]:
    """Saves a network and loads it again, as a command does."""

    def save_network(network: Any, name: str = "small") -> Artifact:
        save(tmp_path / name, network, {"name": name, "version": "1"})
        return load(tmp_path / name)

    return save_network
