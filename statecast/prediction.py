"""What a forecast is: quantiles in units of scale, and the weights that made them."""

from typing import NamedTuple

from torch import Tensor

from statecast.heads import mass_weights


class Prediction(NamedTuple):
    """Forecasts from M origins. ``scaled`` ``[M, F, Q]`` ascends in Q and is in units of ``scale`` around ``loc``.

    loc, scale: ``[M]`` float64.  expert_weights: ``[M, S, E]``, resolution_weights: ``[M, S, R]``; both sum to 1 in the
    last dim.  levels: the Q quantile levels.  raw: as ``scaled`` before calibration.
    """

    scaled: Tensor
    loc: Tensor
    scale: Tensor
    expert_weights: Tensor
    resolution_weights: Tensor
    levels: tuple[float, ...]
    raw: Tensor

    def quantiles(self) -> Tensor:
        """Quantiles ``[M, F, Q]`` in the target's unit, float64."""
        return self.loc[:, None, None] + self.scale[:, None, None] * self.scaled.double()

    def mean(self) -> Tensor:
        """Mean ``[M, F]`` in the target's unit: each quantile stands for the probability nearest to it.

        Of the raw quantiles, and then kept within the calibrated ones: margins follow the outermost levels, and what
        they do to one side would push the mean about.
        """
        mean = self.raw.double() @ mass_weights(self.levels).to(self.scaled.device)
        kept = mean.clamp(self.scaled[..., 0].double(), self.scaled[..., -1].double())
        return self.loc[:, None] + self.scale[:, None] * kept
