"""The convolutional LSTM, held to its formula node by node, to torch's convolution and to torch's LSTM."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.inputs.spatial_grid import SpatialGrid
from statecast.layers.conv_lstm import ConvolutionalLSTM

WHOLE = (("a", "b", "c"), ("d", "e", "target"))
HOLES = (("a", "", "c"), ("", "target", ""), ("f", "g", ""))
ALONE = (("target",),)
D, ROWS, STEPS = 3, 2, 6


def cell(rows: tuple[tuple[str, ...], ...], layers: int = 2, sides: float = 0.5) -> ConvolutionalLSTM:
    """In float64 with random weights; those of the sides ``sides`` wide."""
    torch.manual_seed(0)
    found = ConvolutionalLSTM(SpatialGrid(rows), D, layers, 0.0).double().eval().requires_grad_(False)
    for weight in found.stack.parameters():
        weight.normal_(std=0.5)
    for weight in found.sides.values():
        weight.normal_(std=sides)
    return found


def kernel(conv: ConvolutionalLSTM, side: str, layer: int) -> Tensor:
    """Centre and sides as one kernel ``[4 D, D, 3, 3]``."""
    sides = list(conv.sides[f"weight_{side}_l{layer}"].split(D, dim=1))
    whole = [*sides[:4], getattr(conv.stack, f"weight_{side}_l{layer}"), *sides[4:]]
    return torch.stack(whole, dim=-1).unflatten(-1, (3, 3))


def sigmoid(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def by_hand(conv: ConvolutionalLSTM, rows: tuple[tuple[str, ...], ...], inputs: Tensor, state: Tensor) -> Any:
    """Outputs and state of one row ``[N, K D]`` in loops over steps, layers, nodes and the nine places of a kernel."""
    places = {name: (y, x) for y, row in enumerate(rows) for x, name in enumerate(row) if name}
    order = ["target", *(name for name in places if name != "target")]
    h, c = ([dict(zip(order, layer[part].split(D), strict=True)) for layer in state] for part in (0, 1))
    outputs = []
    for step in inputs:
        below = dict(zip(order, step.split(D), strict=True))
        for layer in range(conv.layers):
            w, u = kernel(conv, "ih", layer), kernel(conv, "hh", layer)
            bias = getattr(conv.stack, f"bias_ih_l{layer}") + getattr(conv.stack, f"bias_hh_l{layer}")
            hidden, held = {}, {}
            for name in order:
                gates = bias.clone()
                for other in order:
                    down, right = (places[other][axis] - places[name][axis] for axis in (0, 1))
                    if max(abs(down), abs(right)) <= 1:
                        gates += w[..., 1 + down, 1 + right] @ below[other]
                        gates += u[..., 1 + down, 1 + right] @ h[layer][other]
                i, f, g, o = gates.split(D)
                held[name] = sigmoid(f) * c[layer][name] + sigmoid(i) * torch.tanh(g)
                hidden[name] = sigmoid(o) * torch.tanh(held[name])
            h[layer], c[layer] = hidden, held
            below = hidden
        outputs.append(torch.cat([below[name] for name in order]))
    ends = [[torch.cat([part[layer][name] for name in order]) for part in (h, c)] for layer in range(conv.layers)]
    return torch.stack(outputs), torch.stack([torch.stack(end) for end in ends])


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rows", [WHOLE, HOLES, ALONE, (("target", "a"),), (("a",), ("target",))])
def test_the_cell_by_hand(rows: tuple[tuple[str, ...], ...]) -> None:
    """A kernel that is turned, a neighbour taken for another, an edge that is not zero: each forecasts, but wrongly."""
    conv = cell(rows)
    inputs = torch.randn(ROWS, STEPS, conv.width).double()
    begin = torch.randn(ROWS, conv.layers, 2, conv.width).double()
    outputs, end = conv.run(inputs, begin)
    state = begin
    for step in range(STEPS):
        state = conv.step(inputs[:, step], state)
        close(state[:, -1, 0], outputs[:, step])
    close(state, end)
    for row in range(ROWS):
        expected, after = by_hand(conv, rows, inputs[row], begin[row])
        close(outputs[row], expected)
        close(end[row], after)


def test_the_cell_is_torch_s_convolution() -> None:
    """The same step on a grid without holes, with torch's own convolution for the products."""
    conv = cell(WHOLE, layers=1)
    order = [5, 0, 1, 2, 3, 4]  # of our nodes among the places, row by row
    inputs, begin = torch.randn(ROWS, conv.width).double(), torch.randn(ROWS, 1, 2, conv.width).double()

    def image(nodes: Tensor) -> Tensor:
        placed = torch.empty(ROWS, 6, D).double()
        placed[:, order] = nodes.unflatten(-1, (6, D))
        return placed.unflatten(1, (2, 3)).movedim(-1, 1)

    gates = functional.conv2d(image(inputs), kernel(conv, "ih", 0), conv.stack.bias_ih_l0, padding=1)
    gates = gates + functional.conv2d(image(begin[:, 0, 0]), kernel(conv, "hh", 0), conv.stack.bias_hh_l0, padding=1)
    i, f, g, o = gates.split(D, dim=1)
    held = sigmoid(f) * image(begin[:, 0, 1]) + sigmoid(i) * torch.tanh(g)
    after = conv.step(inputs, begin)
    close(image(after[:, 0, 1]), held)
    close(image(after[:, 0, 0]), sigmoid(o) * torch.tanh(held))


@pytest.mark.parametrize("rows", [WHOLE, ALONE])
def test_without_sides_every_node_is_torch_s_lstm(rows: tuple[tuple[str, ...], ...]) -> None:
    """Zero sides are how it begins: while it learns all nodes go on, and served none but the target's does."""
    conv = cell(rows, sides=0.0)
    assert isinstance(conv.stack, nn.LSTM)
    inputs = torch.randn(ROWS, STEPS, conv.width).double()
    begin = torch.zeros(ROWS, conv.layers, 2, conv.width).double()
    outputs, end = conv.train().run(inputs, begin)
    for node in range(conv.nodes):
        part = slice(node * D, node * D + D)
        theirs, (h, c) = conv.stack(inputs[..., part])
        close(outputs[..., part], theirs)
        close(end[..., part], torch.stack([h, c]).permute(2, 1, 0, 3))
    silent, after = conv.eval().run(inputs, begin)
    close(silent[..., :D], outputs[..., :D])
    close(after[..., :D], end[..., :D])
    assert not silent[..., D:].any() and not after[..., D:].any()
    state = begin
    for step in range(STEPS):
        state = conv.step(inputs[:, step], state)
    close(state, after)
