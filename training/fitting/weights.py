"""Named weights as values: copied out of a network, put back, averaged."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]


def copy_weights(network: nn.Module) -> Weights:
    """A copy of every parameter and buffer."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def put_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Overwrite a network's weights, in place so that an optimizer goes on with the same parameters."""
    for name, value in network.state_dict().items():
        value.copy_(weights[name])


class RunningMean:
    """The mean of all weights that were added, in float32."""

    def __init__(self, mean: Weights | None = None, count: int = 0) -> None:
        self.mean = mean
        self.count = count

    @torch.no_grad()
    def add(self, network: nn.Module) -> None:
        """Count one more set of weights."""
        self.count += 1
        if self.mean is None:
            self.mean = copy_weights(network)
            return
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                # A mean out of a checkpoint was read on the CPU.
                self.mean[name] = self.mean[name].to(value.device).lerp_(value, 1.0 / self.count)


def is_finite(weights: Mapping[str, Tensor]) -> bool:
    """Whether no weight is infinite or NaN."""
    return all(bool(weight.isfinite().all()) for weight in weights.values())
