"""Cells whose gates read the input alone: they step like any other, and read a sequence many steps at a time."""

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor

from statecast.layers.cells.cell import Cell, Parts


class ParallelCell(Cell):
    """A cell without recurrent weights: no gate waits for the hidden vector before it.

    Its ``step`` is given the hidden vector itself in place of the gates' share of it, and need not look.
    """

    block: ClassVar[int]
    """Steps that ``read`` is given at most."""

    @abstractmethod
    def read(self, ours: Tensor, parts: Parts, further: Parts) -> tuple[Tensor, Parts]:
        """Advance one layer by many steps: the same as ``step`` after ``step``, but for rounding.

        Parameters
        ----------
        ours : Tensor
            Gates' share of the input with its bias, ``[B, N, rows]``.
        parts : tuple of Tensor
            State before the steps, ``[B, D]`` each.
        further : tuple of Tensor
            Further weights, as in ``step``.

        Returns
        -------
        tuple of Tensor and tuple of Tensor
            Outputs ``[B, N, D]``, and the state after the steps.
        """
