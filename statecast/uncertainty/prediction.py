"""What a forecast is: quantiles in units of scale, and the weights that made them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from statecast.layers.heads import mass_weights
from statecast.state.transforms import expand


class Prediction(NamedTuple):
    """Forecasts from M origins.

    Parameters
    ----------
    scaled : Tensor
        Quantiles ``[M, F, Q]`` in units of ``scale`` around ``loc``, ascending in Q.
    loc : Tensor
        ``[M]`` float64, in the transformed target's unit.
    scale : Tensor
        ``[M]`` float64, likewise.
    naive_forecast_weights : Tensor
        ``[M, S, E]`` shares of the naive forecasts, which sum to 1 over E.
    resolution_weights : Tensor
        ``[M, S, R]`` shares of the resolutions, which sum to 1 over R.
    levels : tuple of float
        The Q quantile levels.
    raw : Tensor
        As ``scaled``, before calibration.
    unit : float
        Unit of the target's transform; 0 for none.
    time_weights : mapping of int to Tensor
        ``[M]`` shares by age in steps, which sum to 1; empty where the network has no attention over time, and unless
        the forecast is that of a state.
    feature_weights : mapping of str to Tensor
        ``[M]`` shares by feature, likewise.
    """

    scaled: Tensor
    loc: Tensor
    scale: Tensor
    naive_forecast_weights: Tensor
    resolution_weights: Tensor
    levels: tuple[float, ...]
    raw: Tensor
    unit: float
    time_weights: Mapping[int, Tensor] = MappingProxyType({})
    feature_weights: Mapping[str, Tensor] = MappingProxyType({})

    def quantiles(self) -> Tensor:
        """Return quantiles ``[M, F, Q]`` in the target's unit, float64."""
        return self._inverted(self.scaled)

    def raw_quantiles(self) -> Tensor:
        """Return the same before calibration."""
        return self._inverted(self.raw)

    def mean(self) -> Tensor:
        """Return the mean ``[M, F]`` in the target's unit, float64.

        Each quantile stands for the probability nearest to it. It is that of the raw quantiles, kept within the
        calibrated ones: offsets follow the outermost levels, and what they do to one side would push the mean about.
        """
        mean = self.raw_quantiles() @ mass_weights(self.levels, self.scaled.device)
        outermost = torch.stack([self.scaled[..., 0], self.scaled[..., -1]], dim=-1)
        return mean.clamp(*self._inverted(outermost).unbind(-1))

    def _inverted(self, scaled: Tensor) -> Tensor:
        values = self.loc[:, None, None] + self.scale[:, None, None] * scaled.double()
        # The hyperbolic sine of one value differs in its last digit with its place in memory; order must not.
        return expand(values, self.unit).cummax(-1).values if self.unit else values
