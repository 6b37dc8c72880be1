"""Named weights as values: copied out of a network, put back, averaged."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]


def copy_weights(network: nn.Module) -> Weights:
    """Copy every parameter and buffer.

    Parameters
    ----------
    network : nn.Module
        Any network.

    Returns
    -------
    dict of str to Tensor
        Copies by name, on the network's device.
    """
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def put_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Overwrite a network's weights, in place so that an optimizer continues with the same parameters.

    Parameters
    ----------
    network : nn.Module
        The network to change.
    weights : mapping of str to Tensor
        A value for each of its parameters and buffers.
    """
    for name, value in network.state_dict().items():
        value.copy_(weights[name])


class RunningMean:
    """The mean of all weights that were added, in their own precision.

    Parameters
    ----------
    mean : dict of str to Tensor, optional
        Mean so far.
    count : int
        How many were added so far.
    """

    def __init__(self, mean: Weights | None = None, count: int = 0) -> None:
        self.mean = mean
        self.count = count

    @torch.no_grad()
    def add(self, network: nn.Module) -> None:
        """Count one more set of weights.

        Parameters
        ----------
        network : nn.Module
            The network whose weights are added; buffers of whole numbers stay as of the first.
        """
        self.count += 1
        if self.mean is None:
            self.mean = copy_weights(network)
            return
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                # A mean out of a checkpoint was read on the CPU.
                self.mean[name] = self.mean[name].to(value.device).lerp_(value, 1.0 / self.count)


def is_finite(weights: Mapping[str, Tensor]) -> bool:
    """Whether no weight is infinite or NaN.

    Parameters
    ----------
    weights : mapping of str to Tensor
        Weights by name.

    Returns
    -------
    bool
        True where all are finite.
    """
    return all(bool(weight.isfinite().all()) for weight in weights.values())
