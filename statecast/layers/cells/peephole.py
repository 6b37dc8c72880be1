"""The LSTM whose gates also read the cell."""

from types import MappingProxyType

import torch
from torch import Tensor

from statecast.layers.cells.cell import Cell, Parts
from statecast.layers.cells.registry import register


@register
class Peephole(Cell):
    """LSTM with peepholes, which start at 0, where it is an LSTM.

    Notes
    -----
    As ``lstm``, with p c added to i and to f, and p c' to o.

    References
    ----------
    Gers, F. A. and Schmidhuber, J. (2000). Recurrent nets that time and count. IJCNN.
    Gers, F. A., Schraudolph, N. N. and Schmidhuber, J. (2002). Learning precise timing with LSTM recurrent networks.
    Journal of Machine Learning Research 3.
    """

    name = "peephole"
    formula = "as `lstm`, with p ∘ c added to i and to f, and p ∘ c' to o"
    gates = 4
    parts = 2
    forget_gate = 1
    further = MappingProxyType({"peepholes": 3})

    def step(self, ours: Tensor, past: Tensor, parts: Parts, further: Parts) -> Parts:
        """See ``Cell.step``; parts are h and c."""
        (peepholes,) = further
        enter, keep, value, leave = (ours + past).chunk(4, dim=-1)
        seen = torch.addcmul(torch.stack([enter, keep]), peepholes[:2, None], parts[1]).sigmoid()
        cell = seen[1] * parts[1] + seen[0] * value.tanh()
        return torch.addcmul(leave, peepholes[2], cell).sigmoid() * cell.tanh(), cell
