"""Beam search over texts: the likeliest ones, each summed over all ways to say it, if need be with a model of text."""

from collections import defaultdict
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from statecast.ctc.symbols import BLANK, Symbols

_NEVER = -np.inf
_LEAST = 1e-6  # probability below which a symbol is not tried at a step


class CharacterModel(Protocol):
    """A model of which symbol follows which."""

    def log_probabilities(self, prefix: tuple[int, ...]) -> NDArray[np.float64]:
        """Say what may follow.

        Parameters
        ----------
        prefix : tuple of int
            Symbols so far, from 1.

        Returns
        -------
        ndarray of float64, shape [V]
            Natural logarithms by symbol; that of the blank is not read.
        """


def beam_search(
    log_probabilities: NDArray[np.float32],
    width: int,
    model: CharacterModel | None = None,
    weight: float = 0.5,
    bonus: float = 0.0,
) -> tuple[int, ...]:
    """Find the likeliest text by prefix beam search.

    Parameters
    ----------
    log_probabilities : ndarray of float32, shape [T, V]
        By step and symbol, the blank first.
    width : int
        Texts that are kept from step to step, from 1.
    model : CharacterModel or None
        Model of text.
    weight : float
        Power to which the model's probabilities are taken.
    bonus : float
        What every symbol adds to the logarithm, against the model's love of short texts.

    Returns
    -------
    tuple of int
        Symbols, from 1.

    References
    ----------
    Hannun, A. et al. (2014). First-pass large vocabulary continuous speech recognition using bi-directional recurrent
    DNNs. arXiv:1408.2873.

    Examples
    --------
    >>> steps = np.log(np.array([[0.6, 0.4], [0.6, 0.4]], dtype=np.float32))
    >>> beam_search(steps, 4)  # greedily, both steps are blank
    (1,)
    """
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, _NEVER)}  # ends in a blank, does not
    texts: dict[tuple[int, ...], float] = {(): 0.0}  # what the model says of each

    def extend(prefix: tuple[int, ...], symbol: int) -> tuple[int, ...]:
        longer = (*prefix, symbol)
        if longer not in texts:
            says = weight * float(model.log_probabilities(prefix)[symbol]) if model else 0.0
            texts[longer] = texts[prefix] + says + bonus
        return longer

    for step in log_probabilities.astype(np.float64):
        tried = [int(symbol) for symbol in np.flatnonzero(step > np.log(_LEAST)) if symbol != BLANK]
        blank: dict[tuple[int, ...], float] = defaultdict(lambda: _NEVER)
        spoken: dict[tuple[int, ...], float] = defaultdict(lambda: _NEVER)
        for prefix, (in_blank, in_symbol) in beams.items():
            whole = float(np.logaddexp(in_blank, in_symbol))
            blank[prefix] = float(np.logaddexp(blank[prefix], whole + step[BLANK]))
            if prefix:  # the last symbol goes on
                spoken[prefix] = float(np.logaddexp(spoken[prefix], in_symbol + step[prefix[-1]]))
            for symbol in tried:
                before = in_blank if prefix and symbol == prefix[-1] else whole
                longer = extend(prefix, symbol)
                spoken[longer] = float(np.logaddexp(spoken[longer], before + step[symbol]))
        found = {prefix: (blank[prefix], spoken[prefix]) for prefix in {**blank, **spoken}}
        best = sorted(found, key=lambda prefix: (-float(np.logaddexp(*found[prefix])) - texts[prefix], prefix))
        beams = {prefix: found[prefix] for prefix in best[:width]}
    return next(iter(beams))


def align(log_probabilities: NDArray[np.float32], ids: tuple[int, ...]) -> Symbols:
    """Find when each symbol of a known text was said, by its likeliest path: forced alignment.

    Parameters
    ----------
    log_probabilities : ndarray of float32, shape [T, V]
        By step and symbol, the blank first.
    ids : tuple of int
        Symbols of the text, which the steps have room for.

    Returns
    -------
    Symbols
        The text with steps and probabilities.

    Examples
    --------
    >>> steps = np.log(np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], dtype=np.float32))
    >>> align(steps, (1, 1)).starts.tolist()
    [0, 2]
    """
    empty = np.zeros(0, dtype=np.int64)
    if not ids:
        return Symbols(empty, empty, empty, np.zeros(0))
    states = np.full(2 * len(ids) + 1, BLANK)  # a blank before, between and after
    states[1::2] = ids
    may_skip = np.zeros(len(states), dtype=bool)  # over the blank between two different symbols
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(len(states), _NEVER)
    score[:2] = log_probabilities[0, states[:2]]
    came = np.zeros((len(log_probabilities), len(states)), dtype=np.int64)
    for step in range(1, len(log_probabilities)):
        one = np.concatenate([[_NEVER], score[:-1]])
        two = np.where(may_skip, np.concatenate([[_NEVER, _NEVER], score[:-2]])[: len(score)], _NEVER)
        ways = np.stack([score, one, two])
        came[step] = ways.argmax(axis=0)
        score = ways.max(axis=0) + log_probabilities[step, states]
    place = len(states) - 1 if score[-1] >= score[-2] else len(states) - 2
    path = np.zeros(len(log_probabilities), dtype=np.int64)
    for step in range(len(log_probabilities) - 1, -1, -1):
        path[step] = place
        place -= came[step, place]
    where = [np.flatnonzero(path == 2 * number + 1) for number in range(len(ids))]
    highest = [float(log_probabilities[steps, symbol].max()) for steps, symbol in zip(where, ids, strict=True)]
    return Symbols(
        np.array(ids, dtype=np.int64),
        np.array([steps[0] for steps in where], dtype=np.int64),
        np.array([steps[-1] + 1 for steps in where], dtype=np.int64),
        np.exp(np.array(highest)),
    )
