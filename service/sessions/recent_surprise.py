"""How surprising the last values of a session were: kept among its scores, the value of step i in place i of a ring."""

import numpy as np

from service.sessions.series_input import Doubles
from service.stores.interface import Scores

NAME = "surprise"
"""Among the scores; no metric is called so."""
KEPT = 8
"""Values that are known of each variable."""


def nothing(variables: int) -> Doubles:
    """Give what a session knows that no forecast has met yet.

    Parameters
    ----------
    variables : int
        How many it has, V.

    Returns
    -------
    array of float64, ``[V * KEPT]``
        NaN.
    """
    return np.full(variables * KEPT, np.nan)


def with_surprises(scores: Scores, found: Doubles, start: int) -> Scores:
    """Note how surprising new values were.

    Parameters
    ----------
    scores : mapping of str to array
        Of the session.
    found : array of float64, ``[V, T]``
        Surprises of its next values, NaN where there are none.
    start : int
        Time index of the first.

    Returns
    -------
    mapping of str to array
        The scores, the last surprises among them.
    """
    variables, steps = found.shape
    last = np.arange(start + max(0, steps - KEPT), start + steps)
    ring = scores.get(NAME, nothing(variables)).reshape(variables, KEPT).copy()
    ring[:, last % KEPT] = found[:, steps - len(last) :]
    return {**scores, NAME: ring.ravel()}


def in_order(scores: Scores, variables: int, last_index: int) -> Doubles:
    """Give the last surprises, the last one last.

    Parameters
    ----------
    scores : mapping of str to array
        Of the session.
    variables : int
        How many it has, V.
    last_index : int
        Time index of its last value.

    Returns
    -------
    array of float64, ``[V, KEPT]``
        NaN where there is none.

    Examples
    --------
    >>> found = with_surprises({}, np.array([[0.25, 0.5]]), 7)
    >>> in_order(found, 1, 8)[0, -3:].tolist()
    [nan, 0.25, 0.5]
    """
    ring = scores.get(NAME, nothing(variables)).reshape(variables, KEPT)
    return np.roll(ring, -(last_index + 1) % KEPT, axis=1)
