"""Recurrent cells behind one interface: a whole sequence, or one step, of the same layers with the same weights.

State is ``[B, layers, parts, D]``: part 0 is the hidden vector h, then c, n and m where a cell has them; 0 at first.

    lstm      i, f, g, o = W x + U h + b;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')
              (Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000, its bias starts at 1)
    peephole  the same, where i and f have p c added, and o has p c'       (Gers & Schmidhuber 2000, Gers et al. 2002)
    slstm     c' = sigmoid(f) c + exp(i) tanh(g);  n' = sigmoid(f) n + exp(i);  h' = sigmoid(o) c' / n'
              with c and n kept as multiples of exp(m), where m' = max(log sigmoid(f) + m, i)     (Beck et al. 2024)
    gru       r, z = sigmoid(W x + U h + b);  n = tanh(W x + b + r (U h + b));  h' = (1 - z) n + z h (Cho et al. 2014)
    rnn       h' = tanh(W x + U h + b)                                                               (Elman 1990)

Where torch has fused layers, sequences go through them. Single steps are written out, because the fused layers repack
their weights at every call, which costs more than the step itself.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.errors import ConfigError

Parts = tuple[Tensor, ...]
PARTS = {"lstm": 2, "gru": 1, "rnn": 1, "peephole": 2, "slstm": 4}
CELLS = tuple(PARTS)
_FUSED: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
# torch multiplies float32 with MKL, which on AMD's processors takes twice the time of oneDNN, its other library; but
# each call of that one costs some microseconds more, which only products of so many multiplications make up for.
_MANY = 2_000_000
_BLOCK = 8  # steps whose products with the input are computed at once: few enough to stay in the cache
_ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _linear(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Give ``inputs weight^T + bias`` in the faster way; the two differ by rounding alone."""
    plain = inputs.device.type == "cpu" and inputs.dtype == torch.float32 and not torch.is_grad_enabled()
    if not (_ONEDNN and plain and len(inputs) * weight.numel() >= _MANY):
        return functional.linear(inputs, weight, bias)
    product: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
    return product


def _lstm(ours: Tensor, past: Tensor, parts: Parts) -> Parts:
    enter, keep, value, leave = (ours + past).chunk(4, dim=-1)
    cell = keep.sigmoid() * parts[1] + enter.sigmoid() * value.tanh()
    return leave.sigmoid() * cell.tanh(), cell


def _peephole(ours: Tensor, past: Tensor, parts: Parts, peepholes: Tensor) -> Parts:
    enter, keep, value, leave = (ours + past).chunk(4, dim=-1)
    seen = torch.addcmul(torch.stack([enter, keep]), peepholes[:2, None], parts[1]).sigmoid()
    cell = seen[1] * parts[1] + seen[0] * value.tanh()
    return torch.addcmul(leave, peepholes[2], cell).sigmoid() * cell.tanh(), cell


def _slstm(ours: Tensor, past: Tensor, parts: Parts) -> Parts:
    _, cell, norm, peak = parts
    # Exponents lose too much in low precision, whatever the products were computed in.
    enter, keep, value, leave = (ours + past).to(cell.dtype).chunk(4, dim=-1)
    # Nothing has been read where the norm is 0: then the first peak is the first entry, however small.
    kept = functional.logsigmoid(keep) + torch.where(norm > 0, peak, -torch.inf)
    # The peak cancels in cell / norm, so that no gradient runs through it.
    peak = torch.maximum(kept, enter).detach()
    share, kept = (enter - peak).exp(), (kept - peak).exp()
    cell, norm = kept * cell + share * value.tanh(), kept * norm + share
    return leave.sigmoid() * cell / norm, cell, norm, peak


def _gru(ours: Tensor, past: Tensor, parts: Parts) -> Parts:
    reset_in, update_in, value_in = ours.chunk(3, dim=-1)
    reset_past, update_past, value_past = past.chunk(3, dim=-1)
    update = (update_in + update_past).sigmoid()
    value = (value_in + (reset_in + reset_past).sigmoid() * value_past).tanh()
    return ((1 - update) * value + update * parts[0],)


def _rnn(ours: Tensor, past: Tensor, _: Parts) -> Parts:
    return ((ours + past).tanh(),)


# From the products with input and hidden vector and the old parts to the new ones.
_FORMULAS: dict[str, Callable[[Tensor, Tensor, Parts], Parts]] = {
    "lstm": _lstm, "slstm": _slstm, "gru": _gru, "rnn": _rnn
}  # fmt: skip


