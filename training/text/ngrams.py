"""Interpolated Kneser-Ney, the n-gram model to beat.

    P_k(w | h) = max(c(h w) - D(c(h w)), 0) / c(h .)  +  gamma(h) P_{k-1}(w | h without its first symbol)

At the highest order ``c`` counts occurrences; below, in how many contexts of one more symbol something occurs. ``D`` is
one of three discounts, of counts 1, 2 and 3 or more; ``gamma`` hands on what was taken off. Order 0 is uniform.

References
----------
Kneser, R. and Ney, H. (1995). Improved backing-off for m-gram language modeling. ICASSP.

Chen, S. F. and Goodman, J. (1999). An empirical study of smoothing techniques for language modeling. Computer Speech
and Language 13; the three discounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.text.corpus import Tokens

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class _Order:
    """Everything of one length k. A gram is known by its code: its first k - 1 symbols' number, and its last symbol."""

    codes: Tokens  # [G], ascending; the place of a code is its gram's number
    taken: Doubles  # [G] counts less their discount
    totals: Doubles  # [contexts] c(h .)
    passed: Doubles  # [contexts] what was taken off in all


class KneserNey:
    """An n-gram model, counted on one text.

    Parameters
    ----------
    tokens : ndarray of int64, shape [T]
        Ids of the text's symbols.
    vocabulary : int
        Number of ids.
    order : int
        Symbols per n-gram, the predicted one included; from 1.
    discounts : sequence of triples of float, optional
        Discounts of counts 1, 2 and 3 or more per order, the lowest order first; estimated from the counts if left out.

    Examples
    --------
    >>> model = KneserNey(np.array([0, 1, 0, 1]), vocabulary=2, order=2)
    >>> model.probabilities(np.array([0, 1])).round(3).tolist()
    [0.833, 0.833]
    """

    def __init__(
        self, tokens: Tokens, vocabulary: int, order: int, discounts: Sequence[Sequence[float]] | None = None
    ) -> None:
        self.order, self._symbols = order, vocabulary + 1  # one more for what stands before the text
        padded, real = self._padded(tokens), order - 1
        numbers = [np.zeros(len(padded), dtype=np.int64)]
        tables = []
        for _ in range(order):
            codes, numbers_next = np.unique(self._codes(numbers[-1], padded), return_inverse=True)
            tables.append(codes)
            numbers.append(numbers_next.astype(np.int64))
        self._orders = []
        for k in range(1, order + 1):
            counts = np.zeros(len(tables[k - 1]))
            if k == order:
                np.add.at(counts, numbers[k][real:], 1.0)
            else:  # each different longer gram counts once for the gram that it ends in
                _, first = np.unique(numbers[k + 1][real:], return_index=True)
                np.add.at(counts, numbers[k][real + first], 1.0)
            chosen = discounts[k - 1] if discounts else estimate_discounts(counts)
            self._orders.append(self._order(tables[k - 1], counts, chosen, contexts=int(numbers[k - 1].max()) + 1))

    def probabilities(self, tokens: Tokens) -> Doubles:
        """Give the probability of each symbol after those before it.

        Parameters
        ----------
        tokens : ndarray of int64, shape [T]
            Ids of a text; nothing is known of what came before it.

        Returns
        -------
        ndarray, shape [T]
            Probabilities, 0 to 1.
        """
        padded = self._padded(tokens)
        context = np.zeros(len(padded), dtype=np.int64)
        result = np.full(len(padded), 1.0 / (self._symbols - 1))
        for held in self._orders:
            before = np.concatenate([context[:1], context[:-1]])
            codes = np.where(before >= 0, before * self._symbols + padded, -1)
            place = np.minimum(np.searchsorted(held.codes, codes), len(held.codes) - 1)
            seen = held.codes[place] == codes
            known = (before >= 0) & (held.totals[before] > 0)
            total = np.where(known, held.totals[before], 1.0)
            own = np.where(seen, held.taken[place], 0.0)
            result = np.where(known, (own + held.passed[before] * result) / total, result)
            context = np.where(seen, place, -1)
        return result[self.order - 1 :]

    def nats(self, tokens: Tokens) -> float:
        """Total cost of all symbols but the first, which is only read.

        Parameters
        ----------
        tokens : ndarray of int64, shape [T]
            Ids of a text.

        Returns
        -------
        float
            Nats.
        """
        return float(-np.log(self.probabilities(tokens)[1:]).sum())

    def _padded(self, tokens: Tokens) -> Tokens:
        before = np.full(self.order - 1, self._symbols - 1, dtype=np.int64)
        return np.concatenate([before, tokens.astype(np.int64)])

    def _codes(self, numbers: Tokens, tokens: Tokens) -> Tokens:
        """Codes of the grams that end at each place, from the numbers of those one shorter."""
        return np.concatenate([numbers[:1], numbers[:-1]]) * self._symbols + tokens

    def _order(self, codes: Tokens, counts: Doubles, discounts: Sequence[float], contexts: int) -> _Order:
        context = codes // self._symbols
        off = np.minimum(np.asarray([0.0, *discounts])[np.minimum(counts, 3).astype(np.int64)], counts)
        totals: Doubles = np.bincount(context, weights=counts, minlength=contexts).astype(np.float64)
        passed: Doubles = np.bincount(context, weights=off, minlength=contexts).astype(np.float64)
        return _Order(codes, counts - off, totals, passed)


def estimate_discounts(counts: Doubles) -> tuple[float, float, float]:
    """Estimate the three discounts from counts of counts.

    Parameters
    ----------
    counts : ndarray, shape [G]
        Count of each n-gram.

    Returns
    -------
    tuple of float
        Discounts of counts 1, 2 and 3 or more; a single one, or 0.75, where there are too few counts for three.

    Examples
    --------
    >>> estimate_discounts(np.array([1.0, 1.0, 2.0]))
    (0.5, 0.5, 0.5)
    """
    ones, twos, threes, fours = (float((counts == count).sum()) for count in (1, 2, 3, 4))
    single = ones / (ones + 2 * twos) if ones and twos else 0.75
    if not (threes and fours and ones and twos):
        return single, single, single
    return 1 - 2 * single * twos / ones, 2 - 3 * single * threes / twos, 3 - 4 * single * fours / threes
