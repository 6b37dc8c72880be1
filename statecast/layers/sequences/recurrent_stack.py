"""Recurrent layers over padded sequences: one way, which streams, or both ways, which needs a whole sequence."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.layers.cells.recurrent import Recurrent
from statecast.layers.sequences.padding import reverse_sequences


class RecurrentStack(nn.Module):
    """Layers of one cell; both ways each layer reads what both directions of the one below it said.

    Parameters
    ----------
    cell : str
        Name of the cell.
    inputs : int
        Numbers per step.
    width : int
        Width of a layer and direction, D.
    layers : int
        How many there are.
    dropout : float
        Share of inputs that training leaves out between layers.
    bidirectional : bool
        Whether each layer reads both ways.

    References
    ----------
    Schuster, M. and Paliwal, K. K. (1997). Bidirectional recurrent neural networks. IEEE Transactions on Signal
    Processing 45(11).

    Examples
    --------
    >>> stack = RecurrentStack("gru", inputs=3, width=4, layers=2, dropout=0.0, bidirectional=True)
    >>> tuple(stack.run(torch.randn(2, 5, 3), torch.tensor([5, 2])).shape)
    (2, 5, 8)
    """

    def __init__(
        self, cell: str, inputs: int, width: int, layers: int, dropout: float, *, bidirectional: bool = False
    ) -> None:
        super().__init__()
        self.bidirectional, self.dropout = bidirectional, dropout
        self.outputs = 2 * width if bidirectional else width
        widths = [inputs, *[self.outputs] * (layers - 1)]
        stacks = (
            [Recurrent(cell, width, 1, 0.0, inputs=one) for one in widths for _ in range(2)]
            if bidirectional
            else [Recurrent(cell, width, layers, dropout, inputs=inputs)]
        )
        self.stacks = nn.ModuleList(stacks)
        self.shape = (layers, stacks[0].parts, width)

    def run(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Read whole sequences.

        Parameters
        ----------
        inputs : Tensor
            ``[B, T, inputs]``.
        lengths : Tensor
            ``[B]`` int64.

        Returns
        -------
        Tensor
            ``[B, T, outputs]``; what padding says is of no meaning.
        """
        if not self.bidirectional:
            return self._run(0, inputs)
        for layer in range(0, len(self.stacks), 2):
            if layer:
                inputs = functional.dropout(inputs, self.dropout, self.training)
            back = reverse_sequences(self._run(layer + 1, reverse_sequences(inputs, lengths)), lengths)
            inputs = torch.cat([self._run(layer, inputs), back], dim=-1)
        return inputs

    def advance(self, inputs: Tensor, lengths: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Read on one way, each row as far as its length.

        Rows are cut at each length that occurs, so that none reads padding and every cell's own state is that of its
        last real step.

        Parameters
        ----------
        inputs : Tensor
            ``[B, T, inputs]``.
        lengths : Tensor
            ``[B]`` int64, 0 to T.
        state : Tensor
            ``[B, layers, parts, D]``.

        Returns
        -------
        tuple of Tensor
            ``[B, T, outputs]``, 0 for padding, and the new state.
        """
        recurrent = self._stack(0)
        outputs, done = inputs.new_zeros((*inputs.shape[:2], self.outputs)), 0
        for end in sorted({*lengths.tolist()} - {0}):
            rows = torch.nonzero(lengths >= end).flatten()
            read, after = recurrent.run(inputs[rows, done:end], state[rows])
            outputs[rows, done:end] = read
            state = state.index_copy(0, rows, after)
            done = end
        return outputs, state

    def _run(self, place: int, inputs: Tensor) -> Tensor:
        recurrent = self._stack(place)
        begin = inputs.new_zeros((len(inputs), recurrent.layers, recurrent.parts, recurrent.width))
        return recurrent.run(inputs, begin)[0]

    def _stack(self, place: int) -> Recurrent:
        found: Recurrent = self.stacks[place]  # type: ignore[assignment]
        return found
