"""Forecasts of experts that are kept until their truth has come: made at fixed time indices, compared step by step.

What is kept is what the network said of what it read; effects are added when their step has come, by the weights of
then, so nothing of the future is needed. Shapes: B rows, E experts, T steps, K = E - 1 effects.
"""

import torch
from torch import Tensor

from statecast.models.forecaster import Forecaster
from statecast.regression.combination import Combination
from statecast.regression.effects import Experts
from statecast.state.state import State

Fields = dict[str, Tensor]


class KeptForecasts:
    """What becomes of the fields of a combination.

    Parameters
    ----------
    network : Forecaster
        What forecasts for all experts.
    experts : Experts
        What they say.
    combination : Combination
        Their losses.
    """

    def __init__(self, network: Forecaster, experts: Experts, combination: Combination) -> None:
        self.network, self.experts, self.combination = network, experts, combination

    def cuts(self, index: Tensor) -> list[int]:
        """Say where a chunk has to be cut, because some row keeps a forecast.

        Parameters
        ----------
        index : Tensor
            ``[B, T]`` time indices.

        Returns
        -------
        list of int
            From 0 to T.
        """
        kept = torch.remainder(index, self.combination.stride) == 0
        return sorted({0, *(kept.any(0).nonzero()[:, 0] + 1).tolist(), index.shape[1]})

    def compare(self, fields: Fields, target: Tensor, effects: Tensor, index: Tensor) -> Fields:
        """Compare steps with the forecast that was kept of them.

        Parameters
        ----------
        fields : dict of str to Tensor
            The combination's.
        target : Tensor
            ``[B, T]`` float64, NaN where missing.
        effects : Tensor
            ``[B, T, K]`` by the weights of the kept forecast.
        index : Tensor
            ``[B, T]`` time indices.

        Returns
        -------
        dict of str to Tensor
            The fields after them.
        """
        place, due = self.combination.places(index)
        chosen = place[:, None, None, :].expand(-1, 3, self.experts.count, -1)
        pending = fields["pending"].double().gather(3, chosen)
        low, middle, high = (self.experts.say(pending[:, side], effects) for side in range(3))
        truth = torch.where(due, target, torch.nan)
        errors = (truth[:, None] - middle).abs().transpose(1, 2)
        shares, offsets = fields["pending_shares"].double()[..., None], fields["interval_offsets"].double()
        low, middle, high = ((shares * one).sum(1) for one in (low, middle, high))
        below = _log(middle - truth) - _log(middle - low) - offsets[:, :1]
        above = _log(truth - middle) - _log(high - middle) - offsets[:, 1:]
        return fields | {"errors": self.combination.compared(fields["errors"], errors, below, above)}

    def keep(self, fields: Fields, due: Tensor, members: State) -> Fields:
        """Judge the forecasts whose truth has come, and keep those that are made now.

        Parameters
        ----------
        fields : dict of str to Tensor
            The combination's.
        due : Tensor
            ``[B]`` bool, rows that keep a forecast.
        members : State
            B E rows of the network.

        Returns
        -------
        dict of str to Tensor
            The fields after that.
        """
        count, steps = self.experts.count, self.combination.kept_steps(due.device)
        rows = due.nonzero()[:, 0]
        if not len(rows):
            return fields
        some = members.take((rows[:, None] * count + torch.arange(count, device=due.device)).flatten())
        ahead = torch.zeros((len(some), int(steps[-1]) + 1, 0), device=due.device)
        quantiles = self.network.decode(some, ahead).quantiles()[:, steps]
        levels = self.network.config.quantile_levels
        ends = quantiles[..., [0, levels.index(0.5), len(levels) - 1]].unflatten(0, (len(rows), count))
        old = {name: fields[name].double() for name in ("losses", "errors", "interval_offsets", "pending_shares")}
        losses, offsets = self.combination.ended(old["losses"], old["errors"], old["interval_offsets"])
        losses = torch.where(due[:, None], losses, old["losses"])
        return fields | {
            "losses": losses,
            "interval_offsets": torch.where(due[:, None], offsets, old["interval_offsets"]),
            "errors": torch.where(due[:, None], 0.0, old["errors"]),
            "pending": fields["pending"].index_copy(0, rows, ends.permute(0, 3, 1, 2).float()),
            "pending_shares": torch.where(due[:, None], self.combination.shares(losses), old["pending_shares"]),
        }


def _log(distance: Tensor) -> Tensor:
    return distance.clamp_min(1e-12).log()
