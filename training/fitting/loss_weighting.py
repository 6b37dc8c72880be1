"""How much each point of a batch counts, in units that make series comparable."""

import numpy as np
import torch
from torch import Tensor

from statecast import metrics
from training.data.panel import MANY
from training.evaluation.backtest import new_accuracy
from training.evaluation.baselines.naive import Task

_CAP = 20.0  # in units of scale: one near-zero value must not outweigh a batch


class LossWeighting:
    """Weights of points for losses in units of the causal scale.

    Parameters
    ----------
    weighting : ``scale``: that scale is the unit, and all points count alike. ``standard``: the deviation of the
        training rows is (as in the long-horizon protocol). ``owa``: half in shares of the value, half in units of the
        seasonal difference, each half in units of what the seasonal naive misses (the gradient of OWA).
    unit : ``[I]`` deviation of each item's training rows (``standard``), or their mean seasonal difference (``owa``).
    naive_share : what the seasonal naive misses, as a share of the value. Its error in units of the seasonal difference
        is 1 by definition; without this the half in shares would hardly be heard (an eighth on M4 Hourly).
    """

    def __init__(self, weighting: str, unit: Tensor, naive_share: float = 1.0) -> None:
        self.weighting, self.unit, self.naive_share = weighting, unit, naive_share

    @classmethod
    def measured(cls, task: Task, weighting: str) -> "LossWeighting":
        """Take the units from a task's training rows; ``auto`` is ``owa`` for many items, ``scale`` for few."""
        if weighting == "auto":
            weighting = "owa" if len(task.panel.items) >= MANY else "scale"
        accuracy = new_accuracy(task)
        unit = accuracy.seasonal_errors if weighting == "owa" else accuracy.units
        smape, shares = metrics.get("smape"), []
        for index, (item, border) in enumerate(zip(task.panel.items, task.split.train.tolist(), strict=True)):
            rows = task.values(index)[item.first : border]
            shares.append(smape.score(rows[None, task.season :], rows[None, : -task.season]) / 100.0)
        known = [share for share in shares if share > 0]
        filled = torch.from_numpy(np.where(np.isfinite(unit), unit, accuracy.units))
        return cls(weighting, filled, float(np.mean(known)) if known else 1.0)

    def of(self, items: Tensor, truth: Tensor, scale: Tensor) -> Tensor | None:
        """Weights ``[M, F]`` for raw values ``[M, F]`` of ``items`` ``[M]``.

        scale: ``[M, F]``, what one unit of the loss is in the target's unit. None where all points count alike.
        """
        if self.weighting == "scale":
            return None
        relative = scale / self.unit.to(items.device)[items, None].clamp(min=1e-12)
        if self.weighting == "standard":
            return relative.clamp(max=_CAP).float()
        share = scale / torch.nan_to_num(truth).abs().clamp(min=1e-12)
        return (0.5 * share / self.naive_share + 0.5 * relative).clamp(max=_CAP).float()
