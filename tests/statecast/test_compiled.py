"""What compiled networks are made of: elementary functions, the place of what was compiled, and life without numba."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from statecast.compiled.build import cache_folder, entries, is_built

ROOT = Path(__file__).parents[2]
pytest.importorskip("numba", reason="the compiled networks need numba, which is optional")
# Whoever runs the tests first on a machine compiles, once.
pytestmark = pytest.mark.timeout(1200)


def test_elementary_functions_keep_their_bounds() -> None:
    """What the documentation of each promises, over the whole range on which it is used."""
    import numba

    from statecast.compiled.arithmetic import elementary

    x = np.concatenate([np.linspace(-90, 90, 400_001), np.geomspace(1e-30, 80, 100_001), [0.0]]).astype(np.float32)
    x = np.concatenate([x, -x])

    def over(function: object) -> np.ndarray:
        @numba.njit
        def loop(values: np.ndarray) -> np.ndarray:
            out = np.empty_like(values)
            for i in range(len(values)):
                out[i] = function(values[i])  # type: ignore[operator]
            return out

        return loop(x).astype(np.float64)

    exact, wide = torch.from_numpy(x).double(), np.maximum(np.abs(x), 1.0)
    inside = (x > -87) & (x < 88)
    assert (np.abs(over(elementary.exp) / np.exp(x.astype(np.float64)) - 1)[inside]).max() <= 2e-7
    positive = x > np.float32(1.2e-38)
    logs = np.log(x[positive].astype(np.float64))
    assert (np.abs(over(elementary.log)[positive] - logs) / np.maximum(np.abs(logs), 1)).max() <= 2e-7
    assert np.abs(over(elementary.sigmoid) - exact.sigmoid().numpy()).max() <= 2e-7
    assert np.abs(over(elementary.tanh) - exact.tanh().numpy()).max() <= 2e-7
    assert (np.abs(over(elementary.gelu) - torch.nn.functional.gelu(exact).numpy()) / wide).max() <= 4e-7
    softplus = torch.nn.functional.softplus(exact, threshold=1000).numpy()
    assert (np.abs(over(elementary.softplus) - softplus) / wide).max() <= 3e-7


def test_without_numba_everything_runs_in_torch() -> None:
    """It is optional: the library and the server must import and say what is missing, on any machine."""
    script = """
import importlib.util, sys
sys.modules["numba"] = sys.modules["llvmlite"] = None
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba" else found(name, *rest)
import service.app, statecast
from statecast.compiled import compile_network, uncovered
network = statecast.Forecaster(statecast.ForecasterConfig()).eval()
assert "numba is not installed" in uncovered(network), uncovered(network)
assert compile_network(network) is None
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_the_cache_can_be_placed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An image is built once and read-only afterwards: what was compiled must lie where the build was told."""
    entries()
    assert is_built()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert cache_folder().parent == tmp_path
    assert not is_built()
