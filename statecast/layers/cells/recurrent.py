"""Stacked recurrent layers of any cell: a whole sequence, or one step, of the same layers with the same weights.

Where torch has fused layers, sequences go through them; where no gate reads the hidden vector, many steps are computed
at once. Single steps are written out, because the fused layers repack their weights at every call, which costs more
than the step itself.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.layers.cells.cell import Cell, Parts
from statecast.layers.cells.parallel import ParallelCell
from statecast.layers.cells.registry import get

# torch multiplies float32 with MKL, which on AMD's processors takes twice the time of oneDNN, its other library; but
# each call of that one costs some microseconds more, which only products of so many multiplications make up for.
_MANY = 2_000_000
_BLOCK = 8  # steps whose products with the input are computed at once: few enough to stay in the cache
_ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _linear(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return ``inputs weight^T + bias`` in the faster way; the two differ by rounding alone."""
    plain = inputs.device.type == "cpu" and inputs.dtype == torch.float32 and not torch.is_grad_enabled()
    if not (_ONEDNN and plain and len(inputs) * weight.numel() >= _MANY):
        return functional.linear(inputs, weight, bias)
    product: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
    return product


class _Weights(nn.Module):
    """Weights of layers that torch has not, named as torch names those it has; with one bias, not two."""

    def __init__(self, cell: Cell, inputs: int, width: int, layers: int) -> None:
        super().__init__()
        for layer in range(layers):
            shapes: dict[str, tuple[int, ...]] = {
                "weight_ih": (cell.rows(width), width if layer else inputs),
                **({} if isinstance(cell, ParallelCell) else {"weight_hh": (cell.rows(width), width)}),
                "bias_ih": (cell.rows(width),),
                **{name: (rows, width) for name, rows in cell.further.items()},
            }
            for name, shape in shapes.items():
                self.register_parameter(f"{name}_l{layer}", nn.Parameter(torch.empty(shape)))


class Recurrent(nn.Module):
    """Stacked recurrent layers of one cell.

    The state is ``[B, layers, parts, D]``, part 0 the hidden vector; it is 0 at first.

    Parameters
    ----------
    kind : str
        Name of the cell.
    width : int
        Width of the layers, D.
    layers : int
        How many there are.
    dropout : float
        Share of inputs that training leaves out between layers.
    inputs : int or None
        Width of the first layer's input; None for D.

    Raises
    ------
    UnknownNameError
        If there is no cell of this name.

    Examples
    --------
    >>> layers = Recurrent("gru", width=8, layers=1, dropout=0.0)
    >>> outputs, state = layers.run(torch.randn(2, 5, 8), torch.zeros(2, 1, layers.parts, 8))
    >>> tuple(outputs.shape), tuple(state.shape)
    ((2, 5, 8), (2, 1, 1, 8))
    """

    def __init__(self, kind: str, width: int, layers: int, dropout: float, inputs: int | None = None) -> None:
        super().__init__()
        self.cell = get(kind)
        self.kind, self.width, self.layers, self.parts = kind, width, layers, self.cell.parts
        self.between = dropout if layers > 1 else 0.0
        self.fused, self.further = self.cell.fused is not None, tuple(self.cell.further)
        self.stack: nn.Module = (
            self.cell.fused(inputs or width, width, layers, batch_first=True, dropout=self.between)
            if self.cell.fused
            else _Weights(self.cell, inputs or width, width, layers)
        )
        for name, weight in self.stack.named_parameters():
            self.cell.initialise(name.rpartition("_l")[0], weight.data, width)

    def run(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Advance over a sequence.

        Parameters
        ----------
        inputs : Tensor
            ``[B, N, D]``.
        state : Tensor
            ``[B, layers, parts, D]``.

        Returns
        -------
        tuple of Tensor
            Hidden vectors of the top layer, ``[B, N, D]``, and the new state.
        """
        if inputs.shape[1] == 0:
            return inputs, state
        if inputs.shape[1] == 1 and not self.training:
            new = self.step(inputs[:, 0], state)
            return new[:, -1:, 0], new
        if isinstance(self.cell, ParallelCell):
            return self._read(self.cell, inputs, state)
        if not self.fused:
            return self._walk(inputs, state)
        hidden = state[:, :, 0].transpose(0, 1).contiguous()
        if self.parts == 2:
            outputs, (hidden, cell) = self.stack(inputs, (hidden, state[:, :, 1].transpose(0, 1).contiguous()))
            return outputs, torch.stack([hidden, cell], dim=2).transpose(0, 1)
        outputs, hidden = self.stack(inputs, hidden)
        return outputs, hidden.transpose(0, 1).unsqueeze(2)

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """Advance by one step.

        Parameters
        ----------
        inputs : Tensor
            ``[B, D]``.
        state : Tensor
            ``[B, layers, parts, D]``.

        Returns
        -------
        Tensor
            The new state, whose ``[:, -1, 0]`` is the output.
        """
        layers = []
        for layer in range(self.layers):
            parts = self._advance(layer, self._product("ih", layer, inputs), state[:, layer].unbind(1))
            layers.append(torch.stack(parts, dim=1))
            inputs = parts[0]
        return torch.stack(layers, dim=1)

    def _walk(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``run`` a layer after the other, with one product for all inputs and then a step at a time."""
        layers, steps = [], inputs.transpose(0, 1)  # time first, so that what a step reads lies together
        for layer in range(self.layers):
            if layer:
                steps = functional.dropout(steps, self.between, self.training)
            parts, outputs = state[:, layer].unbind(1), []
            for some in steps.split(_BLOCK):
                ours = self._product("ih", layer, some.flatten(0, 1))
                for one in ours.unflatten(0, some.shape[:2]):
                    parts = self._advance(layer, one, parts)
                    outputs.append(parts[0])
            steps = torch.stack(outputs)
            layers.append(torch.stack(parts, dim=1))
        return steps.transpose(0, 1), torch.stack(layers, dim=1)

    def _read(self, cell: ParallelCell, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``run`` a layer after the other, a block of steps at a time."""
        layers = []
        for layer in range(self.layers):
            if layer:
                inputs = functional.dropout(inputs, self.between, self.training)
            parts, outputs = state[:, layer].unbind(1), []
            for some in inputs.split(cell.block, dim=1):
                ours = self._product("ih", layer, some.flatten(0, 1)).unflatten(0, some.shape[:2])
                read, parts = cell.read(ours, parts, self._further(layer))
                outputs.append(read)
            inputs = torch.cat(outputs, dim=1)
            layers.append(torch.stack(parts, dim=1))
        return inputs, torch.stack(layers, dim=1)

    def _advance(self, layer: int, ours: Tensor, parts: Parts) -> Parts:
        past = parts[0] if isinstance(self.cell, ParallelCell) else self._product("hh", layer, parts[0])
        return self.cell.step(ours, past, parts, self._further(layer))

    def _further(self, layer: int) -> Parts:
        return tuple(self._weight(name, layer) for name in self.further) if self.further else ()

    def _product(self, side: str, layer: int, inputs: Tensor) -> Tensor:
        """The gates' share of the input (``ih``) or of the hidden vector (``hh``), ``[M, D]``."""
        bias = self._weight(f"bias_{side}", layer) if side == "ih" or self.fused else None
        return _linear(inputs, self._weight(f"weight_{side}", layer), bias)

    def _weight(self, name: str, layer: int) -> Tensor:
        found: Tensor = getattr(self.stack, f"{name}_l{layer}")
        return found
