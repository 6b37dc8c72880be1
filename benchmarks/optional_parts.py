"""What each optional part costs relative to the network without it: bytes, weights, a step, a history, a training pass.

    python -m benchmarks.optional_parts [--rows 1 64] [--turns 5]

One thread; the shape of `configs/etth1.toml` with one covariate (eight on a grid) and every gate open. Figures are CPU
time and the least of several turns, because other work of the machine can only add to them.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.machine import describe_machine
from statecast import Forecaster, ForecasterConfig, Observations
from statecast.inputs.covariates import Covariate

PARTS: dict[str, dict[str, Any]] = {
    "none": {},
    "feature_attention": {"feature_attention": True},
    "memory = 8": {"memory": 8},
    "and transformer_layers = 1": {"memory": 8, "transformer_layers": 1},
    'decoder = "recurrent"': {"decoder": "recurrent"},
    "bidirectional": {"bidirectional": True},
    "grid of 3 x 3": {
        "spatial_grid": (("a", "b", "c"), ("d", "target", "e"), ("f", "g", "h")),
        "past_covariates": tuple(map(Covariate, "abcdefgh")),
    },
}
_READ = 1008  # steps of a history: six weeks of hours
_ALONE = 20
_TRAINED = (8, 30)  # sequences of so many patches


class Candidate:
    """A network with one part and random series; each method returns microseconds of CPU time."""

    def __init__(self, changes: dict[str, Any]) -> None:
        torch.manual_seed(0)
        config = ForecasterConfig.from_dict(PROTOCOLS["etth1"].config("etth1", None).network)
        self.network = Forecaster(replace(config, **{"past_covariates": (Covariate("other"),), **changes}))
        with torch.no_grad():
            for gate in self.network.gated_residuals.ablatable().values():
                gate.fill_(1.0)
            for sides in self.network.encoder.ablatable().values():
                for weight in sides:
                    weight.normal_(std=0.1)

    def measure(self, rows: int) -> list[float]:
        """One observation and forecast of all rows, and reading a history per step."""
        network, config = self.network.eval(), self.network.config
        with torch.inference_mode():
            fresh = network.fresh(torch.zeros(rows, dtype=torch.int64), torch.zeros(rows, 0))
            history, future = _series(config, rows, _READ), torch.zeros(rows, config.horizon, 0)
            reading = _microseconds(lambda: network.prime(history, fresh)) / _READ
            state = network.prime(history, fresh)
            one = _series(config, rows, 1)
            step = _microseconds(lambda: [network.step(one, state, future) for _ in range(_ALONE)]) / _ALONE
        return [step, reading]

    def train(self) -> float:
        """Forward and backward of forked sequences, per patch."""
        network, (rows, patches) = self.network.train(), _TRAINED
        observations = _series(network.config, rows, patches * network.config.patch_length)
        future = torch.zeros(rows, patches, network.config.horizon, 0)
        state = network.fresh(torch.zeros(rows, dtype=torch.int64), torch.zeros(rows, 0))
        work = _microseconds(lambda: network.fork(observations, state, future).scaled.square().mean().backward())
        return work / (rows * patches)


def _series(config: ForecasterConfig, rows: int, steps: int) -> Observations:
    past = torch.randn(rows, steps, config.past_width)
    return Observations(torch.randn(rows, steps), past, torch.zeros(rows, steps, 0))


def _microseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return 1e6 * (time.process_time() - started)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    print(describe_machine())
    titles = [f"{what}, {rows} rows" for rows in given.rows for what in ("step", "history")]
    print(f"{'part':<28}{'bytes':>8}{'weights':>9}" + "".join(f"{title:>18}" for title in [*titles, "training"]))
    candidates = {name: Candidate(changes) for name, changes in PARTS.items()}
    best: dict[str, list[float]] = {}
    for _ in range(given.turns):
        for name, one in candidates.items():
            turn = [*(figure for rows in given.rows for figure in one.measure(rows)), one.train()]
            best[name] = [min(pair) for pair in zip(best.get(name, turn), turn, strict=True)]
    for name, figures in best.items():
        network = candidates[name].network
        weights = sum(weight.numel() for weight in network.parameters())
        cells = "".join(
            f"{mine:>10,.0f} ({mine / first:.2f})" for mine, first in zip(figures, best["none"], strict=True)
        )
        print(f"{name:<28}{network.spec.row_bytes:>8,}{weights:>9,}{cells}")


if __name__ == "__main__":
    main()
