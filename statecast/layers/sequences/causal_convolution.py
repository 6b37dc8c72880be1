"""Convolutions that look back only: each keeps the steps that the next one needs, so that they stream."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from statecast.layers.sequences.padding import last_steps
from statecast.state.state import Field


class CausalConvolutions(nn.Module):
    """Convolution, normalisation over the batch and rectifier, one after the other; padding is in no statistic.

    Parameters
    ----------
    inputs : int
        Numbers per step.
    kernels : sequence of int
        Steps that each convolution sees, the newest among them.
    filters : int
        Numbers per step that each gives, D.

    References
    ----------
    Wang, Z., Yan, W. and Oates, T. (2017). Time series classification from scratch with deep neural networks. IJCNN.
    Karim, F. et al. (2018). LSTM fully convolutional networks for time series classification. IEEE Access 6.

    Examples
    --------
    >>> from statecast.state.state import fresh_fields
    >>> convolutions = CausalConvolutions(inputs=1, kernels=(3, 2), filters=4).eval()
    >>> real = torch.ones(1, 5, dtype=torch.bool)
    >>> outputs, carried = convolutions.read(torch.randn(1, 5, 1), real, fresh_fields(convolutions.fields, 1))
    >>> tuple(outputs.shape), [tuple(one.shape) for one in carried.values()]
    ((1, 5, 4), [(1, 2, 1), (1, 1, 4)])
    """

    def __init__(self, inputs: int, kernels: Sequence[int], filters: int) -> None:
        super().__init__()
        widths = [inputs, *[filters] * (len(kernels) - 1)]
        self.kernels, self.outputs = tuple(kernels), filters
        self.layers = nn.ModuleList(
            nn.Conv1d(width, filters, kernel) for width, kernel in zip(widths, kernels, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(filters) for _ in kernels)
        self.fields = tuple(
            Field(f"before_{place}", (kernel - 1, width), torch.float32)
            for place, (width, kernel) in enumerate(zip(widths, kernels, strict=True))
        )

    def read(self, inputs: Tensor, real: Tensor, carried: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Convolve further steps.

        Parameters
        ----------
        inputs : Tensor
            ``[B, T, inputs]``, T >= 1.
        real : Tensor
            ``[B, T]`` bool, False for padding, which comes behind the rest.
        carried : mapping of str to Tensor
            What was carried so far, which stays as it is.

        Returns
        -------
        tuple of Tensor and dict
            ``[B, T, D]``, 0 for padding, and what is carried after these steps.
        """
        lengths, after = real.sum(1), {}
        for field, layer, norm in zip(self.fields, self.layers, self.norms, strict=True):
            joined = torch.cat([carried[field.name], inputs], dim=1)
            after[field.name] = last_steps(joined, lengths, field.shape[0])
            found = layer(joined.transpose(1, 2)).transpose(1, 2)
            inputs = functional.relu(self._normalise(norm, found, real)) * real[..., None]
        return inputs, after

    def _normalise(self, norm: nn.Module, found: Tensor, real: Tensor) -> Tensor:
        if not norm.training:
            flat: Tensor = norm(found.flatten(0, 1))
            return flat.view_as(found)
        return torch.zeros_like(found).masked_scatter(real[..., None], norm(found[real]))
