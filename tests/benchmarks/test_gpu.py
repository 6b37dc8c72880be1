"""The benchmark of a GPU runs through: where one can be had it is lent for minutes, which a slip would waste."""

from pathlib import Path

import pytest

from benchmarks.gpu.__main__ import main


@pytest.mark.filterwarnings("ignore")
def test_it_runs_through_without_a_gpu(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every figure is measured and its row printed, by the stand-ins of a CPU and in small shapes."""
    monkeypatch.chdir(Path(__file__).parents[2])
    main(["--device", "cpu", "--quick"])
    printed = capsys.readouterr().out
    for row in ("pytest -m gpu:", "copy on the device", "step, 4 rows", "forecast, replayed, 4 rows", "bfloat16",
                "pretraining, values/s on cpu", "whole run"):  # fmt: skip
        assert row in printed
