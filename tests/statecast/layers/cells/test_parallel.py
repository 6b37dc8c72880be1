"""Cells that read many steps at once: blocks against single steps, and what holds at the ends of float32."""

import pytest
import torch
from torch import Tensor

from statecast.layers.cells import registry
from statecast.layers.cells.parallel import ParallelCell
from statecast.layers.cells.recurrent import Recurrent

PARALLEL = [name for name in registry.names() if isinstance(registry.get(name), ParallelCell)]
ROWS, WIDTH = 3, 40  # of an mlstm two heads and a half


def stacked(kind: str, layers: int = 2) -> tuple[Recurrent, Tensor]:
    """Layers in float64 whose every weight matters, and a state that has read nothing."""
    torch.manual_seed(0)
    recurrent = Recurrent(kind, WIDTH, layers, 0.0).double().eval()
    for weight in recurrent.parameters():
        weight.data += 0.3 * torch.randn_like(weight)
    return recurrent, torch.zeros(ROWS, layers, recurrent.parts, WIDTH).double()


def stepped(recurrent: Recurrent, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs and state, a step at a time."""
    outputs = []
    for one in inputs.unbind(1):
        state = recurrent.step(one, state)
        outputs.append(state[:, -1, 0])
    return torch.stack(outputs, dim=1), state


def test_there_are_two() -> None:
    assert PARALLEL == ["mingru", "mlstm"]


@pytest.mark.parametrize("blocks", [-1, 0, 1, 65])
@pytest.mark.parametrize("kind", PARALLEL)
def test_blocks_are_the_steps_whatever_their_ends(kind: str, blocks: int) -> None:
    """Training reads blocks, a session steps: a block that ends badly would part the two at every 32nd step."""
    recurrent, state = stacked(kind)
    assert isinstance(recurrent.cell, ParallelCell)
    inputs = torch.randn(ROWS, recurrent.cell.block + blocks, WIDTH).double()
    outputs, after = recurrent.run(inputs, state)
    expected, end = stepped(recurrent, inputs, state)
    torch.testing.assert_close(outputs, expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(after, end, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", PARALLEL)
def test_gradients_of_blocks_are_those_of_steps(kind: str) -> None:
    """The stabiliser takes no part in gradients; were that wrong, blocks and steps would learn differently."""
    recurrent, state = stacked(kind)
    assert isinstance(recurrent.cell, ParallelCell)
    inputs = torch.randn(ROWS, recurrent.cell.block + 5, WIDTH).double()
    emphasis, weights = torch.randn_like(inputs), list(recurrent.parameters())
    ours, theirs = (
        torch.autograd.grad((run(inputs, state)[0] * emphasis).sum(), weights)
        for run in (recurrent.run, lambda read, begin: stepped(recurrent, read, begin))
    )
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", PARALLEL)
def test_there_are_no_recurrent_weights(kind: str) -> None:
    """A gate that waits for the hidden vector before it would forbid reading steps together."""
    names = {name for name, _ in Recurrent(kind, WIDTH, 1, 0.0).stack.named_parameters()}
    assert not {name for name in names if name.endswith("hh_l0")}


@pytest.mark.parametrize("size", [1e-3, 1e2, 1e4])
@pytest.mark.parametrize("kind", PARALLEL)
def test_float32_lasts_whatever_the_gates_ask_for(kind: str, size: float) -> None:
    """exp(89) is infinite in float32; a fit that meets it ends, and a session that meets it is lost."""
    torch.manual_seed(0)
    recurrent = Recurrent(kind, WIDTH, 1, 0.0)
    for weight in recurrent.parameters():
        weight.data += 0.3 * torch.randn_like(weight)
    inputs = size * torch.randn(ROWS, 100, WIDTH)
    outputs, after = recurrent.run(inputs, torch.zeros(ROWS, 1, recurrent.parts, WIDTH))
    assert bool(after.isfinite().all()) and bool(outputs.isfinite().all())
    outputs.square().mean().backward()
    assert all(bool(weight.grad.isfinite().all()) for weight in recurrent.parameters() if weight.grad is not None)


def test_an_mlstm_begins_as_its_paper_says() -> None:
    """Gates that already look at the input, or forget at once, learn long spans late."""
    torch.manual_seed(0)
    weights = {name: weight.detach() for name, weight in Recurrent("mlstm", WIDTH, 1, 0.0).stack.named_parameters()}
    assert not weights["weight_ih_l0"][4 * WIDTH :].any()
    torch.testing.assert_close(weights["bias_ih_l0"][-3:], torch.tensor([3.0, 4.5, 6.0]))
    assert not weights["bias_ih_l0"][: 4 * WIDTH].any() and 0 < float(weights["bias_ih_l0"][-6:-3].abs().max()) < 1
    assert bool((weights["norm_l0"] == 1).all())


def test_a_long_life_does_not_wear_an_mlstm_out() -> None:
    """A session lives for years: its sums have no end, and must neither overflow nor go stale."""
    torch.manual_seed(0)
    recurrent = Recurrent("mlstm", 4, 1, 0.0).eval()
    inputs, fresh = torch.randn(1, 20_000, 4), torch.zeros(1, 1, recurrent.parts, 4)
    with torch.no_grad():
        recurrent.stack.get_parameter("bias_ih_l0")[-1] = 8.0  # forgets a three-thousandth a step
        ours, after = recurrent.run(inputs, fresh)
        exact, _ = recurrent.double().run(inputs.double(), fresh.double())
    assert float(after.abs().max()) < 1e5
    torch.testing.assert_close(ours.double(), exact, rtol=0, atol=1e-3)


def test_a_mingru_averages_what_it_reads() -> None:
    """Its hidden vector lies between the values that it has read: that is all that keeps it in bounds."""
    torch.manual_seed(0)
    recurrent = Recurrent("mingru", 8, 1, 0.0).eval()
    inputs, state = 1e3 * torch.randn(4, 300, 8), torch.zeros(4, 1, 1, 8)
    values = torch.nn.functional.linear(inputs, recurrent.stack.get_parameter("weight_ih_l0")[8:])
    with torch.no_grad():
        outputs, _ = recurrent.run(inputs, state)
    assert bool((outputs.abs() <= values.abs().amax((0, 1)) * 1.0001).all())
