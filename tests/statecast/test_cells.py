"""Each cell against its written formula in float64, and a step against torch's own layers."""

import pytest
import torch
from torch import Tensor

from statecast.cells import PARTS, Recurrent
from statecast.errors import ConfigError


def _formula(kind: str, cell: Recurrent, inputs: Tensor, state: Tensor) -> Tensor:
    hidden, weights = state[:, 0, 0], dict(cell.stack.named_parameters())
    ours = inputs @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
    past = hidden @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
    if kind == "lstm":
        i, f, g, o = (ours + past).split(cell.width, dim=1)
        memory = torch.sigmoid(f) * state[:, 0, 1] + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(memory)
    if kind == "gru":
        (r, z, n), (hr, hz, hn) = ours.split(cell.width, dim=1), past.split(cell.width, dim=1)
        update = torch.sigmoid(z + hz)
        return (1 - update) * torch.tanh(n + torch.sigmoid(r + hr) * hn) + update * hidden
    return torch.tanh(ours + past)


@pytest.mark.parametrize("kind", PARTS)
def test_a_step_is_the_formula(kind: str) -> None:
    """The written-out step serves live sessions; a slip in one gate would be silent."""
    torch.manual_seed(0)
    cell = Recurrent(kind, 6, 1, 0.0).double()
    inputs, state = torch.randn(4, 6).double(), torch.randn(4, 1, PARTS[kind], 6).double()
    torch.testing.assert_close(
        cell.step(inputs, state)[:, 0, 0], _formula(kind, cell, inputs, state), rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("layers", [1, 3])
def test_steps_are_torchs_layers(kind: str, layers: int) -> None:
    """Training runs torch's fused layers, service the steps: they must be one function."""
    torch.manual_seed(0)
    cell = Recurrent(kind, 6, layers, 0.0).double().eval()
    inputs, state = torch.randn(3, 9, 6).double(), torch.randn(3, layers, PARTS[kind], 6).double()
    outputs, after = cell.run(inputs, state)
    stepped = state
    for position in range(9):
        stepped = cell.step(inputs[:, position], stepped)
        torch.testing.assert_close(stepped[:, -1, 0], outputs[:, position], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(stepped, after, rtol=1e-12, atol=1e-14)


def test_many_wide_rows_step_as_one_does() -> None:
    """Large products go another way through the processor; what comes out may differ by rounding alone."""
    torch.manual_seed(0)
    cell = Recurrent("lstm", 128, 1, 0.0).eval()
    inputs, state = torch.randn(64, 128), torch.randn(64, 1, 2, 128)
    with torch.inference_mode():
        together = cell.step(inputs, state)
        alone = torch.cat([cell.step(inputs[row : row + 1], state[row : row + 1]) for row in range(64)])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)


def test_the_forget_gate_opens_at_first() -> None:
    """Without it gradients die on long sequences before training has begun."""
    bias = dict(Recurrent("lstm", 4, 1, 0.0).stack.named_parameters())["bias_ih_l0"]
    assert bias.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8


def test_an_unknown_cell_is_refused() -> None:
    """The message must name the choices."""
    with pytest.raises(ConfigError, match="lstm, gru, rnn, got 'mamba'"):
        Recurrent("mamba", 4, 1, 0.0)
