"""Greedy decoding: the likeliest symbol of each step, repetitions joined, blanks left out."""

import numpy as np
from numpy.typing import NDArray

from statecast.ctc.symbols import BLANK, Symbols


def decode_greedily(log_probabilities: NDArray[np.float32], first: int = 0, last: int = BLANK) -> tuple[Symbols, bool]:
    """Read the symbols of some steps.

    Parameters
    ----------
    log_probabilities : ndarray of float32, shape [T, V]
        By step and symbol, the blank first.
    first : int
        Number of the first of these steps.
    last : int
        Likeliest symbol of the step before, which a repetition of it goes on with.

    Returns
    -------
    Symbols
        Those of these steps.
    bool
        Whether the first of them is the symbol before, going on.

    References
    ----------
    Graves, A. et al. (2006). Connectionist temporal classification: labelling unsegmented sequence data with recurrent
    neural networks. ICML.

    Examples
    --------
    >>> steps = np.log(np.array([[0.1, 0.9], [0.3, 0.7], [0.9, 0.1], [0.2, 0.8]], dtype=np.float32))
    >>> found, _ = decode_greedily(steps)
    >>> found.ids.tolist(), found.starts.tolist(), found.ends.tolist()
    ([1, 1], [0, 3], [2, 4])
    """
    best = log_probabilities.argmax(axis=1)
    if not len(best):
        empty = np.zeros(0, dtype=np.int64)
        return Symbols(empty, empty, empty, np.zeros(0)), False
    begins = np.flatnonzero(np.diff(best, prepend=-1))
    ends = np.append(begins[1:], len(best))
    highest = np.maximum.reduceat(log_probabilities[np.arange(len(best)), best], begins)
    said = best[begins] != BLANK
    found = Symbols(
        best[begins][said].astype(np.int64),
        begins[said].astype(np.int64) + first,
        ends[said].astype(np.int64) + first,
        np.exp(highest[said].astype(np.float64)),
    )
    return found, bool(best[0] == last != BLANK)
