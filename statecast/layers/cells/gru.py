"""The gated recurrent unit."""

from torch import Tensor, nn

from statecast.layers.cells.cell import Cell, Parts
from statecast.layers.cells.registry import register


@register
class GRU(Cell):
    """Gated recurrent unit, with the reset after the product as in torch.

    Notes
    -----
    r, z = sigmoid(W x + U h + b);  n = tanh(W x + b + r (U h + b));  h' = (1 - z) n + z h

    References
    ----------
    Cho, K. et al. (2014). Learning phrase representations using RNN encoder-decoder for statistical machine
    translation. EMNLP.
    """

    name = "gru"
    formula = "r, z = σ(W x + U h + b); n = tanh(W x + b + r ∘ (U h + b)); h' = (1 - z) ∘ n + z ∘ h"
    gates = 3
    fused = nn.GRU

    def step(self, ours: Tensor, past: Tensor, parts: Parts, _further: Parts) -> Parts:
        """See ``Cell.step``."""
        reset_in, update_in, value_in = ours.chunk(3, dim=-1)
        reset_past, update_past, value_past = past.chunk(3, dim=-1)
        update = (update_in + update_past).sigmoid()
        value = (value_in + (reset_in + reset_past).sigmoid() * value_past).tanh()
        return ((1 - update) * value + update * parts[0],)