class _Weights(nn.Module):
    """Weights of layers of four gates that torch has not, named as torch names those it has; with one bias, not two."""

    def __init__(self, kind: str, inputs: int, width: int, layers: int) -> None:
        super().__init__()
        for layer in range(layers):
            shapes: dict[str, tuple[int, ...]] = {
                "weight_ih": (4 * width, width if layer else inputs),
                "weight_hh": (4 * width, width),
                "bias_ih": (4 * width,),
            }
            if kind == "peephole":
                shapes["peepholes"] = (3, width)
            for name, shape in shapes.items():
                self.register_parameter(f"{name}_l{layer}", nn.Parameter(torch.empty(shape)))


class Recurrent(nn.Module):
    """Stacked recurrent layers of one kind, D wide; their input is D wide too, unless ``inputs`` says else."""

    def __init__(self, kind: str, width: int, layers: int, dropout: float, inputs: int | None = None) -> None:
        super().__init__()
        if kind not in PARTS:
            raise ConfigError(f"cell: expected one of {', '.join(CELLS)}, got {kind!r}")
        self.kind, self.width, self.layers, self.parts = kind, width, layers, PARTS[kind]
        self.between = dropout if layers > 1 else 0.0
        self.stack: nn.Module = (
            _FUSED[kind](inputs or width, width, layers, batch_first=True, dropout=self.between)
            if kind in _FUSED
            else _Weights(kind, inputs or width, width, layers)
        )
        self._initialise()

    def _initialise(self) -> None:
        """Orthogonal recurrent and Xavier input weights, zero biases, forget bias 1 (Jozefowicz et al. 2015)."""
        for name, weight in self.stack.named_parameters():
            if name.startswith("weight_hh"):
                for gate in weight.data.chunk(weight.shape[0] // self.width):
                    nn.init.orthogonal_(gate)
            elif name.startswith("weight_ih"):
                for gate in weight.data.chunk(weight.shape[0] // self.width):
                    nn.init.xavier_uniform_(gate)
            else:
                nn.init.zeros_(weight)
                if self.kind in ("lstm", "peephole", "slstm") and name.startswith("bias_ih"):
                    weight.data[self.width : 2 * self.width] = 1.0

    def run(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Advance over ``inputs`` ``[B, N, D]`` from ``state`` ``[B, layers, parts, D]``.

        Returns the top layer's hidden vectors ``[B, N, D]`` and the new state.
        """
        if inputs.shape[1] == 0:
            return inputs, state
        if inputs.shape[1] == 1 and not self.training:
            new = self.step(inputs[:, 0], state)
            return new[:, -1:, 0], new
        if self.kind not in _FUSED:
            return self._walk(inputs, state)
        hidden = state[:, :, 0].transpose(0, 1).contiguous()
        if self.kind == "lstm":
            outputs, (hidden, cell) = self.stack(inputs, (hidden, state[:, :, 1].transpose(0, 1).contiguous()))
            return outputs, torch.stack([hidden, cell], dim=2).transpose(0, 1)
        outputs, hidden = self.stack(inputs, hidden)
        return outputs, hidden.transpose(0, 1).unsqueeze(2)

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """Advance by one: ``inputs`` ``[B, D]``; returns the new state, whose ``[:, -1, 0]`` is the output."""
        layers = []
        for layer in range(self.layers):
            parts = self._advance(layer, self._product("ih", layer, inputs), state[:, layer].unbind(1))
            layers.append(torch.stack(parts, dim=1))
            inputs = parts[0]
        return torch.stack(layers, dim=1)

    def _walk(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``run`` a layer after the other, with one product for all inputs and then a step at a time."""
        layers, steps = [], inputs.transpose(0, 1)  # time first, so that what a step reads lies together
        for layer in range(self.layers):
            if layer:
                steps = functional.dropout(steps, self.between, self.training)
            parts, outputs = state[:, layer].unbind(1), []
            for some in steps.split(_BLOCK):
                ours = self._product("ih", layer, some.flatten(0, 1))
                for one in ours.unflatten(0, some.shape[:2]):
                    parts = self._advance(layer, one, parts)
                    outputs.append(parts[0])
            steps = torch.stack(outputs)
            layers.append(torch.stack(parts, dim=1))
        return steps.transpose(0, 1), torch.stack(layers, dim=1)

    def _advance(self, layer: int, ours: Tensor, parts: Parts) -> Parts:
        past = self._product("hh", layer, parts[0])
        if self.kind == "peephole":
            return _peephole(ours, past, parts, self._weight("peepholes", layer))
        return _FORMULAS[self.kind](ours, past, parts)

    def _product(self, side: str, layer: int, inputs: Tensor) -> Tensor:
        """The gates' share of the input (``ih``) or of the hidden vector (``hh``), ``[M, D]``."""
        bias = self._weight(f"bias_{side}", layer) if side == "ih" or self.kind in _FUSED else None
        return _linear(inputs, self._weight(f"weight_{side}", layer), bias)

    def _weight(self, name: str, layer: int) -> Tensor:
        found: Tensor = getattr(self.stack, f"{name}_l{layer}")
        return found
