"""Recurrent cells behind one interface: a whole sequence, or one step, of the same layers with the same weights.

State is ``[B, layers, parts, D]``: part 0 is the hidden vector, part 1 (``lstm``) the cell vector.

    lstm  i, f, g, o = W x + U h + b;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')
          (Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000, its bias starts at 1)
    gru   r, z = sigmoid(W x + U h + b);  n = tanh(W x + b + r (U h + b));  h' = (1 - z) n + z h   (Cho et al. 2014)
    rnn   h' = tanh(W x + U h + b)                                                                 (Elman 1990)

Sequences go through torch's fused layers. Single steps are written out, because the fused layers repack their weights
at every call, which costs more than the step itself.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.errors import ConfigError

PARTS = {"lstm": 2, "gru": 1, "rnn": 1}
_LAYERS: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
# torch multiplies float32 with MKL, which on AMD's processors takes twice the time of oneDNN, its other library; but
# each call of that one costs some microseconds more, which only products of so many multiplications make up for.
_MANY = 2_000_000
_ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _linear(inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Give ``inputs weight^T + bias`` in the faster way; the two differ by rounding alone."""
    plain = inputs.device.type == "cpu" and inputs.dtype == torch.float32 and not torch.is_grad_enabled()
    if not (_ONEDNN and plain and len(inputs) * weight.numel() >= _MANY):
        return functional.linear(inputs, weight, bias)
    product: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
    return product


class Recurrent(nn.Module):
    """Stacked recurrent layers of one kind, D wide; their input is D wide too, unless ``inputs`` says else."""

    def __init__(self, kind: str, width: int, layers: int, dropout: float, inputs: int | None = None) -> None:
        super().__init__()
        if kind not in _LAYERS:
            raise ConfigError(f"cell: expected one of {', '.join(_LAYERS)}, got {kind!r}")
        self.kind, self.width, self.layers, self.parts = kind, width, layers, PARTS[kind]
        between = dropout if layers > 1 else 0.0
        self.stack = _LAYERS[kind](inputs or width, width, layers, batch_first=True, dropout=between)
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
                if self.kind == "lstm" and name.startswith("bias_ih"):
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
        hidden = state[:, :, 0].transpose(0, 1).contiguous()
        if self.kind == "lstm":
            outputs, (hidden, cell) = self.stack(inputs, (hidden, state[:, :, 1].transpose(0, 1).contiguous()))
            return outputs, torch.stack([hidden, cell], dim=2).transpose(0, 1)
        outputs, hidden = self.stack(inputs, hidden)
        return outputs, hidden.transpose(0, 1).unsqueeze(2)

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """Advance by one: ``inputs`` ``[B, D]``; returns the new state, whose ``[:, -1, 0]`` is the output."""
        advance = {"lstm": self._lstm, "gru": self._gru, "rnn": self._rnn}[self.kind]
        layers = []
        for layer in range(self.layers):
            new = advance(layer, inputs, state[:, layer])
            layers.append(new)
            inputs = new[:, 0]
        return torch.stack(layers, dim=1)

    def _projections(self, layer: int, inputs: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        stack = self.stack
        ours = _linear(inputs, getattr(stack, f"weight_ih_l{layer}"), getattr(stack, f"bias_ih_l{layer}"))
        past = _linear(hidden, getattr(stack, f"weight_hh_l{layer}"), getattr(stack, f"bias_hh_l{layer}"))
        return ours, past

    def _lstm(self, layer: int, inputs: Tensor, state: Tensor) -> Tensor:
        ours, past = self._projections(layer, inputs, state[:, 0])
        enter, keep, value, leave = (ours + past).chunk(4, dim=-1)
        cell = keep.sigmoid() * state[:, 1] + enter.sigmoid() * value.tanh()
        return torch.stack([leave.sigmoid() * cell.tanh(), cell], dim=1)

    def _gru(self, layer: int, inputs: Tensor, state: Tensor) -> Tensor:
        ours, past = self._projections(layer, inputs, state[:, 0])
        reset_in, update_in, value_in = ours.chunk(3, dim=-1)
        reset_past, update_past, value_past = past.chunk(3, dim=-1)
        update = (update_in + update_past).sigmoid()
        value = (value_in + (reset_in + reset_past).sigmoid() * value_past).tanh()
        return ((1 - update) * value + update * state[:, 0]).unsqueeze(1)

    def _rnn(self, layer: int, inputs: Tensor, state: Tensor) -> Tensor:
        ours, past = self._projections(layer, inputs, state[:, 0])
        return (ours + past).tanh().unsqueeze(1)
