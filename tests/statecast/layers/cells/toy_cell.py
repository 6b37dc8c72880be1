"""A cell in one file of somebody else's, to show that one file is all it takes."""

from torch import Tensor

from statecast.layers.cells.cell import Cell, Parts
from statecast.layers.cells.registry import register


@register
class MinimalGatedUnit(Cell):
    """Minimal gated unit: one gate that both forgets and updates.

    Notes
    -----
    f = sigmoid(W x + U h + b);  n = tanh(W x + b + f (U h));  h' = (1 - f) h + f n

    References
    ----------
    Zhou, G.-B. et al. (2016). Minimal gated unit for recurrent neural networks. International Journal of Automation and
    Computing 13(3).
    """

    name = "toy"
    formula = "f = σ(W x + U h + b); n = tanh(W x + b + f ∘ (U h)); h' = (1 - f) ∘ h + f ∘ n"
    gates = 2

    def step(self, ours: Tensor, past: Tensor, parts: Parts, _further: Parts) -> Parts:
        """See ``Cell.step``."""
        gate_in, value_in = ours.chunk(2, dim=-1)
        gate_past, value_past = past.chunk(2, dim=-1)
        gate = (gate_in + gate_past).sigmoid()
        return (parts[0] + gate * ((value_in + gate * value_past).tanh() - parts[0]),)
