"""What each recurrent cell costs relative to the LSTM in the same run: a step, a sequence, a training pass.

    python -m benchmarks.cells [--width 64] [--steps 1000] [--rows 1 256] [--turns 5]

One thread, one layer, input as wide as the layer. The cells take turns, and each figure is the quickest of its turns,
because other work of the machine can only add to it. A training pass is forward and backward over 45 steps, the length
of `configs/etth1.toml`; with one row it says little.
"""

import argparse
import time
from collections.abc import Callable

import torch

from benchmarks.machine import describe_machine
from statecast.layers.cells import registry
from statecast.layers.cells.recurrent import Recurrent

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
            started = time.perf_counter()
            for _ in range(_STEPS_ALONE):
                state = self.cell.step(inputs, state)
            return 1e6 * (time.perf_counter() - started) / _STEPS_ALONE

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
        started = time.perf_counter()
        work()
        return 1e6 * (time.perf_counter() - started) / steps


def measure(width: int, rows: int, steps: int, turns: int) -> dict[str, list[float]]:
    """Microseconds per step of every cell: alone, in a run, in training."""
    candidates = {kind: Candidate(kind, width, rows, steps) for kind in registry.names()}
    best = {kind: [float("inf")] * 3 for kind in candidates}
    for _ in range(turns + 1):  # the quickest counts, so a first turn that warms up does no harm
        for kind, one in candidates.items():
            turn = [one.step(), one.run(), one.train()]
            best[kind] = [min(pair) for pair in zip(best[kind], turn, strict=True)]
    return best


def main() -> None:
    """Print a table per number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 256])
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(describe_machine())
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
