"""Recurrent queries: horizon segments decoded side by side by one recurrent cell."""

from torch import Tensor, nn

from statecast.layers.cells.recurrent import Recurrent


class RecurrentDecoder(nn.Module):
    """One step of a GRU per horizon segment: the segment's query is its input, the attended hidden vector its state.

    No segment waits for the one before it, so errors do not add up along the horizon as in step-by-step decoding.

    Parameters
    ----------
    width : int
        Width of hidden vectors, D.
    dropout : float
        Share of the queries' numbers that training leaves out.

    References
    ----------
    Lin, S. et al. (2023). SegRNN: segment recurrent neural network for long-term time series forecasting.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.cell = Recurrent("gru", width, 1, 0.0)

    def forward(self, queries: Tensor, attended: Tensor) -> Tensor:
        """Decode all horizon segments by one step of the cell.

        Parameters
        ----------
        queries : Tensor
            ``[M, S, D]``, one per segment.
        attended : Tensor
            ``[M, S, D]``, hidden vectors that the segments attended to.

        Returns
        -------
        Tensor
            Context ``[M, S, D]``.
        """
        state = attended.flatten(0, 1)[:, None, None]
        after = self.cell.step(self.dropout(queries).flatten(0, 1), state)
        context: Tensor = after[:, 0, 0].unflatten(0, attended.shape[:2])
        return context
