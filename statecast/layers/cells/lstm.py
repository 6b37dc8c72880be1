"""The long short-term memory."""

from torch import Tensor, nn

from statecast.layers.cells.cell import Cell, Parts
from statecast.layers.cells.registry import register


@register
class LSTM(Cell):
    """Long short-term memory with a forget gate.

    Notes
    -----
    i, f, g, o = W x + U h + b;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')

    References
    ----------
    Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. Neural Computation 9(8).
    Gers, F. A., Schmidhuber, J. and Cummins, F. (2000). Learning to forget: continual prediction with LSTM. Neural
    Computation 12(10).
    """

    name = "lstm"
    formula = "i, f, g, o = W x + U h + b; c' = σ(f) ∘ c + σ(i) ∘ tanh(g); h' = σ(o) ∘ tanh(c')"
    gates = 4
    parts = 2
    forget_gate = 1
    fused = nn.LSTM

    def step(self, ours: Tensor, past: Tensor, parts: Parts, _further: Parts) -> Parts:
        """See ``Cell.step``; parts are h and c."""
        enter, keep, value, leave = (ours + past).chunk(4, dim=-1)
        cell = keep.sigmoid() * parts[1] + enter.sigmoid() * value.tanh()
        return leave.sigmoid() * cell.tanh(), cell
