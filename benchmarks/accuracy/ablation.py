"""What each part of the network is worth: every part removed or added in turn, and fitted anew, on three data sets.

    python -m benchmarks.accuracy.ablation [--data ../shared/data] [--sets etth1 m4-hourly gefcom] [--seed 0]
                                           [--steps 1000] [--parts everything "memory of 8 patches"]

The recipe and the split are the same for all. Printed are validation (what a fit may choose by) and test, lower is
better; bytes per session; and what a fit would then switch off, which the scores before it do not reflect.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.accuracy.protocols import PROTOCOLS
from benchmarks.machine import describe_machine
from statecast.models.forecaster import Forecaster
from statecast.naive_forecasts import NAIVE_FORECASTS
from training.config import FitConfig
from training.data.panel import Panel
from training.evaluation.backtest import Part, score_network
from training.progress import Silent
from training.selection.prepare import prepare
from training.selection.pruning import switch_off

Change = Callable[[Forecaster], None]


class _NoExperts(nn.Module):
    """Stands where the attention over naive forecasts stood, and adds nothing."""

    def forward(self, _context: Tensor, forecasts: Tensor) -> tuple[Tensor, Tensor]:
        """Zeros instead of a mixture."""
        return torch.zeros_like(forecasts[..., 0]), torch.zeros_like(forecasts[..., 0, :])


def _without_experts(network: Forecaster) -> None:
    network.naive_forecast_attention = _NoExperts()  # type: ignore[assignment]
    _still(network.from_naive_forecasts)


def _without_recurrence(network: Forecaster) -> None:
    """The last patch's embedding stands where the hidden vector stood; coarse resolutions keep theirs."""
    network.encoder.one_phase = lambda embedded, _hidden: embedded  # type: ignore[method-assign, assignment]
    network.encoder.every_step = lambda embedded, kept: (embedded, kept)  # type: ignore[method-assign, assignment]


def _still(*modules: nn.Module) -> None:
    """Weights of zero that stay so."""
    for module in modules:
        for weight in module.parameters():
            nn.init.zeros_(weight).requires_grad_(False)


PARTS: dict[str, tuple[Change | None, dict[str, object]]] = {
    "everything": (None, {}),
    "no experts": (_without_experts, {}),
    "experts with equal weights": (lambda network: _still(network.naive_forecast_attention), {}),
    "no linear ring": (None, {"linear_lookback": False}),
    "no recurrence": (_without_recurrence, {}),
    "no coarse resolution": (None, {"resolutions": (1,)}),
    "resolutions with equal weights": (lambda network: _still(*network.resolution_attention.keys), {}),
    "and a shared ring": (None, {"shared_lookback": True}),
    "and a tenth expert": (None, {"naive_forecasts": NAIVE_FORECASTS}),
    "and attention over features": (None, {"feature_attention": True}),
    "and a memory of 8 patches": (None, {"memory": 8}),
    "and a transformer over 8 patches": (None, {"memory": 8, "transformer_layers": 1}),
    "and the recurrent decoder": (None, {"decoder": "recurrent"}),
    "and bidirectional": (None, {"bidirectional": True}),
}


def tasks(folder: Path, sets: list[str], training: dict[str, Any]) -> Iterator[tuple[str, Panel, FitConfig]]:
    """Data sets with their recipes; GEFCom a day ahead, the others as their protocols have it."""
    for name in sets:
        protocol = PROTOCOLS[name]
        config = protocol.config(name, 24 if name == "gefcom" else None)
        recipe = replace(config.training, seconds=0.0, **training)
        yield name, protocol.read(folder / protocol.path), replace(config, training=recipe)


def main() -> None:
    """Fit all, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", nargs="+", default=["etth1", "m4-hourly", "gefcom"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="training steps; those of the config if left out")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    options = parser.parse_args()
    print(describe_machine())
    training = {"seed": options.seed} | ({"steps": options.steps} if options.steps else {})
    for name, panel, config in tasks(options.data, options.sets, training):
        print(f"{name}: validation; test pinball, MSE, MAE, sMAPE, MASE; bytes, CPU seconds; switched off", flush=True)
        for part in options.parts:
            change, keys = PARTS[part]
            if "feature_attention" in keys and not (panel.items[0].past or panel.items[0].known):
                continue
            prepared = prepare(panel, FitConfig(config.data, {**config.network, **keys}, config.training))
            network, tensors, task = prepared.network, prepared.tensors, prepared.task
            if change:
                change(network)
            began = time.process_time()
            fit = prepared.fit()
            curves = fit.run()
            cost = time.process_time() - began
            row = score_network(network, tensors, task, Part(task.split.val, task.split.test)).table()
            figures = "  ".join(f"{row[column]:8.4f}" for column in ("pinball", "mse", "mae", "smape", "mase"))
            off = [trial.part for trial in switch_off(fit, Silent()) if trial.off] if change is None else []
            rest = f"{network.spec.row_bytes:7,} {cost:4.0f}  {', '.join(off)}"
            print(f"  {part:34}{curves.best:8.4f}  {figures}  {rest}", flush=True)


if __name__ == "__main__":
    main()
