"""Each cell against its formula, written out plainly in float64, and against torch's own layers where torch has it."""

import pytest
import torch
from torch import Tensor, nn

from statecast.errors import ConfigError
from statecast.layers.cells import registry
from statecast.layers.cells.recurrent import Recurrent

TORCH = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
GATES = {"rnn": [""], "gru": ["r", "z", "n"], "mingru": ["z", "v"], "mlstm": ["q", "k", "v", "o", "i", "f"]}
CELLS = registry.names()
ROWS, STEPS, INPUTS, WIDTH = 3, 40, 5, 6


def sigmoid(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def written(kind: str, w: dict[str, Tensor], x: Tensor, parts: list[Tensor]) -> list[Tensor]:
    """One step of one layer as the papers have it; ``w`` by gate, so that no order of gates is taken on trust."""
    h = parts[0]
    if kind == "rnn":
        return [torch.tanh(w["W"] @ x + w["U"] @ h + w["b"] + w["d"])]
    if kind == "gru":
        r = sigmoid(w["Wr"] @ x + w["br"] + w["Ur"] @ h + w["dr"])
        z = sigmoid(w["Wz"] @ x + w["bz"] + w["Uz"] @ h + w["dz"])
        n = torch.tanh(w["Wn"] @ x + w["bn"] + r * (w["Un"] @ h + w["dn"]))
        return [(1 - z) * n + z * h]
    if kind == "mingru":
        z = sigmoid(w["Wz"] @ x + w["bz"])
        return [(1 - z) * h + z * (w["Wv"] @ x + w["bv"])]
    if kind == "mlstm":
        return written_mlstm(w, x, parts)
    i, f, g, o = (w["W" + gate] @ x + w["U" + gate] @ h + w["b" + gate] + w["d" + gate] for gate in "ifgo")
    c = parts[1]
    if kind == "slstm":  # without the stabiliser, which is there for float32 and must not change anything
        c = sigmoid(f) * c + torch.exp(i) * torch.tanh(g)
        n = sigmoid(f) * parts[2] + torch.exp(i)
        return [sigmoid(o) * c / n, c, n]
    if kind == "lstm":
        c = sigmoid(f) * c + sigmoid(i) * torch.tanh(g)
        return [sigmoid(o) * torch.tanh(c), c]
    new = sigmoid(f + w["pf"] * c) * c + sigmoid(i + w["pi"] * c) * torch.tanh(g)
    return [sigmoid(o + w["po"] * new) * torch.tanh(new), new]


def written_mlstm(w: dict[str, Tensor], x: Tensor, parts: list[Tensor]) -> list[Tensor]:
    """One step of a single head without the stabiliser; C by key and value, with rows for 16 keys."""
    q, k, v, o = (w["W" + gate] @ x + w["b" + gate] for gate in "qkvo")
    i, f = (15 * torch.tanh((w["W" + gate] @ x + w["b" + gate]) / 15) for gate in "if")
    q, k = (torch.cat([one, torch.zeros(16 - WIDTH).double()]) for one in (q, k / 4))
    memory = sigmoid(f) * torch.stack(parts[2:]) + torch.exp(i) * torch.outer(k, v)
    n = sigmoid(f) * parts[1] + torch.exp(i) * k[:WIDTH]
    found = (memory.T @ q) / torch.clamp((n @ q[:WIDTH]).abs(), min=1)
    norm = found / torch.sqrt((found**2).mean() + 1e-2)
    return [sigmoid(o) * norm * w["norm"], n, *memory]


def unscaled(kind: str, parts: list[Tensor]) -> list[Tensor]:
    """Parts without the stabiliser: those that are kept as multiples of exp(m) as themselves, and no m."""
    if kind == "slstm":
        return [parts[0], *(part * torch.exp(parts[3]) for part in parts[1:3])]
    if kind == "mlstm":
        return [parts[0], *(part * torch.exp(parts[2][0]) for part in [parts[1], *parts[3:]])]
    return parts


def by_gate(cell: Recurrent, layer: int) -> dict[str, Tensor]:
    """The layer's weights under the names of the formulas."""
    own = {name.removesuffix(f"_l{layer}"): weight for name, weight in cell.stack.named_parameters()}
    gates = GATES.get(cell.kind, ["i", "f", "g", "o"])
    sizes = [1 if cell.kind == "mlstm" and gate in "if" else WIDTH for gate in gates]
    named = {}
    for letter, name in {"W": "weight_ih", "U": "weight_hh", "b": "bias_ih", "d": "bias_hh"}.items():
        whole = getattr(cell.stack, f"{name}_l{layer}", None)
        blocks = [torch.zeros(WIDTH).double()] * len(gates) if whole is None else whole.split(sizes)
        named |= {letter + gate: block for gate, block in zip(gates, blocks, strict=True)}
    if "peepholes" in own:
        named |= dict(zip(["pi", "pf", "po"], getattr(cell.stack, f"peepholes_l{layer}"), strict=True))
    return named | ({"norm": own["norm"][0]} if "norm" in own else {})


def plain(cell: Recurrent, inputs: Tensor, state: Tensor) -> tuple[Tensor, list[list[list[Tensor]]]]:
    """Outputs ``[B, N, D]`` and the parts of every row and layer at the end, in loops."""
    outputs, ends = [], []
    for row in range(len(inputs)):
        xs, end = list(inputs[row]), []
        for layer in range(cell.layers):
            weights, parts = by_gate(cell, layer), unscaled(cell.kind, list(state[row, layer]))
            for place, x in enumerate(xs):
                parts = written(cell.kind, weights, x, parts)
                xs[place] = parts[0]
            end.append(parts)
        outputs.append(torch.stack(xs))
        ends.append(end)
    return torch.stack(outputs), ends


def settled(kind: str, layers: int) -> tuple[Recurrent, Tensor, Tensor]:
    """A float64 cell whose every weight matters, inputs, and a state that it could have come to."""
    torch.manual_seed(0)
    cell = Recurrent(kind, WIDTH, layers, 0.0, inputs=INPUTS).double().eval()
    for weight in cell.parameters():
        weight.data += 0.3 * torch.randn_like(weight)
    state = torch.randn(ROWS, layers, registry.get(kind).parts, WIDTH).double()
    if kind == "slstm":
        state[:, :, 2] = 1.0 + state[:, :, 2].abs()
    return cell, torch.randn(ROWS, STEPS, INPUTS).double(), state


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", CELLS)
def test_a_sequence_is_the_formula(kind: str, layers: int) -> None:
    """A slip in one gate still trains, only worse; nothing but the formula would tell."""
    cell, inputs, state = settled(kind, layers)
    outputs, after = cell.run(inputs, state)
    expected, ends = plain(cell, inputs, state)
    torch.testing.assert_close(outputs, expected, rtol=1e-11, atol=1e-13)
    for row in range(ROWS):
        for layer in range(layers):
            parts = unscaled(kind, list(after[row, layer]))
            for ours, theirs in zip(parts, ends[row][layer], strict=True):
                torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", CELLS)
def test_gradients_are_the_formulas(kind: str) -> None:
    """Training follows gradients; a wrong one would look like a network that learns badly."""
    cell, inputs, state = settled(kind, 2)
    inputs, weights = inputs[:, :12], list(cell.parameters())
    emphasis = torch.randn(ROWS, 12, WIDTH).double()
    ours = torch.autograd.grad((cell.run(inputs, state)[0] * emphasis).sum(), weights)
    theirs = torch.autograd.grad((plain(cell, inputs, state)[0] * emphasis).sum(), weights)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", CELLS)
def test_steps_are_the_run(kind: str, layers: int) -> None:
    """Training runs sequences, service steps: they must be one function."""
    cell, inputs, state = settled(kind, layers)
    outputs, after = cell.run(inputs, state)
    for position in range(STEPS):
        state = cell.step(inputs[:, position], state)
        torch.testing.assert_close(state[:, -1, 0], outputs[:, position], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(state, after, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", TORCH)
def test_torch_agrees(kind: str, layers: int) -> None:
    """What others call an LSTM, a GRU or an RNN must be what we call so, to the weight's name and place."""
    cell, inputs, state = settled(kind, layers)
    theirs = TORCH[kind](INPUTS, WIDTH, layers, batch_first=True).double()
    theirs.load_state_dict(cell.stack.state_dict())
    parts = state.permute(2, 1, 0, 3).contiguous()
    expected, end = theirs(inputs, (parts[0], parts[1]) if kind == "lstm" else parts[0])
    for position in range(STEPS):
        state = cell.step(inputs[:, position], state)
        torch.testing.assert_close(state[:, -1, 0], expected[:, position], rtol=1e-12, atol=1e-14)
    for part, other in enumerate(end if kind == "lstm" else [end]):
        torch.testing.assert_close(state[:, :, part].transpose(0, 1), other, rtol=1e-12, atol=1e-14)


def test_a_peephole_lstm_without_peepholes_is_an_lstm() -> None:
    """It differs in nothing else; so it starts where an LSTM starts, and its peepholes grow if they help."""
    torch.manual_seed(0)
    cell, other = Recurrent("peephole", WIDTH, 1, 0.0), Recurrent("lstm", WIDTH, 1, 0.0)
    assert not cell.stack.get_parameter("peepholes_l0").any()
    other.stack.load_state_dict(
        {**other.stack.state_dict(), **{k: v for k, v in cell.stack.state_dict().items() if k != "peepholes_l0"}}
    )
    inputs, state = torch.randn(4, 9, WIDTH), torch.randn(4, 1, 2, WIDTH)
    torch.testing.assert_close(cell.run(inputs, state)[0], other.run(inputs, state)[0])


def test_dropout_lies_between_layers_only() -> None:
    """As in torch's layers: one layer has none, and serving has none."""
    torch.manual_seed(0)
    inputs = torch.randn(4, 9, WIDTH)
    for kind in CELLS:
        for layers in (1, 2):
            cell, state = Recurrent(kind, WIDTH, layers, 0.5), torch.zeros(4, layers, registry.get(kind).parts, WIDTH)
            one, other = (cell.train().run(inputs, state)[0] for _ in range(2))
            assert torch.equal(one, other) == (layers == 1), kind
            assert torch.equal(*(cell.eval().run(inputs, state)[0] for _ in range(2))), kind


@pytest.mark.parametrize("kind", ["lstm", "peephole", "slstm"])
def test_the_forget_gate_opens_at_first(kind: str) -> None:
    """Without it gradients die on long sequences before training has begun."""
    bias = dict(Recurrent(kind, 4, 1, 0.0).stack.named_parameters())["bias_ih_l0"]
    assert bias.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8


def test_an_unknown_cell_is_refused() -> None:
    """The message must name the choices."""
    with pytest.raises(
        ConfigError, match="cell: expected one of gru, lstm, mingru, mlstm, peephole, rnn, slstm, got 'mamba'"
    ):
        Recurrent("mamba", 4, 1, 0.0)
