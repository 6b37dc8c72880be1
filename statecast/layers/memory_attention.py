"""Attention over time: the hidden vectors of past patches of the same phase, each kept in a few numbers.

A recurrent layer must carry through every step whatever a later one may need; a memory can be looked up. Its entries
are those of t - P, t - 2P, ..., t - KP, which the state keeps, so that it streams as exactly as the rest.
"""

import torch
from torch import Tensor, nn


class MemoryAttention(nn.Module):
    """Scaled dot-product attention over K kept vectors with learned ages.

    Parameters
    ----------
    width : int
        Width of hidden vectors, D.
    memory : int
        How many are kept, K.
    memory_width : int
        Numbers that each is kept in, W.

    References
    ----------
    Vaswani, A. et al. (2017). Attention is all you need. NeurIPS.
    Shaw, P., Uszkoreit, J. and Vaswani, A. (2018). Self-attention with relative position representations. NAACL.
    """

    def __init__(self, width: int, memory: int, memory_width: int) -> None:
        super().__init__()
        self.ages = nn.Parameter(torch.randn(memory, memory_width) * 0.1)
        self.query = nn.Linear(width, memory_width)
        self.key = nn.Linear(memory_width, memory_width, bias=False)
        self.value = nn.Linear(memory_width, width, bias=False)

    def forward(self, hidden: Tensor, kept: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Attend to kept vectors.

        Parameters
        ----------
        hidden : Tensor
            ``[..., D]``, which asks.
        kept : Tensor
            ``[..., K, W]``, oldest first.
        seen : Tensor
            ``[..., K]`` bool, which of them there are.

        Returns
        -------
        tuple of Tensor
            ``[..., D]`` and the weights ``[..., K]``; both are 0 where nothing was seen.
        """
        keys = self.key(kept) + self.ages
        scores = (keys @ self.query(hidden)[..., None])[..., 0] / kept.shape[-1] ** 0.5
        # Not minus infinity: with nothing seen at all, the gradient of a softmax of those alone is no number.
        weights = torch.softmax(scores.masked_fill(~seen, -1e9), dim=-1) * seen
        return self.value((weights[..., None, :] @ kept)[..., 0, :]), weights
