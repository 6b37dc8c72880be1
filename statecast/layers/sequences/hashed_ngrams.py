"""The mean of embedded n-grams, hashed into a table of fixed size: what neighbouring symbols mean together."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.state.state import Field

_FACTOR, _SHIFT = 6364136223846793005, 29


class HashedNgrams(nn.Module):
    """Symbols to the mean of their n-grams' vectors, for all n from 2 to ``longest``; carried as a sum and a count.

    Parameters
    ----------
    longest : int
        Symbols of the longest n-grams, at least 2.
    buckets : int
        Rows of the table; n-grams of the same hash share one.
    width : int
        Numbers per n-gram, W.

    References
    ----------
    Joulin, A. et al. (2017). Bag of tricks for efficient text classification. EACL.

    Examples
    --------
    >>> ngrams = HashedNgrams(longest=2, buckets=16, width=3)
    >>> carried = ngrams.read(torch.tensor([[5, 6, 7]]), torch.tensor([3]), ngrams.begin(1))
    >>> carried["recent"].tolist(), tuple(ngrams.summary(carried).shape)
    ([[7]], (1, 3))
    """

    def __init__(self, longest: int, buckets: int, width: int) -> None:
        super().__init__()
        self.longest, self.buckets, self.width = longest, buckets, width
        self.table = nn.Embedding(buckets, width)
        nn.init.normal_(self.table.weight, std=0.1)
        self.fields = (
            Field("recent", (longest - 1,), torch.int64),
            Field("ngrams", (), torch.int64),
            Field("ngram_sum", (width,), torch.float64),
        )

    def begin(self, rows: int, device: torch.device | str = "cpu") -> dict[str, Tensor]:
        """Give what is carried before the first symbol.

        Parameters
        ----------
        rows : int
            How many, B.
        device : torch.device or str
            Where.

        Returns
        -------
        dict of str to Tensor
            ``[B, ...]`` by the names of ``fields``.
        """
        return {
            field.name: torch.zeros((rows, *field.shape), dtype=field.dtype, device=device) for field in self.fields
        }

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
        before, steps = self.longest - 1, symbols.shape[1]
        joined = torch.cat([carried["recent"], symbols], dim=1)
        real = torch.arange(steps, device=symbols.device) < lengths[:, None]
        places = [self._hash(joined, order, before, steps) for order in range(2, self.longest + 1)]
        # Padding is summed too, with weight 0.
        index, weights = torch.cat(places, dim=1), real.to(self.table.weight.dtype).repeat(1, len(places))
        total = functional.embedding_bag(index, self.table.weight, mode="sum", per_sample_weights=weights)
        ends = lengths[:, None] + torch.arange(before, device=symbols.device)
        return {
            "recent": joined.gather(1, ends),
            "ngrams": carried["ngrams"] + lengths * len(places),
            "ngram_sum": carried["ngram_sum"] + total,
        }

    def summary(self, carried: Mapping[str, Tensor]) -> Tensor:
        """Give the mean of what was carried; 0 where there was nothing.

        Parameters
        ----------
        carried : mapping of str to Tensor
            What ``read`` gave.

        Returns
        -------
        Tensor
            ``[B, W]`` float32.
        """
        return (carried["ngram_sum"] / carried["ngrams"].clamp(min=1)[:, None]).float()

    def _hash(self, joined: Tensor, order: int, before: int, steps: int) -> Tensor:
        """Rows of the table ``[B, T]`` of the n-grams of one order that end at each step."""
        found = torch.full_like(joined[:, :steps], order)
        for back in range(order - 1, -1, -1):
            found = (found ^ joined[:, before - back : before - back + steps]) * _FACTOR
            found = found ^ (found >> _SHIFT)
        return found.remainder(self.buckets)
