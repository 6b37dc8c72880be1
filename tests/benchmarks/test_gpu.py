"""The benchmark of a GPU runs through: where one can be had it is lent for minutes, which a slip would waste."""

import subprocess
import sys
from pathlib import Path


def test_it_runs_through_without_a_gpu() -> None:
    """Every figure is measured and its row printed, by the stand-ins of a CPU and in small shapes."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", "--device", "cpu", "--quick"],
        capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for row in ("pytest -m gpu:", "copy on the device", "step, 4 rows", "forecast, replayed, 4 rows", "bfloat16",
                "pretraining, values/s on cpu", "whole run"):  # fmt: skip
        assert row in done.stdout
