"""The simple recurrent network."""

from torch import Tensor, nn

from statecast.layers.cells.cell import Cell, Parts
from statecast.layers.cells.registry import register


@register
class RNN(Cell):
    """Simple recurrent network.

    Notes
    -----
    h' = tanh(W x + U h + b)

    References
    ----------
    Elman, J. L. (1990). Finding structure in time. Cognitive Science 14(2).
    """

    name = "rnn"
    formula = "h' = tanh(W x + U h + b)"
    gates = 1
    fused = nn.RNN

    def step(self, ours: Tensor, past: Tensor, _parts: Parts, _further: Parts) -> Parts:
        """See ``Cell.step``."""
        return ((ours + past).tanh(),)
