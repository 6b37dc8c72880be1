"""What a forecast is: quantiles in units of scale, and the weights that made them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from torch import Tensor

from statecast.layers.heads import mass_weights
from statecast.state.transforms import expand


class Prediction(NamedTuple):
    """Forecasts from M origins. ``scaled`` ``[M, F, Q]`` ascends in Q and is in units of ``scale`` around ``loc``.

    loc, scale: ``[M]`` float64.  naive_forecast_weights: ``[M, S, E]``, resolution_weights: ``[M, S, R]``; both
    sum to 1 in the last dim.  levels: the Q quantile levels.  raw: as ``scaled`` before calibration.
    unit: of the target's transform.
    time_weights: ``[M]`` by age in steps, feature_weights: ``[M]`` by name; each sum to 1 where there is anything to
    attend to. Empty where a network has no such part, and where not the forecast of a state was asked for.
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
        """Quantiles ``[M, F, Q]`` in the target's unit, float64."""
        return self._inverted(self.scaled)

    def raw_quantiles(self) -> Tensor:
        """The same before calibration."""
        return self._inverted(self.raw)

    def mean(self) -> Tensor:
        """Mean ``[M, F]`` in the target's unit: each quantile stands for the probability nearest to it.

        Of the raw quantiles, and then kept within the calibrated ones: offsets follow the outermost levels, and what
        they do to one side would push the mean about.
        """
        mean = self.raw_quantiles() @ mass_weights(self.levels).to(self.scaled.device)
        return mean.clamp(*(self._inverted(self.scaled[..., [0, -1]]).unbind(-1)))

    def _inverted(self, scaled: Tensor) -> Tensor:
        values = self.loc[:, None, None] + self.scale[:, None, None] * scaled.double()
        # The hyperbolic sine of one value differs in its last digit with its place in memory; order must not.
        return expand(values, self.unit).cummax(-1).values if self.unit else values
