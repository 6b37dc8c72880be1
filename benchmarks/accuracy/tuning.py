"""The default model tuned on each data set, compared with itself as it is.

    python -m benchmarks.accuracy.tuning [--artifact artifacts/default] [--sets NAME ...] [--seed 0]
                                         [--data ../shared/data]

Is anything ever lost? As with `fit --from`, but without training from scratch: the tuned weights are kept, or those
that were shipped where validation is clearly better with them. Printed are validation and test errors of what was
shipped and of what was kept, and the MASE of the latter divided by that of the former.
"""

import argparse
import time
from pathlib import Path

import torch

from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.machine import describe_machine
from training.config import FitConfig, TrainingConfig
from training.evaluation.backtest import Part, score_network
from training.selection.finetune import prepare_tuning

_COLUMNS = ("mse", "mae", "smape", "mase", "coverage")


def measure(artifact: Path, name: str, data: Path, seed: int) -> None:
    """Tune on one set, print a row for each set of weights."""
    protocol = PROTOCOLS[name]
    panel = protocol.read(data / protocol.path)
    table = protocol.config(name, None).data
    network = {"horizon": protocol.horizons[0]} if protocol.horizons else {}
    setup = prepare_tuning(artifact, panel, FitConfig(table, network, TrainingConfig(seed=seed)))
    task, tensors, own = setup.task, setup.tensors, setup.network
    test, fit = Part(task.split.val, task.split.test), setup.fit()
    shipped = score_network(own, tensors, task, test).table()
    started = time.process_time()
    fit.run()
    spent = time.process_time() - started
    kept = score_network(own, tensors, task, test).table()
    (_, before), ratio = fit.curves.validation[0], kept["mase"] / shipped["mase"]
    print(f"{name}: {task.horizon} steps ahead, {spent:.0f} CPU s; what is kept over what was shipped: {ratio:.3f}")
    for title, value, row in (("as it is", before, shipped), ("kept", fit.curves.best, kept)):
        figures = "  ".join(f"{column} {row[column]:.4f}" for column in _COLUMNS)
        print(f"  {title:9} validation {value:.4f}  {figures}", flush=True)


def main() -> None:
    """Tune on all sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/default"))
    parser.add_argument("--sets", nargs="+", default=list(PROTOCOLS), choices=PROTOCOLS, metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    if not options.data.exists():
        print(f"{options.data}: no such folder; pass the data folder as --data; it is not in the repository")
        return
    print(describe_machine())
    for name in options.sets:
        measure(options.artifact, name, options.data, options.seed)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
