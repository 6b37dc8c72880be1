"""Weights one after the other in one array, as compiled products read them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from statecast.layers.cells.recurrent import Recurrent

LANE, PANEL = 16, 64  # as in statecast.compiled.arithmetic.products


class Packed:
    """Weights one after the other; what is asked of it is where each begins."""

    def __init__(self) -> None:
        self._parts = [np.zeros(LANE, np.float32)]  # a place of 0 says that there is none
        self._size = LANE

    def plain(self, values: Tensor) -> int:
        """Add weights as they are.

        Parameters
        ----------
        values : Tensor
            Of any shape.

        Returns
        -------
        int
            Where they begin.
        """
        flat = values.detach().float().cpu().numpy().ravel()
        self._parts += [flat, np.zeros(-len(flat) % LANE, np.float32)]
        place, self._size = self._size, self._size + len(flat) + -len(flat) % LANE
        return place

    def dense(self, weight: Tensor, bias: Tensor | None) -> int:
        """Add weights in panels, and their bias; see ``statecast.compiled.arithmetic.products``.

        Parameters
        ----------
        weight : Tensor
            ``[N, K]``.
        bias : Tensor or None
            ``[N]``, None for zeros.

        Returns
        -------
        int
            Where they begin.
        """
        whole = lanes(weight)
        panels = [panel.T.ravel() for panel in whole.split(PANEL)]
        return self.plain(torch.cat([*panels, lanes(weight.new_zeros(len(weight)) if bias is None else bias)]))

    def linear(self, layer: nn.Module | None) -> int:
        """Add the weights of a layer.

        Parameters
        ----------
        layer : nn.Module or None
            An ``nn.Linear``, or none.

        Returns
        -------
        int
            Where they begin, 0 for none.
        """
        if layer is None:
            return 0
        assert isinstance(layer, nn.Linear)
        return self.dense(layer.weight, layer.bias)

    def stack(self, recurrent: Recurrent) -> int:
        """Add of each layer the gates of the input, of the hidden vector, and peepholes; zeros for what it lacks.

        Parameters
        ----------
        recurrent : Recurrent
            Of any cell that ``CELLS`` has.

        Returns
        -------
        int
            Where they begin.
        """
        gates, places = recurrent.cell.gates, []
        for layer in range(recurrent.layers):
            for side in ("ih", "hh"):
                lacking = torch.zeros(gates * recurrent.width, recurrent.width)
                weight = getattr(recurrent.stack, f"weight_{side}_l{layer}", lacking)
                bias = getattr(recurrent.stack, f"bias_{side}_l{layer}", None)
                bias = weight.new_zeros(len(weight)) if bias is None else bias
                padded = torch.cat([lanes(gate) for gate in weight.chunk(gates)])
                places.append(self.dense(padded, torch.cat([lanes(gate) for gate in bias.chunk(gates)])))
            peepholes = getattr(recurrent.stack, f"peepholes_l{layer}", torch.zeros(3, recurrent.width))
            self.plain(lanes(peepholes.T).T)
        return places[0]

    def whole(self) -> NDArray[np.float32]:
        """Everything, from a place in memory where a cache line begins."""
        room = np.zeros(self._size + 2 * LANE, np.float32)
        first = -room.ctypes.data % 64 // 4
        found = room[first : first + self._size]
        np.concatenate(self._parts, out=found)
        return found


def lanes(values: Tensor, filling: float = 0.0) -> Tensor:
    """Pad the first dimension to a multiple of the vector's length.

    Parameters
    ----------
    values : Tensor
        ``[N, ...]``.
    filling : float
        What the padding holds.

    Returns
    -------
    Tensor
        ``[padded N, ...]``.
    """
    missing = -len(values) % LANE
    return torch.cat([values, values.new_full((missing, *values.shape[1:]), filling)])
