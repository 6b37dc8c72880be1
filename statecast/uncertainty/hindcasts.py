"""Hindcasts: forecasts that were possible a horizon ago and whose truth has come in since.

Every ``stride``-th step is their origin. What such a forecast depends on is kept until a horizon later; then it is made
as it would have been and can be compared with what came. The stride shares no divisor with the season, so that origins
visit every place of it. Origins follow the absolute time index, never the end of a request.

Shapes: B rows, T steps, K kept hindcasts, M hindcasts that matured, R look-back, F horizon.
"""

from math import gcd
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from statecast.config import ForecasterConfig
from statecast.devices.constants import READS_FOR_NOTHING
from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import History
from statecast.state.state import Field, State

_A_HORIZON = 8  # origins per horizon, about; fewer follow in larger jumps, which costs 3 % of interval score on ETTh1


class MaturedHindcasts(NamedTuple):
    """Hindcasts of which the last step ahead was observed within a chunk.

    Parameters
    ----------
    row : Tensor
        ``[M]`` int64.
    update : Tensor
        ``[M]`` int64, which of the A steps of the chunk at which one may mature.
    updates : int
        How many such steps there are, A.
    begin : Tensor
        ``[M]`` int64, position of the origin in the chunk, below 0 if it was read before.
    origin : Tensor
        ``[M]`` int64, time index of the origin.
    age : Tensor
        ``[M]`` int64, steps that the series had read by then.
    hidden : list of Tensor
        ``[M, D]`` per resolution, as of the origin.
    now : Scaling
        ``[M]``, as of the origin.
    due : Tensor
        ``[M]`` bool, False for those that did not mature and count for nothing.
    """

    row: Tensor
    update: Tensor
    updates: int
    begin: Tensor
    origin: Tensor
    age: Tensor
    hidden: list[Tensor]
    now: Scaling
    due: Tensor


