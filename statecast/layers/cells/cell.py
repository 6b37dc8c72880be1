"""What a recurrent cell is: one step from the gates' shares to the new state, and how its weights begin."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from torch import Tensor, nn

Parts = tuple[Tensor, ...]
"""State of one layer, ``[B, D]`` each: the hidden vector h, then what else the cell keeps."""


class Cell(ABC):
    """One recurrent cell, without weights of its own: ``Recurrent`` holds them and computes the products.

    A subclass sets the class attributes and ``step``. It is registered under ``name`` by ``registry.register``.

    Examples
    --------
    >>> from statecast.layers.cells.registry import get
    >>> get("slstm").parts
    4
    """

    name: ClassVar[str]
    """Name in configs, ``lstm``."""
    formula: ClassVar[str]
    """One step, as the documents show it."""
    gates: ClassVar[int]
    """Blocks of D rows in the input and in the recurrent weights."""
    parts: ClassVar[int] = 1
    """State parts, the hidden vector among them; all are 0 at first."""
    forget_gate: ClassVar[int | None] = None
    """Which block is the forget gate; its bias begins at 1 (Jozefowicz et al. 2015)."""
    further: ClassVar[Mapping[str, int]] = MappingProxyType({})
    """Further weights per layer: name, and rows of D numbers."""
    fused: ClassVar[type[nn.LSTM] | type[nn.GRU] | type[nn.RNN] | None] = None
    """torch's own layers of the same formula, which sequences go through; they have a bias on either product."""

    def rows(self, width: int) -> int:
        """Rows of the input and of the recurrent weights.

        Parameters
        ----------
        width : int
            Width of the layer, D.

        Returns
        -------
        int
            ``gates * D`` unless a gate is narrower than the layer.
        """
        return self.gates * width

    @abstractmethod
    def step(self, ours: Tensor, past: Tensor, parts: Parts, further: Parts) -> Parts:
        """Advance one layer by one step.

        Parameters
        ----------
        ours : Tensor
            Gates' share of the input with its bias, ``[B, rows]``.
        past : Tensor
            Gates' share of the hidden vector, ``[B, rows]``.
        parts : tuple of Tensor
            State before the step, ``[B, D]`` each.
        further : tuple of Tensor
            Further weights, ``[rows, D]`` each, in the order of ``further``.

        Returns
        -------
        tuple of Tensor
            State after the step, ``[B, D]`` each; the first is the output.
        """

    def initialise(self, name: str, weight: Tensor, width: int) -> None:
        """Fill a weight before training, in place.

        Parameters
        ----------
        name : str
            ``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh`` or one of ``further``.
        weight : Tensor
            The weight, without gradient.
        width : int
            Width of the layer, D.

        Notes
        -----
        Recurrent weights are orthogonal by gate, input weights Xavier, all else 0 but for the forget bias.
        """
        if name.startswith("weight"):
            fill = nn.init.orthogonal_ if name == "weight_hh" else nn.init.xavier_uniform_
            for gate in weight.chunk(weight.shape[0] // width):
                fill(gate)
            return
        nn.init.zeros_(weight)
        if name == "bias_ih" and self.forget_gate is not None:
            weight[self.forget_gate * width : (self.forget_gate + 1) * width] = 1.0
