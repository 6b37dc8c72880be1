"""Coarse resolutions: buckets of base steps, anchored to the absolute clock, encoded one step a full bucket.

Bucket b of a resolution of c steps holds the clocks b c .. b c + c - 1, whatever request or window they came in, so
that the half-filled bucket at the end is part of the state and never moves when time goes on.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from statecast.cells import PARTS, Recurrent
from statecast.scaling import Scaling
from statecast.state import Field, State

# A bucket and the seven before it: with days as buckets, one week and its start.
MEMORY = 8


class Buckets(NamedTuple):
    """What a chunk of T steps does to the buckets of B rows; K slots cover every bucket that the chunk touches.

    means: ``[B, K]`` relative to the anchor, NaN where nothing was observed.  share: ``[B, K]`` observed share.
    sums: ``[B, K, 2]`` sum and count so far.  ends: ``[B, K]`` position in the chunk of each bucket's last step.
    done: ``[B, T]`` buckets completed up to each step.
    """

    means: Tensor
    share: Tensor
    sums: Tensor
    ends: Tensor
    done: Tensor


def fill_buckets(deviations: Tensor, clock: Tensor, partial: Tensor, length: int) -> Buckets:
    """Sort a chunk into buckets of ``length`` steps.

    ``deviations`` is ``[B, T]`` float64, target minus anchor, NaN where missing; ``clock`` ``[B]`` of the step before;
    ``partial`` ``[B, 2]`` sum and count of the bucket that is open.
    """
    rows, steps = deviations.shape
    into = torch.remainder(clock + 1, length)
    place = into[:, None] + torch.arange(steps, device=clock.device)
    slot = torch.div(place, length, rounding_mode="floor")
    slots = (steps + length - 2) // length + 1
    seen = ~deviations.isnan()
    values = torch.stack([deviations.nan_to_num(), seen.double()], dim=-1)
    sums = torch.zeros(rows, slots, 2, dtype=torch.float64, device=clock.device)
    sums = sums.scatter_add(1, slot[..., None].expand(-1, -1, 2), values)
    sums = torch.cat([sums[:, :1] + partial[:, None], sums[:, 1:]], dim=1)
    total, count = sums[..., 0], sums[..., 1]
    means = torch.where(count > 0, total / count.clamp_min(1), torch.nan)
    ends = (torch.arange(1, slots + 1, device=clock.device) * length - 1)[None] - into[:, None]
    done = torch.div(place + 1, length, rounding_mode="floor")
    return Buckets(means, count / length, sums, ends.clamp(0, steps - 1), done)


class CoarseEncoder(nn.Module):
    """Recurrent layers over one coarse resolution."""

    def __init__(self, length: int, cell: str, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.length, self.width = length, width
        self.embed = nn.Linear(2 * MEMORY + 1, width)
        self.recurrent = Recurrent(cell, width, layers, dropout)

    @staticmethod
    def fields(length: int, cell: str, width: int, layers: int) -> tuple[Field, ...]:
        """What this encoder keeps of a series."""
        return (
            Field(f"bucket_{length}", (2,), torch.float64),
            Field(f"means_{length}", (MEMORY - 1,), torch.float64, fill=float("nan")),
            Field(f"hidden_{length}", (layers, PARTS[cell], width), torch.float32),
        )

    def forward(
        self, deviations: Tensor, scaling: Scaling, anchor: Tensor, state: State
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Advance over a chunk.

        deviations: ``[B, T]`` float64 target minus anchor.  scaling: ``[B, T]`` at every step.  anchor: ``[B]``.
        Returns the hidden vector of the last full bucket as of every step, ``[B, T, D]``, and the new state fields.
        """
        name, length, steps = self.length, self.length, deviations.shape[1]
        before = state[f"hidden_{name}"]
        buckets = fill_buckets(deviations, state["clock"], state[f"bucket_{name}"], length)
        means = torch.cat([state[f"means_{name}"], buckets.means], dim=1)
        inputs = self._embed(means, buckets, scaling, anchor)
        # Every row completes at least this many buckets, known from the shape alone; some complete one more.
        sure = steps // length
        outputs, hidden = self.recurrent.run(inputs[:, :sure], before)
        more = self.recurrent.step(inputs[:, sure], hidden)
        after = torch.cat([before[:, None, -1, 0], outputs, more[:, None, -1, 0]], dim=1)
        history = after.gather(1, buckets.done[..., None].expand(-1, -1, self.width))
        done = buckets.done[:, -1]
        index = done[:, None] + torch.arange(MEMORY - 1, device=done.device)
        open_sums = torch.cat([buckets.sums, torch.zeros_like(buckets.sums[:, :1])], dim=1)
        return history, {
            f"bucket_{name}": open_sums.gather(1, done[:, None, None].expand(-1, 1, 2))[:, 0],
            f"means_{name}": means.gather(1, index),
            f"hidden_{name}": torch.where((done > sure)[:, None, None, None], more, hidden),
        }

    def _embed(self, means: Tensor, buckets: Buckets, scaling: Scaling, anchor: Tensor) -> Tensor:
        at_end = Scaling(scaling.loc.gather(1, buckets.ends), scaling.scale.gather(1, buckets.ends))
        recent = means.unfold(1, MEMORY, 1)
        level = (at_end.loc - anchor[:, None]).nan_to_num()[..., None]
        scaled = ((recent - level) * at_end.inverse[..., None]).float().clamp(-30, 30)
        seen = ~scaled.isnan()
        parts = [scaled.nan_to_num(), seen.float(), buckets.share.float()[..., None]]
        embedded: Tensor = torch.relu(self.embed(torch.cat(parts, dim=-1)))
        return embedded
