"""The LSTM with an exponential input gate."""

import torch
from torch import Tensor
from torch.nn import functional

from statecast.layers.cells.cell import Cell, Parts
from statecast.layers.cells.registry import register


@register
class SLSTM(Cell):
    """Scalar LSTM of xLSTM: an exponential input gate and a normaliser, one head, without convolution and group norm.

    Notes
    -----
    i, f, g, o = W x + U h + b;  c' = sigmoid(f) c + exp(i) tanh(g);  n' = sigmoid(f) n + exp(i);
    h' = sigmoid(o) c' / n'

    with c and n kept as multiples of exp(m), where m' = max(log sigmoid(f) + m, i), so that n stays at 1 or above.

    References
    ----------
    Beck, M. et al. (2024). xLSTM: extended long short-term memory. NeurIPS.
    """

    name = "slstm"
    formula = (
        "i, f, g, o = W x + U h + b; c' = σ(f) ∘ c + exp(i) ∘ tanh(g); n' = σ(f) ∘ n + exp(i); h' = σ(o) ∘ c' / n'"
    )
    gates = 4
    parts = 4
    forget_gate = 1

    def step(self, ours: Tensor, past: Tensor, parts: Parts, _further: Parts) -> Parts:
        """See ``Cell.step``; parts are h, c, n and m."""
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
