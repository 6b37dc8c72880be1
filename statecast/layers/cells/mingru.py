"""The gated recurrent unit without recurrent weights."""

import torch
from torch import Tensor

from statecast.layers.cells.cell import Parts
from statecast.layers.cells.parallel import ParallelCell
from statecast.layers.cells.registry import register


@register
class MinGRU(ParallelCell):
    """Minimal gated recurrent unit: the gate and the new value read the input alone.

    Notes
    -----
    z = sigmoid(W x + b);  h' = (1 - z) h + z (W x + b)

    A sequence is read by a parallel scan of the maps h -> a h + b, which doubles its span at each pass (Hillis and
    Steele 1986). Its products of shares 1 - z fade to 0 without harm. So it needs no logarithms and thus no positive
    values, which the paper's scan does.

    References
    ----------
    Feng, L. et al. (2024). Were RNNs all we needed? arXiv 2410.01201.
    Hillis, W. D. and Steele, G. L. (1986). Data parallel algorithms. Communications of the ACM 29(12).
    """

    name = "mingru"
    formula = "z = σ(W x + b); h' = (1 - z) ∘ h + z ∘ (W x + b)"
    gates = 2
    block = 64

    def step(self, ours: Tensor, _past: Tensor, parts: Parts, _further: Parts) -> Parts:
        """See ``Cell.step``."""
        update, value = ours.to(parts[0].dtype).chunk(2, dim=-1)
        return (torch.addcmul((-update).sigmoid() * parts[0], update.sigmoid(), value),)

    def read(self, ours: Tensor, parts: Parts, _further: Parts) -> tuple[Tensor, Parts]:
        """See ``ParallelCell.read``."""
        update, value = ours.to(parts[0].dtype).chunk(2, dim=-1)
        keep, hidden = (-update).sigmoid(), update.sigmoid() * value
        hidden = torch.cat([torch.addcmul(hidden[:, :1], keep[:, :1], parts[0][:, None]), hidden[:, 1:]], dim=1)
        span = 1
        while span < hidden.shape[1]:
            # What each step makes of the state before the 2 span steps up to it, from what either half makes of it.
            reached = torch.addcmul(hidden[:, span:], keep[:, span:], hidden[:, :-span])
            hidden = torch.cat([hidden[:, :span], reached], dim=1)
            keep = torch.cat([keep[:, :span], keep[:, span:] * keep[:, :-span]], dim=1)
            span *= 2
        return hidden, (hidden[:, -1],)
