"""Cells at the ends of float32, over long lives and in low precision: there sessions are lost, not in the formulas."""

import pytest
import torch
from torch import nn

from statecast.layers.cells import registry
from statecast.layers.cells.recurrent import Recurrent

CELLS = registry.names()
WIDTH = 6


@pytest.mark.parametrize("size", [1e-3, 1e2, 1e4])
def test_exponential_gates_stay_finite(size: float) -> None:
    """exp(89) is infinite in float32 and exp(-104) nothing; the stabiliser must hold whatever the gates ask for."""
    torch.manual_seed(0)
    cell = Recurrent("slstm", WIDTH, 1, 0.0)
    inputs = size * torch.randn(16, 30, WIDTH)
    outputs, after = cell.run(inputs, torch.zeros(16, 1, 4, WIDTH))
    assert bool(after.isfinite().all())
    assert bool((outputs.abs() <= 1).all())
    assert bool((after[:, :, 2] >= 1).all())  # so that c / n is never a division by nothing
    outputs.sum().backward()
    assert all(bool(weight.grad.isfinite().all()) for weight in cell.parameters() if weight.grad is not None)


def test_the_first_entry_of_an_slstm_counts_in_full() -> None:
    """n starts at 0: however small exp(i) is, what is read first is all that is known."""
    cell = Recurrent("slstm", 2, 1, 0.0)
    with torch.no_grad():
        cell.stack.get_parameter("bias_ih_l0")[:2] = torch.tensor([-300.0, 300.0])
    inputs = torch.tensor([[0.3, -0.7]])
    after = cell.step(inputs, torch.zeros(1, 1, 4, 2))[:, 0]
    gates = nn.functional.linear(inputs, cell.stack.get_parameter("weight_ih_l0"))
    torch.testing.assert_close(after[:, 0], gates[:, 6:].sigmoid() * gates[:, 4:6].tanh())


def test_a_long_life_does_not_wear_an_slstm_out() -> None:
    """A session lives for years: c, n and m are sums without an end, and must neither overflow nor go stale."""
    torch.manual_seed(0)
    cell = Recurrent("slstm", 2, 1, 0.0).eval()
    inputs, fresh = torch.randn(1, 20_000, 2), torch.zeros(1, 1, 4, 2)
    with torch.no_grad():
        cell.stack.get_parameter("bias_ih_l0")[2:4] = 8.0  # forgets a three-thousandth a step
        ours, after = cell.run(inputs, fresh)
        exact, _ = cell.double().run(inputs.double(), fresh.double())
    assert float(after[:, :, 2].max()) < 1e5
    torch.testing.assert_close(ours.double(), exact, rtol=0, atol=1e-5)


def test_half_precision_of_products_leaves_the_sums_whole() -> None:
    """Mixed precision multiplies in bfloat16; a state kept in it would lose what little a step adds."""
    torch.manual_seed(0)
    inputs = torch.randn(4, 20, WIDTH)
    for kind in ("peephole", "slstm", "mlstm", "mingru"):
        cell, state = Recurrent(kind, WIDTH, 1, 0.0), torch.zeros(4, 1, registry.get(kind).parts, WIDTH)
        exact, _ = cell.run(inputs, state)
        with torch.autocast("cpu", torch.bfloat16):
            outputs, after = cell.run(inputs, state)
        assert after.dtype == torch.float32
        torch.testing.assert_close(outputs.float(), exact, rtol=0, atol=0.05)


@pytest.mark.parametrize("kind", [kind for kind in CELLS if kind != "mingru"])
def test_the_hidden_vector_stays_of_one_size(kind: str) -> None:
    """What reads it was trained on that size; only a minGRU follows what it reads without a bound."""
    torch.manual_seed(0)
    cell, inputs = Recurrent(kind, WIDTH, 1, 0.0).eval(), torch.randn(2, 500, WIDTH)
    inputs[:, ::97] *= 1e4
    with torch.inference_mode():
        outputs, _ = cell.run(inputs, torch.zeros(2, 1, registry.get(kind).parts, WIDTH))
    assert float(outputs.abs().max()) <= 10.0


def test_many_wide_rows_step_as_one_does() -> None:
    """Large products go another way through the processor; what comes out may differ by rounding alone."""
    for kind in CELLS:
        torch.manual_seed(0)
        cell = Recurrent(kind, 128, 1, 0.0).eval()
        inputs, state = torch.randn(64, 128), torch.zeros(64, 1, registry.get(kind).parts, 128)
        with torch.inference_mode():
            state = cell.step(torch.randn(64, 128), state)
            together = cell.step(inputs, state)
            alone = torch.cat([cell.step(inputs[row : row + 1], state[row : row + 1]) for row in range(64)])
        # The norm of an mlstm makes rounding of a head that has found little up to ten times as large.
        torch.testing.assert_close(together, alone, rtol=1e-5, atol=3e-5 if kind == "mlstm" else 3e-6)