class Hindcasts:
    """The steps at which a network's own forecasts are looked back upon.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    """

    def __init__(self, config: ForecasterConfig) -> None:
        self.config = config
        self.stride = max(-(-config.horizon // _A_HORIZON), 1)
        while gcd(self.stride, config.season) != 1:
            self.stride += 1
        self.kept = -(-config.horizon // self.stride)

    def fields(self) -> tuple[Field, ...]:
        """Return the state fields of hindcasts that have not matured, and of covariates known ahead of them."""
        width = len(self.config.resolutions) * self.config.width
        return (
            Field("hindcasts", (self.kept, width), torch.float32),
            Field("hindcast_scaling", (self.kept, 2), torch.float64),
            Field("known", (self.config.horizon, self.config.known_width), torch.float32),
        )

    def updates(self, time_index: Tensor, steps: int) -> Tensor:
        """Count the hindcasts that have matured within a chunk.

        Parameters
        ----------
        time_index : Tensor
            ``[B]`` int64, of the step before the chunk.
        steps : int
            Steps of the chunk, T.

        Returns
        -------
        Tensor
            ``[B, T]`` int64, how many up to each step.
        """
        position = torch.arange(steps, device=time_index.device)
        done = torch.div(position - self._first(time_index)[:, None], self.stride, rounding_mode="floor") + 1
        return done.clamp_min(0)

    def matured(self, history: History, hidden: list[Tensor], state: State) -> MaturedHindcasts:
        """Return the hindcasts that mature in a chunk.

        Parameters
        ----------
        history : History
            The chunk.
        hidden : list of Tensor
            ``[B, T, D]`` per resolution, after every step.
        state : State
            State before the chunk.

        Returns
        -------
        MaturedHindcasts
            M of them, which may be 0: where values can be looked at for nothing, on the CPU, only those that are due.

        Notes
        -----
        One counts only if the series had passed its burn-in by then: before that, forecasts are not yet themselves.
        """
        config, steps = self.config, hidden[0].shape[1]
        first = self._first(state["time_index"])
        most = (steps + self.stride - 1) // self.stride
        begins = first[:, None] + self.stride * torch.arange(most, device=first.device) - config.horizon
        read = state["count"][:, None] + begins + 1
        due = (begins + config.horizon < steps) & (read >= (config.burn_in or config.lookback_length))
        row, update = _candidates(due)
        begin = begins[row, update].clamp(max=steps - 1 - config.horizon)  # others would look beyond the chunk
        number = torch.div(state["time_index"][row] + 1 + begin, self.stride, rounding_mode="floor")
        slot, inside, earlier = torch.remainder(number, self.kept), begin.clamp_min(0), (begin < 0)[:, None]
        before = state["hindcasts"][row, slot].chunk(len(hidden), dim=-1)
        scaling = torch.where(earlier, state["hindcast_scaling"][row, slot], _scaling_rows(history, row, inside))
        return MaturedHindcasts(
            row,
            update,
            most,
            begin,
            state["time_index"][row] + 1 + begin,
            read[row, update],
            [torch.where(earlier, old, new[row, inside]) for old, new in zip(before, hidden, strict=True)],
            Scaling(*scaling.unbind(-1)),
            due[row, update],
        )

    def _first(self, time_index: Tensor) -> Tensor:
        """Position in a chunk at which the first origin matures, whether it counts or not."""
        return torch.remainder(self.config.horizon - time_index - 1, self.stride)

    def work(self, time_index: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Say which series have hindcasts to do with at their next step.

        Parameters
        ----------
        time_index : ndarray
            ``[B]`` int64, of the last step that each has read.

        Returns
        -------
        begins, matures : ndarray
            ``[B]`` bool, whether a hindcast begins at the step, and whether the truth of one comes in with it.
        """
        if not self.config.adaptation:
            return np.zeros(len(time_index), np.bool_), np.zeros(len(time_index), np.bool_)
        following = time_index + 1
        return following % self.stride == 0, (following - self.config.horizon) % self.stride == 0

    def after(
        self, history: History, hidden: list[Tensor], known: Tensor, state: State, begins: bool = True
    ) -> dict[str, Tensor]:
        """Return the state fields after a chunk.

        Parameters
        ----------
        history : History
            The chunk.
        hidden : list of Tensor
            ``[B, T, D]`` per resolution, after every step.
        known : Tensor
            ``[B, T, Ck]``, as in ``Observations``.
        state : State
            State before the chunk.
        begins : bool
            Whether a hindcast begins within the chunk, as far as is known.

        Returns
        -------
        dict of str to Tensor
            Those of ``fields`` that change.
        """
        ahead = {"known": torch.cat([state["known"], known], dim=1)[:, -self.config.horizon :]}
        if not begins:
            return ahead
        time_index, steps = state["time_index"], hidden[0].shape[1]
        last = torch.div(time_index + steps, self.stride, rounding_mode="floor")[:, None]
        slots = torch.arange(self.kept, device=time_index.device)
        position = (last - torch.remainder(last - slots, self.kept)) * self.stride - time_index[:, None] - 1
        row, inside = torch.arange(len(time_index), device=time_index.device)[:, None], position.clamp_min(0)
        fresh, earlier = torch.cat([one[row, inside] for one in hidden], dim=-1), (position < 0)[..., None]
        return {
            "hindcasts": torch.where(earlier, state["hindcasts"], fresh),
            "hindcast_scaling": torch.where(earlier, state["hindcast_scaling"], _scaling_rows(history, row, inside)),
            **ahead,
        }


def _candidates(due: Tensor) -> tuple[Tensor, Tensor]:
    """Places ``[M]`` in ``due`` ``[B, A]``: where it is true, or all, if to know that is to wait for a device."""
    if due.device.type in READS_FOR_NOTHING:
        row, update = torch.nonzero(due, as_tuple=True)
        return row, update
    rows, updates = (torch.arange(size, device=due.device) for size in due.shape)
    return rows.repeat_interleave(len(updates), output_size=due.numel()), updates.repeat(len(rows))


def _scaling_rows(history: History, row: Tensor, position: Tensor) -> Tensor:
    index = position + history.config.patch_length
    return torch.stack([history.scaling.loc[row, index], history.scaling.scale[row, index]], dim=-1)
