"""What is kept of a series before any weight is applied: its recent raw values, its scaling, its covariates.

The raw part of a state and what T new steps make of it. Shapes: B rows, T steps, P patch length, R raw values kept.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from statecast.config import ForecasterConfig
from statecast.errors import InputError
from statecast.state.causal_scaling import Scaling, discounted_sums, scaling_of
from statecast.state.state import State
from statecast.state.transforms import compress, expand


class Observations(NamedTuple):
    """T steps of B series.

    Parameters
    ----------
    target : Tensor
        ``[B, T]``, in its own unit, NaN where missing.
    past : Tensor
        ``[B, T, Cp]`` encoded past covariates.
    known : Tensor
        ``[B, T, Ck]``, calendar features first, then encoded future covariates.
    mixed_frequency : Tensor or None
        ``[B, T, G]``, of the G coarse resolutions whose values come from outside: each bucket's value at its last step,
        NaN where missing.
    coarse_history : Tensor or None
        ``[B, G, K]`` values of the buckets that were over before the first step, the last one last, NaN where missing;
        those before the first that is not missing do not count. Only for states that have read nothing.
    """

    target: Tensor
    past: Tensor
    known: Tensor
    mixed_frequency: Tensor | None = None
    coarse_history: Tensor | None = None


@dataclass(frozen=True)
class History:
    """T new steps joined to what the state kept of those before.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    full : Tensor
        ``[B, R + T]`` target, transformed.
    covariates : Tensor
        ``[B, P + T, Cu]``, past and future ones.
    calendar : Tensor
        ``[B, T, Ca]`` calendar features.
    offset : Tensor
        ``[B]`` first observed value.
    deviations : Tensor
        ``[B, T]`` target minus offset, float64.
    sums : Tensor
        ``[B, T, 3]`` of the causal scaling.
    scaling : Scaling
        ``[B, P + T]``.
    mixed_frequency : Tensor
        ``[B, T, G]`` as in ``Observations``, NaN where there was none.
    coarse_history : Tensor
        ``[B, G, K]`` as in ``Observations``, K = 0 where there was none.
    """

    config: ForecasterConfig
    full: Tensor
    covariates: Tensor
    calendar: Tensor
    offset: Tensor
    deviations: Tensor
    sums: Tensor
    scaling: Scaling
    mixed_frequency: Tensor
    coarse_history: Tensor

    def windows(self, length: int, positions: Tensor, lag: int = 0) -> Tensor:
        """Return raw windows.

        Parameters
        ----------
        length : int
            Steps per window.
        positions : Tensor
            ``[N]`` int64, among the new steps.
        lag : int
            Steps before its position at which a window ends.

        Returns
        -------
        Tensor
            ``[B, N, length]``.
        """
        first = positions + (self.config.kept_length + 1 - length - lag)
        return self.full.unfold(1, length, 1)[:, first]  # index_select would copy every window first

    def ahead(self, row: Tensor, begin: Tensor, length: int) -> Tensor:
        """Return raw values after given positions.

        Parameters
        ----------
        row : Tensor
            ``[M]`` int64.
        begin : Tensor
            ``[M]`` int64, position of the first value among the new steps; older steps lie below 0.
        length : int
            How many.

        Returns
        -------
        Tensor
            ``[M, length]``, transformed target.
        """
        index = (begin + self.config.kept_length)[:, None] + torch.arange(length, device=row.device)
        return self.full[row[:, None], index]

    def covariate_patches(self, positions: Tensor) -> Tensor:
        """Return the covariates of the patch that ends at each position.

        Parameters
        ----------
        positions : Tensor
            ``[N]`` int64, among the new steps.

        Returns
        -------
        Tensor
            ``[B, N, P * Cu]``, all steps of a column together.
        """
        return self.covariates.unfold(1, self.config.patch_length, 1)[:, positions + 1].flatten(2)

    def scaling_at(self, positions: Tensor, earlier: int = 0) -> Scaling:
        """Return the scaling at or before some of the new steps.

        Parameters
        ----------
        positions : Tensor
            ``[N]`` int64, among the new steps.
        earlier : int
            Steps before each position, at most P.

        Returns
        -------
        Scaling
            ``[B, N]``.
        """
        index = positions + (self.config.patch_length - earlier)
        return Scaling(self.scaling.loc.index_select(1, index), self.scaling.scale.index_select(1, index))

    def after(self, state: State) -> dict[str, Tensor]:
        """Return the raw fields of the state after all T steps.

        Parameters
        ----------
        state : State
            B rows, as of before the steps.

        Returns
        -------
        dict of str to Tensor
            Those of ``history_fields`` but ``static``.
        """
        season, length, period = self.config.season, self.config.kept_length, self.config.patch_length
        raw = expand(self.full[:, length - season :].double(), self.config.asinh_unit)
        change = (raw[:, season:] - raw[:, :-season]).abs()
        steps = change.shape[1]
        error = torch.stack([change.nan_to_num().sum(1), (~change.isnan()).double().sum(1)], dim=-1)
        return {
            "time_index": state["time_index"] + steps,
            "count": state["count"] + steps,
            "offset": self.offset,
            "sums": self.sums[:, -1],
            "seasonal_error": state["seasonal_error"] + error,
            "locs": self.scaling.loc[:, -period:],
            "scales": self.scaling.scale[:, -period:],
            "lookback": self.full[:, -length:],
            "covariates": self.covariates[:, -period:],
        }


def read_history(config: ForecasterConfig, observations: Observations, state: State) -> History:
    """Join new steps to a state.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    observations : Observations
        T >= 1 steps of B series.
    state : State
        B rows.

    Returns
    -------
    History
        What encoders and heads read.

    Raises
    ------
    InputError
        If the shapes do not go together or are not the config's.
    """
    target, past, known = observations[:3]
    expected = (*target.shape, config.past_width), (*target.shape, config.known_width)
    if target.dim() != 2 or (past.shape, known.shape) != expected or not target.shape[1]:
        raise InputError(
            f"observations: expected target [B, T >= 1], past [B, T, {config.past_width}] and known "
            f"[B, T, {config.known_width}], got {tuple(target.shape)}, {tuple(past.shape)}, {tuple(known.shape)}"
        )
    mixed_frequency, coarse_history = _read_mixed_frequency(config, observations)
    target = compress(target, config.asinh_unit)
    seen = ~target.isnan()
    first = target.gather(1, seen.int().argmax(1, keepdim=True))[:, 0].double()
    offset = torch.where(state["offset"].isnan(), first, state["offset"])
    deviations = target.double() - offset[:, None]
    value = deviations.nan_to_num()
    sums = discounted_sums(torch.stack([seen.double(), value, value * value], -1), state["sums"], config.half_life)
    new = scaling_of(sums, offset[:, None])
    calendar, ahead = known.split([config.known_width - config.user_known_width, config.user_known_width], dim=-1)
    return History(
        config,
        full=torch.cat([state["lookback"], target], dim=1),
        covariates=torch.cat([state["covariates"], torch.cat([past, ahead], dim=-1)], dim=1),
        calendar=calendar,
        offset=offset,
        deviations=deviations,
        sums=sums,
        scaling=Scaling(torch.cat([state["locs"], new.loc], dim=1), torch.cat([state["scales"], new.scale], dim=1)),
        mixed_frequency=mixed_frequency,
        coarse_history=coarse_history,
    )


def _read_mixed_frequency(config: ForecasterConfig, observations: Observations) -> tuple[Tensor, Tensor]:
    """Values of coarse resolutions; where there are none, they are missing."""
    target, count = observations.target, len(config.mixed_frequency)
    values, coarse_history = observations.mixed_frequency, observations.coarse_history
    if values is None:
        values = target.new_full((*target.shape, count), torch.nan)
    if coarse_history is None:
        coarse_history = target.new_zeros((len(target), count, 0))
    if values.shape != (*target.shape, count) or coarse_history.shape[:2] != (len(target), count):
        raise InputError(
            f"observations: expected mixed_frequency [B, T, {count}] and coarse_history [B, {count}, K], got "
            f"{tuple(values.shape)}, {tuple(coarse_history.shape)}"
        )
    if coarse_history.shape[2] > config.coarse_history_length:
        raise InputError(
            f"observations: expected at most {config.coarse_history_length} buckets of coarse_history, all that a "
            f"state reads, got {coarse_history.shape[2]}; leave out the oldest"
        )
    return values, coarse_history
