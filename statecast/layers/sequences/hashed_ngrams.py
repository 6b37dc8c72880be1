"""A linear model of n-grams, hashed into a table of fixed size, whose sums are carried: what words say alone."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.layers.sequences.padding import last_steps, sequence_mask
from statecast.state.state import Field

_FACTOR, _SHIFT = 6364136223846793005, 29


class HashedNgrams(nn.Module):
    """Symbols to the sum of their n-grams' weights over the root of how many there were, for n from 1 to ``longest``.

    Parameters
    ----------
    longest : int
        Symbols of the longest n-grams.
    buckets : int
        Rows of the table; n-grams of the same hash share one.
    outputs : int
        Numbers per n-gram, K.

    References
    ----------
    Weinberger, K. et al. (2009). Feature hashing for large scale multitask learning. ICML.
    Wang, S. and Manning, C. (2012). Baselines and bigrams: simple, good sentiment and topic classification. ACL.

    Examples
    --------
    >>> from statecast.state.state import fresh_fields
    >>> ngrams = HashedNgrams(longest=2, buckets=16, outputs=3)
    >>> carried = ngrams.read(torch.tensor([[5, 6, 7]]), torch.tensor([3]), fresh_fields(ngrams.fields, 1))
    >>> carried["recent"].tolist(), carried["ngrams"].tolist(), tuple(ngrams.summary(carried).shape)
    ([[7]], [6], (1, 3))
    """

    def __init__(self, longest: int, buckets: int, outputs: int) -> None:
        super().__init__()
        self.longest, self.buckets = longest, buckets
        self.table = nn.Parameter(torch.zeros(buckets, outputs), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(outputs), requires_grad=False)
        self.fields = (
            Field("recent", (longest - 1,), torch.int64),
            Field("ngrams", (), torch.int64),
            Field("ngram_sum", (outputs,), torch.float64),
        )

    def read(self, symbols: Tensor, lengths: Tensor, carried: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Take further symbols in.

        Parameters
        ----------
        symbols : Tensor
            ``[B, T]`` int64.
        lengths : Tensor
            ``[B]`` int64, 0 to T.
        carried : mapping of str to Tensor
            What was carried so far, which stays as it is.

        Returns
        -------
        dict of str to Tensor
            The same after these symbols.
        """
        joined = torch.cat([carried["recent"], symbols], dim=1)
        index = self.rows(joined, symbols.shape[1])
        real = sequence_mask(lengths, symbols.shape[1])
        weights = real.to(self.table.dtype).repeat(1, self.longest)  # padding is summed too, with weight 0
        total = functional.embedding_bag(index, self.table, mode="sum", per_sample_weights=weights)
        return {
            "recent": last_steps(joined, lengths, self.longest - 1),
            "ngrams": carried["ngrams"] + lengths * self.longest,
            "ngram_sum": carried["ngram_sum"] + total,
        }

    def rows(self, joined: Tensor, steps: int) -> Tensor:
        """Say which rows of the table the n-grams have that end at the last steps.

        Parameters
        ----------
        joined : Tensor
            ``[B, longest - 1 + T]`` int64, the symbols before the steps among them; 0 where there were none.
        steps : int
            T.

        Returns
        -------
        Tensor
            ``[B, longest * T]`` int64, one order after the other.
        """
        return torch.cat([self._hash(joined, order, steps) for order in range(1, self.longest + 1)], dim=1)

    def summary(self, carried: Mapping[str, Tensor]) -> Tensor:
        """Give the logits of what was carried.

        Parameters
        ----------
        carried : mapping of str to Tensor
            What ``read`` gave.

        Returns
        -------
        Tensor
            ``[B, K]`` float32.
        """
        return (carried["ngram_sum"] / carried["ngrams"].clamp(min=1)[:, None].sqrt()).float() + self.bias

    def _hash(self, joined: Tensor, order: int, steps: int) -> Tensor:
        """Rows ``[B, T]`` of the n-grams of one order that end at each step."""
        before = self.longest - 1
        found = torch.full_like(joined[:, :steps], order)
        for back in range(order - 1, -1, -1):
            found = (found ^ joined[:, before - back : before - back + steps]) * _FACTOR
            found = found ^ (found >> _SHIFT)
        return found.remainder(self.buckets)
