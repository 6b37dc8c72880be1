"""Batches of examples of about the same length; an epoch's are a function of the seed and the epoch alone.

Shapes: B rows, T steps, C channels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.classification.examples import Encoded
from training.fitting.tensor_batch import TensorBatch

_POOL = 40  # batches that are drawn and then sorted by length together


@dataclass(frozen=True)
class Batch(TensorBatch):
    """Some examples, padded to the longest of them."""

    inputs: Tensor
    """Ids ``[B, T]``, or values ``[B, T, C]``."""
    lengths: Tensor
    """Steps of each ``[B]``."""
    targets: Tensor
    """Place of the label of each ``[B]`` int64, or number ``[B]`` float64."""


class Batches:
    """All batches of a set of examples.

    Each epoch draws the examples in another order; among some batches' worth of them neighbours in length come
    together, so that little of a batch is padding, and then the batches come in drawn order.

    Parameters
    ----------
    examples : Encoded
        At least one.
    size : int
        Rows per batch, B.
    seed : int
        Seed of all randomness.
    length : int
        Steps that are kept of each, its last ones; 0 for all.

    Attributes
    ----------
    steps : int
        Batches per epoch.
    """

    def __init__(self, examples: Encoded, size: int, seed: int, length: int = 0) -> None:
        self.examples, self._size, self._seed, self._length = examples, size, seed, length
        whole = np.asarray([len(one) for one in examples.steps])
        self._lengths = np.minimum(whole, length) if length else whole
        self.steps = -(-len(examples) // size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Draw the batches of an epoch.

        Parameters
        ----------
        number : int
            Number of the epoch, from 0.

        Returns
        -------
        iterator of Batch
            ``steps`` batches, always the same for the same seed and number.
        """
        random = np.random.default_rng((self._seed, number))
        drawn, pool = random.permutation(len(self.examples)), self._size * _POOL
        chosen: list[list[int]] = []
        for begin in range(0, len(drawn), pool):
            some = drawn[begin : begin + pool]
            order = some[np.argsort(self._lengths[some], kind="stable")].tolist()
            chosen += [order[at : at + self._size] for at in range(0, len(order), self._size)]
        for place in random.permutation(len(chosen)):
            yield self.gather(chosen[place])

    def in_order(self) -> Iterator[tuple[list[int], Batch]]:
        """Give all examples once, by length.

        Returns
        -------
        iterator of tuple of list and Batch
            The examples' places, and themselves.
        """
        order = np.argsort(self._lengths, kind="stable").tolist()
        for at in range(0, len(order), self._size):
            places = order[at : at + self._size]
            yield places, self.gather(places)

    def gather(self, places: list[int]) -> Batch:
        """Pad some examples to one batch.

        Parameters
        ----------
        places : list of int
            Which.

        Returns
        -------
        Batch
            In this order.
        """
        steps, lengths = self.examples.steps, self._lengths[places]
        first = steps[places[0]]
        padded = np.zeros((len(places), int(lengths.max()), *first.shape[1:]), dtype=first.dtype)
        for row, place in enumerate(places):
            padded[row, : lengths[row]] = steps[place][-int(lengths[row]) :]
        targets = torch.from_numpy(self.examples.targets[places])
        return Batch(torch.from_numpy(padded), torch.from_numpy(lengths.astype(np.int64)), targets)
