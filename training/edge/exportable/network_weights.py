"""The weights of a forecaster that can be exported, by what they do, as arrays.

Shapes: D width, P patch length, E naive forecasts, S horizon segments of L steps, Q levels, F horizon.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.layers.cells.recurrent import Recurrent
from statecast.models.forecaster import Forecaster

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Product:
    """One matrix product, ``x -> weight x + bias``."""

    weight: Array
    """``[N, K]``."""
    bias: Array
    """``[N]``, zeros where there is none."""


@dataclass(frozen=True)
class NetworkWeights:
    """All that a forecaster has learned."""

    config: ForecasterConfig
    """Its shape."""
    products: Mapping[str, Product]
    """By name: ``embed``, then of each layer ``input_0`` and ``hidden_0``, ``value``, ``naive``, ``mix``, ``score``,
    ``head`` and, where there is one, ``lookback``."""
    segments: Array
    """``[S, D]``, what each horizon segment begins with."""
    offsets: Array
    """``[2, S]``, log stretch below and above the median."""
    widening: Array
    """``[S]``, log width that is added at an age of one half-life."""

    @classmethod
    def of(cls, network: Forecaster) -> "NetworkWeights":
        """Copy them from a network that can be exported.

        Parameters
        ----------
        network : Forecaster
            One of which ``uncovered`` says nothing.

        Returns
        -------
        NetworkWeights
            In their own memory.
        """
        products = {}
        for name, (weight, bias) in weights_of(network).items():
            shift = torch.zeros(len(weight)) if bias is None else bias
            products[name] = Product(_array(weight), _array(shift))
        calibration = network.calibration
        return cls(
            network.config,
            products,
            _array(network.resolution_attention.segments),
            _array(calibration.conformal_offsets),
            _array(calibration.cold_start_widening),
        )


def weights_of(network: Forecaster) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Return weight ``[N, K]`` and bias ``[N]`` of each product of a network, in its own memory.

    Parameters
    ----------
    network : Forecaster
        One of which ``uncovered`` says nothing.

    Returns
    -------
    dict of str to tuple
        By the names of ``NetworkWeights.products``; None where there is no bias.
    """
    embed, recurrent, mix = network.encoder.embed, network.encoder.recurrent, network.mix
    value = network.resolution_attention.values[0]
    assert isinstance(embed, nn.Linear) and isinstance(recurrent, Recurrent) and isinstance(value, nn.Linear)
    assert isinstance(mix, nn.Sequential) and isinstance(mix[2], nn.Linear)
    found: dict[str, tuple[Tensor, Tensor | None]] = {"embed": (embed.weight, embed.bias)}
    for layer in range(recurrent.layers):
        for name, side in (("input", "ih"), ("hidden", "hh")):
            weight, bias = (getattr(recurrent.stack, f"{kind}_{side}_l{layer}") for kind in ("weight", "bias"))
            found[f"{name}_{layer}"] = weight, bias
    score, head = network.naive_forecast_attention.score, network.head.residuals
    found |= {
        "value": (value.weight, value.bias),
        "naive": (network.from_naive_forecasts.weight, None),
        "mix": (mix[2].weight, mix[2].bias),
        "score": (score.weight, score.bias),
        "head": (head.weight, head.bias),
    }
    if network.linear_lookback is not None:
        found["lookback"] = network.linear_lookback.map.weight, network.linear_lookback.map.bias
    return found


@torch.no_grad()
def with_weights(network: Forecaster, weights: Mapping[str, Array]) -> Forecaster:
    """Copy a network with other weights in its products.

    Parameters
    ----------
    network : Forecaster
        Stays as it is.
    weights : mapping of str to array
        ``[N, K]`` by the names of ``NetworkWeights.products``.

    Returns
    -------
    Forecaster
        In evaluation mode.
    """
    copied = deepcopy(network).eval()
    for name, (weight, _) in weights_of(copied).items():
        weight.copy_(torch.from_numpy(np.asarray(weights[name], dtype=np.float32)))
    return copied


def _array(values: Tensor) -> Array:
    return values.detach().float().cpu().numpy().copy()
