"""What is written of streamed observations where states are put only now and then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Advance:
    """One more observation of each of B sessions of one variable; their states stay as they were put.

    Of the record all that the step has changed is written, and the observation, so that a reader has the record as it
    is now, and brings the state up to it with the network.

    Parameters
    ----------
    keys : sequence of str
        B keys of sessions, each once.
    after : sequence of str
        Digest that each goes on from, see ``Put``.
    digests : sequence of str
        Digest of each by now.
    values : array of float64, ``[B]``
        The observations, NaN where missing.
    index, count, checksum, tail_length : array of int64, ``[B]``
        Of each record as it is now: last index, count, checksum, values in its tail.
    used, expires_at : array of float64, ``[B]``
        Likewise.
    below_zero : array of bool, ``[B]``
        Likewise.
    forecasts : array of float64, ``[B, 3, F]``
        Low, median and high of the forecast that followed the observation.
    scale : array of float64, ``[B]``
        Its unit of MASE.
    scores : array of float64, ``[B, S]``
        All scores one after the other.
    sizes : mapping of str to int
        How many numbers each score has, in order.
    """

    keys: Sequence[str]
    after: Sequence[str]
    digests: Sequence[str]
    values: Doubles
    index: NDArray[np.int64]
    count: NDArray[np.int64]
    checksum: NDArray[np.int64]
    tail_length: NDArray[np.int64]
    used: Doubles
    expires_at: Doubles
    below_zero: NDArray[np.bool_]
    forecasts: Doubles
    scale: Doubles
    scores: Doubles
    sizes: Mapping[str, int]

    def of(self, kept: NDArray[np.bool_]) -> "Advance":
        """Give some of them.

        Parameters
        ----------
        kept : array of bool, ``[B]``
            Which.

        Returns
        -------
        Advance
            In the same order.
        """
        if kept.all():
            return self
        places = np.flatnonzero(kept).tolist()
        arrays: dict[str, Any] = {
            name: own[kept] for name in _FIELDS if isinstance(own := getattr(self, name), np.ndarray)
        }
        keys, after, digests = ([own[place] for place in places] for own in (self.keys, self.after, self.digests))
        return replace(self, keys=keys, after=after, digests=digests, **arrays)


_FIELDS = tuple(field.name for field in fields(Advance))
