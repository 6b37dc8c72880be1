"""How much each point of a batch counts, in units that make series comparable."""

import numpy as np
import torch
from torch import Tensor

from statecast import metrics
from training.data.panel import MANY
from training.evaluation.baselines.naive import Task
from training.evaluation.scoring import new_accuracy

_CAP = 20.0  # in units of scale: one near-zero value must not outweigh a batch


class LossWeighting:
    """Weights of points for losses in units of the causal scale.

    Parameters
    ----------
    weighting : str
        ``scale``: that scale is the unit, and all points count alike. ``standard``: the deviation of the training rows
        is (as in the long-horizon protocol). ``owa``: half in shares of the value, half in units of the seasonal
        difference, each half in units of what the seasonal naive misses (the gradient of OWA).
    unit : Tensor
        ``[I]``, deviation of each item's training rows (``standard``), or their mean seasonal difference (``owa``), in
        the target's unit.
    naive_share : float
        What the seasonal naive misses, as a share of the value. Its error in units of the seasonal difference is 1 by
        definition; without this the half in shares would hardly count (an eighth on M4 Hourly).
    """

    def __init__(self, weighting: str, unit: Tensor, naive_share: float = 1.0) -> None:
        self.weighting, self.unit, self.naive_share = weighting, unit, naive_share

    @classmethod
    def measured(cls, task: Task, weighting: str) -> "LossWeighting":
        """Take the units from a task's training rows.

        Parameters
        ----------
        task : Task
            The panel, its borders and its season.
        weighting : str
            As in the constructor, or ``auto``: ``owa`` for many items, ``scale`` for few.

        Returns
        -------
        LossWeighting
            With units on the CPU.
        """
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
        """Weigh the points of a batch.

        Parameters
        ----------
        items : Tensor
            Number ``[M]`` of the item of each forecast.
        truth : Tensor
            Values ``[M, F]`` in the target's unit.
        scale : Tensor
            ``[M, F]``, what one unit of the loss is in the target's unit.

        Returns
        -------
        Tensor or None
            Weights ``[M, F]``; None where all points count alike.
        """
        if self.weighting == "scale":
            return None
        if self.unit.device != items.device:
            self.unit = self.unit.to(items.device)  # once, and it stays
        relative = scale / self.unit[items, None].clamp(min=1e-12)
        if self.weighting == "standard":
            return relative.clamp(max=_CAP).float()
        share = scale / torch.nan_to_num(truth).abs().clamp(min=1e-12)
        return (0.5 * share / self.naive_share + 0.5 * relative).clamp(max=_CAP).float()
