"""A recurrent cell of your own: one class, registered under its name, and a config can choose it.

python examples/custom_cell.py
"""

import csv
import tempfile
from pathlib import Path

import torch
from torch import Tensor

import statecast
from statecast.layers.cells.cell import Cell, Parts
from statecast.layers.cells.registry import register
from training.cli.main import app

TABLE = Path(__file__).parent / "data" / "passengers.csv"


@register
class UpdateGate(Cell):
    """Update-gate recurrent network: one gate between the old and the new hidden vector (Collins et al. 2017)."""

    name = "update_gate"
    formula = "z, n = W x + U h + b; h' = σ(z) ∘ h + (1 - σ(z)) ∘ tanh(n)"
    gates = 2
    forget_gate = 0

    def step(self, ours: Tensor, past: Tensor, parts: Parts, _further: Parts) -> Parts:
        """Advance one layer by one step."""
        gate, new = (ours + past).chunk(2, dim=-1)
        return (torch.lerp(new.tanh(), parts[0], gate.sigmoid()),)


def main() -> None:
    """Fit a network of it, and see that it reads a history in pieces as it reads the whole."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "own.toml"
        config.write_text('[network]\ncell = "update_gate"\nhorizon = 12\ncalendar = []\n[training]\nsteps = 40\n')
        app(
            ["fit", str(config), "--data", str(TABLE), "--freq", "1mo", "--out", f"{folder}/own"], standalone_mode=False
        )
        network = statecast.load(f"{folder}/own").forecaster

    with open(TABLE) as file:
        values = torch.tensor([[float(row["target"]) for row in csv.DictReader(file)]])
    none = torch.zeros(1, values.shape[1], 0)
    with torch.inference_mode():
        begin = network.fresh(torch.tensor([-1]), torch.zeros(1, 0))
        whole = network.prime(statecast.Observations(values, none, none), begin)
        pieces = begin
        for part in (slice(0, 100), slice(100, None)):
            pieces = network.prime(statecast.Observations(values[:, part], none[:, part], none[:, part]), pieces)
        forecasts = [network.decode(state, torch.zeros(1, 12, 0)).quantiles() for state in (whole, pieces)]
    print(f"cell {network.config.cell}: the same forecast in pieces: {torch.allclose(*forecasts, rtol=1e-5)}")


if __name__ == "__main__":
    main()
