"""What each recurrent cell costs relative to the LSTM in the same run: a step, a sequence, a training pass.

    python -m benchmarks.cells [--width 64] [--steps 1000] [--rows 1 256] [--turns 5]
    python -m benchmarks.cells --text ../shared/data/text/timemachine.txt [--cells mlstm mingru] [--seeds 0 1]

One thread, one layer, input as wide as the layer; microseconds of processor time. The cells take turns, and each figure
is the least of its turns, because other work of the machine can only add to it. A training pass is forward and backward
over 45 steps, the length of `configs/etth1.toml`; with one row it says little.

With a text the cells are trained instead: on its letters, one layer of 128, 8 epochs, nats per character of the last
tenth. `python -m benchmarks.accuracy etth1 --cell NAME` is the same on a series.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.machine import describe_machine
from statecast.layers.cells import registry
from statecast.layers.cells.recurrent import Recurrent
from training.evaluation.leaderboard import OURS
from training.text.config import TextFitConfig
from training.text.corpus import read_text
from training.text.pipeline import fit_text

_STEPS_ALONE = 100
_STEPS_TRAINED = 45


class Candidate:
    """One cell with inputs for a number of rows; each method returns microseconds per step."""

    def __init__(self, kind: str, width: int, rows: int, steps: int) -> None:
        torch.manual_seed(0)
        self.cell = Recurrent(kind, width, 1, 0.0)
        self.state = torch.zeros(rows, 1, self.cell.parts, width)
        self.inputs = torch.randn(rows, steps, width)

    def step(self) -> float:
        """One step after another, each in a call of its own, as in live sessions."""
        self.cell.eval()
        state, inputs = self.state, self.inputs[:, 0].contiguous()
        with torch.inference_mode():
            started = time.process_time()
            for _ in range(_STEPS_ALONE):
                state = self.cell.step(inputs, state)
            return 1e6 * (time.process_time() - started) / _STEPS_ALONE

    def run(self) -> float:
        """The whole sequence in one call, as histories are read."""
        self.cell.eval()
        with torch.inference_mode():
            return self._per_step(lambda: self.cell.run(self.inputs, self.state), self.inputs.shape[1])

    def train(self) -> float:
        """Forward and backward over a short sequence."""
        self.cell.train()
        inputs = self.inputs[:, :_STEPS_TRAINED]

        def learn() -> None:
            self.cell.zero_grad()
            self.cell.run(inputs, self.state)[0].square().mean().backward()

        return self._per_step(learn, inputs.shape[1])

    @staticmethod
    def _per_step(work: Callable[[], object], steps: int) -> float:
        started = time.process_time()
        work()
        return 1e6 * (time.process_time() - started) / steps


def measure(width: int, rows: int, steps: int, turns: int) -> dict[str, list[float]]:
    """Microseconds per step of every cell: alone, in a run, in training."""
    candidates = {kind: Candidate(kind, width, rows, steps) for kind in registry.names()}
    best = {kind: [float("inf")] * 3 for kind in candidates}
    for _ in range(turns + 1):  # the least counts, so a first turn that warms up does no harm
        for kind, one in candidates.items():
            turn = [one.step(), one.run(), one.train()]
            best[kind] = [min(pair) for pair in zip(best[kind], turn, strict=True)]
    return best


def learn_text(cell: str, text: str, seed: int) -> tuple[float, float]:
    """Nats per character of the end of a text after training on its beginning, and CPU seconds of the fit."""
    config = TextFitConfig.from_dict(
        {
            "text": {"lower": True, "letters": True, "fractions": [0.85, 0.05, 0.1]},
            "network": {"embedding": 64, "width": 128, "layers": 1, "dropout": 0.2, "cell": cell},
            "training": {"seed": seed, "epochs": 8, "learning_rate": 4e-3, "clip": 1.0, "ngrams": 0},
        }
    )
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        outcome = fit_text(text, config, Path(folder), name=cell)
    return outcome.leaderboard.scores[OURS].loss, time.process_time() - began


def show_text(cells: Sequence[str], path: Path, seeds: Sequence[int]) -> None:
    """Print a row per cell."""
    text = read_text(path)
    print(f"{'cell':<10}{'nats per character, by seed':>30}{'CPU s':>16}")
    for cell in cells:
        losses, seconds = zip(*(learn_text(cell, text, seed) for seed in seeds), strict=True)
        figures = " ".join(f"{loss:.4f}" for loss in losses)
        print(f"{cell:<10}{figures:>30}{' '.join(f'{spent:.0f}' for spent in seconds):>16}", flush=True)


def main() -> None:
    """Print a table per number of rows, or one of texts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 256])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--cells", nargs="+", default=list(registry.names()), choices=registry.names())
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(describe_machine())
    if given.text:
        show_text(given.cells, given.text, given.seeds)
        return
    for rows in given.rows:
        best = measure(given.width, rows, given.steps, given.turns)
        print(f"\n{rows} rows, width {given.width}: microseconds per step (ratio to lstm)")
        print(f"{'cell':<10}{'step':>18}{f'run of {given.steps:,}':>18}{'training':>18}")
        for kind, figures in best.items():
            ratios = [mine / other for mine, other in zip(figures, best["lstm"], strict=True)]
            cells = (f"{mine:.1f} ({ratio:.2f})" for mine, ratio in zip(figures, ratios, strict=True))
            print(f"{kind:<10}" + "".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()
