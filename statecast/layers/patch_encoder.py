"""The base encoder: one recurrent state a phase, so that every observation completes exactly one patch.

A patch network is aligned only every P steps. Here P recurrent states take turns: the step at time t advances the state
that last advanced at t - P, on the patch of the P values up to t. A step costs one recurrent step, and every origin is
aligned. (Equivalently: a recurrent layer with dilation P over sliding patches.)
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.layers.cells.recurrent import Recurrent
from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import History
from statecast.state.state import Field

_LIMIT = 30.0


class PatchInput(NamedTuple):
    """What the encoder sees at N positions of B rows.

    Parameters
    ----------
    patches : tuple of Tensor
        ``[B, N, P]`` windows of the raw target, NaN where missing: now, one and seven seasons ago.
    now : Scaling
        ``[B, N]`` at the position.
    before : Scaling
        ``[B, N]`` P steps earlier.
    covariates : Tensor
        ``[B, N, P * Cu]`` of the patch.
    calendar : Tensor
        ``[B, N, Ca]`` at the position.
    static : Tensor
        ``[B, Cs]``.
    reread : Tensor
        ``[B, N, W]`` raw target for an encoder that reads it anew at every step; without columns for others.
    """

    patches: tuple[Tensor, ...]
    now: Scaling
    before: Scaling
    covariates: Tensor
    calendar: Tensor
    static: Tensor
    reread: Tensor

    @classmethod
    def of(cls, history: History, positions: Tensor, static: Tensor) -> "PatchInput":
        """Return what a history shows at some of its new steps.

        Parameters
        ----------
        history : History
            T new steps of B rows.
        positions : Tensor
            ``[N]`` int64, the steps.
        static : Tensor
            ``[B, Cs]`` encoded static covariates.

        Returns
        -------
        PatchInput
            At N positions.
        """
        period, season = history.config.patch_length, history.config.season
        return cls(
            patches=tuple(history.windows(period, positions, lag) for lag in (0, season, 7 * season)),
            now=history.scaling_at(positions),
            before=history.scaling_at(positions, earlier=period),
            covariates=history.covariate_patches(positions),
            calendar=history.calendar.index_select(1, positions),
            static=static,
            reread=history.windows(history.config.bidirectional_length, positions),
        )


def scaled_patch(window: Tensor, now: Scaling) -> Tensor:
    """Scale raw windows.

    Parameters
    ----------
    window : Tensor
        ``[B, N, P]`` raw target, NaN where missing.
    now : Scaling
        ``[B, N]`` at the positions.

    Returns
    -------
    Tensor
        ``[B, N, P]`` in units of scale, within 30 of 0; NaN where missing.
    """
    return Scaling(now.loc[..., None], now.scale[..., None]).apply(window).clamp(-_LIMIT, _LIMIT)


class PatchEncoder(nn.Module):
    """Patches to hidden vectors ``D``, with P phase states.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    """

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__()
        self.patch_length = config.patch_length
        user = config.past_width + config.user_known_width
        inputs = (
            config.patch_length * (4 + user) + 2 + config.known_width - config.user_known_width + config.static_width
        )
        self.embed = nn.Linear(inputs, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.recurrent = Recurrent(config.cell, config.width, config.layers, config.dropout)

    @property
    def field(self) -> Field:
        """The phase states; entry j is the state that the step after the next j steps advances."""
        shape = (self.patch_length, self.recurrent.layers, self.recurrent.parts, self.recurrent.width)
        return Field("hidden", shape, torch.float32)

    def ablatable(self) -> dict[str, list[Tensor]]:
        """Return optional parts by name, each with the tensors that leave it without influence where all are zero."""
        return {}

    def embedded(self, inputs: PatchInput) -> Tensor:
        """Embed patches.

        Parameters
        ----------
        inputs : PatchInput
            At N positions of B rows.

        Returns
        -------
        Tensor
            ``[B, N, D]``.
        """
        patch, season, long_season = (scaled_patch(window, inputs.now) for window in inputs.patches)
        level = ((inputs.now.loc - inputs.before.loc) * inputs.now.inverse).nan_to_num().clamp(-_LIMIT, _LIMIT)
        moved = (inputs.now.scale > 0) & (inputs.before.scale > 0)
        ratio = torch.where(moved, inputs.now.scale, 1.0) / torch.where(moved, inputs.before.scale, 1.0)
        features = [
            patch.nan_to_num(),
            (patch - season).nan_to_num(),
            (patch - long_season).nan_to_num(),
            (~patch.isnan()).float(),
            level.float()[..., None],
            ratio.log().float().clamp(-_LIMIT, _LIMIT)[..., None],
            inputs.covariates,
            inputs.calendar,
            inputs.static[:, None].expand(-1, patch.shape[1], -1),
        ]
        embedded: Tensor = self.dropout(torch.relu(self.embed(torch.cat(features, dim=-1))))
        return embedded

    def every_step(self, embedded: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Advance all phases, one embedded patch per step.

        Parameters
        ----------
        embedded : Tensor
            ``[B, T, D]``.
        hidden : Tensor
            Phase states ``[B, P, layers, parts, D]``.

        Returns
        -------
        tuple of Tensor
            Hidden vectors as of each step, ``[B, T, D]``, and the new phase states.
        """
        rows, steps, width = embedded.shape
        period = self.patch_length
        rounds, rest = divmod(steps, period)
        outputs = []
        if rounds:
            turns = embedded[:, : rounds * period].reshape(rows, rounds, period, width).transpose(1, 2)
            out, flat = self.recurrent.run(turns.reshape(rows * period, rounds, width), hidden.flatten(0, 1))
            hidden = flat.unflatten(0, (rows, period))
            outputs.append(out.unflatten(0, (rows, period)).transpose(1, 2).reshape(rows, rounds * period, width))
        if rest:
            turns = embedded[:, rounds * period :].reshape(rows * rest, width)
            flat = self.recurrent.step(turns, hidden[:, :rest].flatten(0, 1))
            new = flat.unflatten(0, (rows, rest))
            outputs.append(new[:, :, -1, 0])
            hidden = torch.cat([hidden[:, rest:], new], dim=1)
        return torch.cat(outputs, dim=1), hidden

    def one_phase(self, embedded: Tensor, hidden: Tensor) -> Tensor:
        """Advance a single phase over patches that follow one another without overlap (training).

        Parameters
        ----------
        embedded : Tensor
            ``[B, N, D]``.
        hidden : Tensor
            Phase states ``[B, P, layers, parts, D]``; the last of them is advanced.

        Returns
        -------
        Tensor
            Hidden vectors ``[B, N, D]``.
        """
        outputs, _ = self.recurrent.run(embedded, hidden[:, -1])
        return outputs
