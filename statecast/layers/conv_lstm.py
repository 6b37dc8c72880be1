"""The convolutional LSTM (Shi et al. 2015): an LSTM at every node of a grid, whose gates also read the nodes beside it.

    i, f, g, o = W * x + U * h + b;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')

``*`` is a convolution with kernels of 3 x 3 nodes, zero beyond the edge and where nothing is known. The paper's
peepholes are left out: on no set here did the cell that has them (``peephole``) earn its time.

A kernel's centre is the matrix of an LSTM, its eight sides are zero at first: then nodes are LSTMs that read no other.

Shapes: M rows, K nodes (the first is the target), D channels a node. Nodes lie side by side in a vector of K D.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.devices.gates import is_shut
from statecast.inputs.spatial_grid import NEIGHBOURS, SpatialGrid
from statecast.layers.cells.recurrent import Recurrent


class ConvolutionalLSTM(Recurrent):
    """Stacked layers over a spatial grid, behind the interface of ``Recurrent`` with ``width`` K D.

    Parameters
    ----------
    spatial_grid : SpatialGrid
        Its places.
    channels : int
        Width per node, D.
    layers : int
        How many there are.
    dropout : float
        Share of inputs that training leaves out between layers.

    References
    ----------
    Shi, X. et al. (2015). Convolutional LSTM network: a machine learning approach for precipitation nowcasting.
    NeurIPS.
    """

    neighbours: Tensor

    def __init__(self, spatial_grid: SpatialGrid, channels: int, layers: int, dropout: float) -> None:
        super().__init__("lstm", channels, layers, dropout)
        self.channels, self.nodes = channels, len(spatial_grid.around)
        self.width = self.nodes * channels
        self.register_buffer("neighbours", torch.tensor(spatial_grid.around).flatten(), persistent=False)
        self.sides = nn.ParameterDict(
            {
                f"weight_{side}_l{layer}": nn.Parameter(torch.zeros(4 * channels, NEIGHBOURS * channels))
                for layer in range(layers)
                for side in ("ih", "hh")
            }
        )

    def run(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Recurrent.run``."""
        if not self._active():
            outputs, new = super().run(self._target(inputs), self._target(state))
            return self._alone(outputs), self._alone(new)
        return self._walk(inputs, state) if inputs.shape[1] else (inputs, state)

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """See ``Recurrent.step``."""
        if not self._active():
            return self._alone(super().step(self._target(inputs), self._target(state)))
        return super().step(inputs, state)

    def _product(self, side: str, layer: int, inputs: Tensor) -> Tensor:
        """Gates ``[M, 4 K D]`` of vectors ``[M, K D]``; of the target alone ``[M, 4 D]`` of ``[M, D]``."""
        if inputs.shape[-1] == self.channels:
            return super()._product(side, layer, inputs)
        nodes = inputs.unflatten(-1, (self.nodes, self.channels))
        own = super()._product(side, layer, nodes.flatten(0, 1)).unflatten(0, nodes.shape[:2])
        beside = functional.pad(nodes, (0, 0, 0, 1)).index_select(1, self.neighbours)
        gates = own + functional.linear(
            beside.reshape(len(nodes), self.nodes, -1), self.sides[f"weight_{side}_l{layer}"]
        )
        flat: Tensor = gates.unflatten(-1, (4, self.channels)).transpose(1, 2).flatten(1)
        return flat

    def _active(self) -> bool:
        """Where all sides are zero the target's node is an LSTM, and no other is read; they may still learn."""
        return not all(is_shut(weight, self.training) for weight in self.sides.values())

    def _target(self, nodes: Tensor) -> Tensor:
        return nodes[..., : self.channels]

    def _alone(self, target: Tensor) -> Tensor:
        return functional.pad(target, (0, self.width - target.shape[-1]))
