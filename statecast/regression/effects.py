"""Effects: which regressions there are, their weights, and the experts that each of them makes.

Shapes: B rows, T steps, K effects, E = K + 1 experts, V targets, D terms, P terms of an hour.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from statecast.regression.target_transform import TargetTransform
from statecast.regression.terms.terms import TermValues


@dataclass(frozen=True)
class Effect:
    """One regression.

    Parameters
    ----------
    target : int
        Which of the V targets it explains.
    covariates : bool
        Whether covariates are among its terms.
    """

    target: int
    covariates: bool


class Weights(NamedTuple):
    """Weights of the K effects.

    Parameters
    ----------
    everywhere : Tensor
        ``[B, K, D]``.
    hourly : Tensor
        ``[B, K, 24, P]``.
    """

    everywhere: Tensor
    hourly: Tensor

    def of(self, terms: TermValues) -> Tensor:
        """Return the effects on some steps.

        Parameters
        ----------
        terms : TermValues
            Of T steps.

        Returns
        -------
        Tensor
            ``[B, T, K]``.
        """
        found = torch.einsum("btd,bkd->btk", terms.everywhere, self.everywhere)
        if terms.hourly.shape[-1]:
            rows = torch.arange(len(found), device=found.device)[:, None]
            found = found + torch.einsum("btp,btkp->btk", terms.hourly, self.hourly.transpose(1, 2)[rows, terms.hour])
        return found

    def where(self, rows: Tensor, other: "Weights") -> "Weights":
        """Take some rows' weights, and another's elsewhere.

        Parameters
        ----------
        rows : Tensor
            ``[B]`` bool.
        other : Weights
            Of B rows.
        """
        return Weights(
            torch.where(rows[:, None, None], self.everywhere, other.everywhere),
            torch.where(rows[:, None, None, None], self.hourly, other.hourly),
        )


class Experts:
    """The plain expert, and one per effect.

    Parameters
    ----------
    effects : tuple of Effect
        Those of a transformed target last.
    transform : TargetTransform or None
        Of that target.
    """

    def __init__(self, effects: tuple[Effect, ...], transform: TargetTransform | None) -> None:
        self.effects, self.transform = effects, transform
        self.count = 1 + len(effects)

    def targets(self, target: Tensor) -> Tensor:
        """Return what effects explain.

        Parameters
        ----------
        target : Tensor
            ``[B, T]``, NaN where missing.

        Returns
        -------
        Tensor
            ``[B, T, V]`` float64: the series, and its transform.
        """
        values = target.double()
        values = torch.where(values.isfinite(), values, torch.nan)
        return torch.stack([values] if self.transform is None else [values, self.transform.compress(values)], dim=-1)

    def left_over(self, targets: Tensor, effects: Tensor) -> Tensor:
        """Return what each expert's network reads.

        Parameters
        ----------
        targets : Tensor
            ``[B, T, V]``.
        effects : Tensor
            ``[B, T, K]``.

        Returns
        -------
        Tensor
            ``[B, E, T]``.
        """
        own = targets[..., [one.target for one in self.effects]] - effects
        return torch.cat([targets[..., :1], own], dim=-1).transpose(1, 2)

    def say(self, values: Tensor, effects: Tensor) -> Tensor:
        """Return what experts say of the target, from what their networks say of what they read.

        Parameters
        ----------
        values : Tensor
            ``[B, E, T, ...]``.
        effects : Tensor
            ``[B, T, K]``.

        Returns
        -------
        Tensor
            ``[B, E, T, ...]`` in the target's unit.
        """
        own = effects.transpose(1, 2)
        own = torch.cat([torch.zeros_like(own[:, :1]) if self.effects else own.new_zeros(values.shape[:3]), own], dim=1)
        found = values + own.reshape(*own.shape, *[1] * (values.dim() - 3))
        if self.transform is None:
            return found
        first = 1 + next(place for place, one in enumerate(self.effects) if one.target)
        return torch.cat([found[:, :first], self.transform.expand(found[:, first:])], dim=1)
