"""A small transformer over the memory of a recurrent network: what an LSTM cannot look up, attention can compare.

The entries are those of ``statecast.layers.memory_attention`` and the present one, so it lies in the state and
streams exactly.
"""

import torch
from torch import Tensor, nn

from statecast.config import TRANSFORMER_HEADS


class Block(nn.Module):
    """Self-attention of several heads and a feed-forward layer, each after a layer norm and added to its input.

    Parameters
    ----------
    width : int
        Width of the tokens, W, a multiple of the heads.
    dropout : float
        Share of what is added that training leaves out.

    References
    ----------
    Vaswani, A. et al. (2017). Attention is all you need. NeurIPS.
    Xiong, R. et al. (2020). On layer normalization in the transformer architecture. ICML.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.forth = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, asking: Tensor, tokens: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Attend to tokens.

        Parameters
        ----------
        asking : Tensor
            ``[..., A, W]``.
        tokens : Tensor
            ``[..., L, W]``.
        seen : Tensor
            ``[..., L]`` bool, which of them there are; at least one per row.

        Returns
        -------
        tuple of Tensor
            New ``asking`` ``[..., A, W]``, and the weights ``[..., A, L]``, mean of the heads.
        """
        queries, context = self.before(asking), self.before(tokens)
        query = self._heads(self.query(queries))
        key, value = self._heads(self.key(context)), self._heads(self.value(context))
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        weights = torch.softmax(scores.masked_fill(~seen[..., None, None, :], -torch.inf), dim=-1)
        mixed = (weights @ value).transpose(-2, -3).flatten(-2)
        asking = asking + self.dropout(self.out(mixed))
        found = asking + self.dropout(self.forth(self.between(asking)))
        return found, weights.mean(-3)

    def _heads(self, values: Tensor) -> Tensor:
        """``[..., L, W]`` to ``[..., heads, L, W / heads]``."""
        parted: Tensor = values.unflatten(-1, (TRANSFORMER_HEADS, -1))
        return parted.transpose(-2, -3)


class MemoryTransformer(nn.Module):
    """Blocks over K kept vectors and, as the last of them, the present one, with learned ages; it alone is read out.

    Parameters
    ----------
    width : int
        Width of hidden vectors, D.
    memory : int
        How many are kept, K.
    memory_width : int
        Numbers that each is kept in, W.
    layers : int
        Blocks.
    dropout : float
        As in ``Block``.
    """

    def __init__(self, width: int, memory: int, memory_width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.present = nn.Linear(width, memory_width)
        self.ages = nn.Parameter(torch.randn(memory + 1, memory_width) * 0.1)
        self.blocks = nn.ModuleList(Block(memory_width, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(memory_width)
        self.value = nn.Linear(memory_width, width, bias=False)

    def forward(self, hidden: Tensor, kept: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Compare the present with what is kept; arguments as in ``MemoryAttention.forward``.

        Parameters
        ----------
        hidden : Tensor
            ``[..., D]``, the present.
        kept : Tensor
            ``[..., K, W]``, oldest first.
        seen : Tensor
            ``[..., K]`` bool, which of them there are.

        Returns
        -------
        tuple of Tensor
            ``[..., D]``, and the weights ``[..., K + 1]`` with which the present looks at them and at itself in the
            last block.
        """
        tokens = torch.cat([kept, self.present(hidden)[..., None, :]], dim=-2) + self.ages
        seen = torch.cat([seen, torch.ones_like(seen[..., :1])], dim=-1)
        for block in self.blocks[:-1]:
            tokens, _ = block(tokens, tokens, seen)
        read, weights = self.blocks[-1](tokens[..., -1:, :], tokens, seen)
        found: Tensor = self.value(self.norm(read[..., 0, :]))
        return found, weights[..., 0, :]
