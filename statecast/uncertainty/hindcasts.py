"""Past origins: forecasts that were possible a horizon ago and whose truth has come in since.

Every ``stride``-th clock is an origin. What its forecast depends on is kept until a horizon later; then the forecast is
made as it would have been and can be compared with what came. The stride shares no divisor with the season, so that
origins visit every place of it. Origins follow the absolute clock, never the end of a request.

Shapes: B rows, T steps, K kept origins, M origins that came due, R ring length, F horizon.
"""

from math import gcd
from typing import NamedTuple

import torch
from torch import Tensor

from statecast.config import ForecasterConfig
from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import History
from statecast.state.state import Field, State

_A_HORIZON = 8  # origins a horizon, about; fewer follow in larger jumps, which costs 3 % of interval score on ETTh1


class MaturedHindcasts(NamedTuple):
    """Origins of which the last step ahead was observed within a chunk.

    row, turn: ``[M]`` the row and which of its due origins in this chunk.  begin: ``[M]`` position in the chunk, below
    0 if it was read before.  age: ``[M]`` steps read by then.  hidden: ``[M, D]`` of each resolution.
    now: scaling ``[M]`` as of the origin.
    """

    row: Tensor
    turn: Tensor
    begin: Tensor
    age: Tensor
    hidden: list[Tensor]
    now: Scaling


class Hindcasts:
    """The places where a network's own forecasts are looked back upon."""

    def __init__(self, config: ForecasterConfig) -> None:
        self.config = config
        self.stride = max(-(-config.horizon // _A_HORIZON), 1)
        while gcd(self.stride, config.season) != 1:
            self.stride += 1
        self.kept = -(-config.horizon // self.stride)

    def fields(self) -> tuple[Field, ...]:
        """What is kept of the origins that are not due yet, and the covariates that were known ahead of them."""
        width = len(self.config.resolutions) * self.config.width
        return (
            Field("origins", (self.kept, width), torch.float32),
            Field("origin_scaling", (self.kept, 2), torch.float64),
            Field("known", (self.config.horizon, self.config.known_width), torch.float32),
        )

    def turns(self, clock: Tensor, steps: int) -> Tensor:
        """How many origins have come due within the chunk up to each step, ``[B, T]``; ``clock`` as in the state."""
        position = torch.arange(steps, device=clock.device)
        done = torch.div(position - self._first(clock)[:, None], self.stride, rounding_mode="floor") + 1
        return done.clamp_min(0)

    def due(self, history: History, hidden: list[Tensor], state: State) -> MaturedHindcasts:
        """Those that come due in a chunk. ``hidden``: ``[B, T, D]`` of each resolution, after every step.

        An origin counts only if the series had settled by then: before that, forecasts are not yet themselves.
        """
        config, steps = self.config, hidden[0].shape[1]
        first = self._first(state["clock"])
        most = (steps + self.stride - 1) // self.stride
        begins = first[:, None] + self.stride * torch.arange(most, device=first.device) - config.horizon
        read = state["count"][:, None] + begins + 1
        row, turn = torch.nonzero(
            (begins + config.horizon < steps) & (read >= (config.settled or config.ring_length)), as_tuple=True
        )
        begin = begins[row, turn]
        number = torch.div(state["clock"][row] + 1 + begin, self.stride, rounding_mode="floor")
        slot, inside, earlier = torch.remainder(number, self.kept), begin.clamp_min(0), (begin < 0)[:, None]
        before = state["origins"][row, slot].chunk(len(hidden), dim=-1)
        scaling = torch.where(earlier, state["origin_scaling"][row, slot], _scaling_rows(history, row, inside))
        return MaturedHindcasts(
            row,
            turn,
            begin,
            read[row, turn],
            [torch.where(earlier, old, new[row, inside]) for old, new in zip(before, hidden, strict=True)],
            Scaling(*scaling.unbind(-1)),
        )

    def _first(self, clock: Tensor) -> Tensor:
        """Position in a chunk at which the first origin comes due, whether it counts or not."""
        return torch.remainder(self.config.horizon - clock - 1, self.stride)

    def after(self, history: History, hidden: list[Tensor], known: Tensor, state: State) -> dict[str, Tensor]:
        """The fields of the state after a chunk."""
        clock, steps = state["clock"], hidden[0].shape[1]
        last = torch.div(clock + steps, self.stride, rounding_mode="floor")[:, None]
        slots = torch.arange(self.kept, device=clock.device)
        position = (last - torch.remainder(last - slots, self.kept)) * self.stride - clock[:, None] - 1
        row, inside = torch.arange(len(clock), device=clock.device)[:, None], position.clamp_min(0)
        fresh, earlier = torch.cat([one[row, inside] for one in hidden], dim=-1), (position < 0)[..., None]
        return {
            "origins": torch.where(earlier, state["origins"], fresh),
            "origin_scaling": torch.where(earlier, state["origin_scaling"], _scaling_rows(history, row, inside)),
            "known": torch.cat([state["known"], known], dim=1)[:, -self.config.horizon :],
        }


def _scaling_rows(history: History, row: Tensor, position: Tensor) -> Tensor:
    index = position + history.config.patch_length
    return torch.stack([history.scaling.loc[row, index], history.scaling.scale[row, index]], dim=-1)
