"""Coarse resolutions: buckets of base steps, aligned to absolute time, encoded one step per full bucket.

Bucket b of a resolution of c steps holds the steps b c .. b c + c - 1, whatever request or window they came in, so
that the half-filled bucket at the end is part of the state and never moves when time goes on. What a bucket is worth
is derived from its steps here (their mean), or comes from outside (``statecast.layers.mixed_frequency``).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from statecast.layers.cells.recurrent import Recurrent
from statecast.state.causal_scaling import Scaling
from statecast.state.state import Field, State

# A bucket and the seven before it: with days as buckets, one week and its start.
MEMORY = 8


class Ends(NamedTuple):
    """Where buckets end within a chunk of T steps of B rows; K slots cover every bucket that the chunk touches.

    Parameters
    ----------
    ends : Tensor
        ``[B, K]`` position of each bucket's last step, T or more where that is yet to come.
    done : Tensor
        ``[B, T]`` buckets completed up to each step.
    """

    ends: Tensor
    done: Tensor


class Buckets(NamedTuple):
    """What a chunk of T steps does to the buckets of B rows.

    Parameters
    ----------
    means : Tensor
        ``[B, K]`` relative to the offset, NaN where nothing was observed.
    share : Tensor
        ``[B, K]`` share of each bucket's steps that was observed.
    sums : Tensor
        ``[B, K, 2]`` sum and count so far.
    """

    means: Tensor
    share: Tensor
    sums: Tensor


def find_ends(time_index: Tensor, steps: int, length: int) -> Ends:
    """Find where buckets end within a chunk.

    Parameters
    ----------
    time_index : Tensor
        ``[B]`` int64, of the step before the chunk.
    steps : int
        Steps of the chunk, T.
    length : int
        Base steps per bucket.

    Returns
    -------
    Ends
        Positions and counts.
    """
    into = torch.remainder(time_index + 1, length)
    slots = torch.arange(1, (steps + length - 2) // length + 2, device=time_index.device)
    place = into[:, None] + torch.arange(1, steps + 1, device=time_index.device)
    return Ends(slots * length - 1 - into[:, None], torch.div(place, length, rounding_mode="floor"))


def fill_buckets(deviations: Tensor, time_index: Tensor, partial: Tensor, length: int) -> Buckets:
    """Sort a chunk into buckets.

    Parameters
    ----------
    deviations : Tensor
        ``[B, T]`` float64, target minus offset, NaN where missing.
    time_index : Tensor
        ``[B]`` int64, of the step before the chunk.
    partial : Tensor
        ``[B, 2]`` sum and count of the bucket that is open.
    length : int
        Base steps per bucket.

    Returns
    -------
    Buckets
        Every bucket that the chunk touches.
    """
    rows, steps = deviations.shape
    place = torch.remainder(time_index + 1, length)[:, None] + torch.arange(steps, device=time_index.device)
    slot = torch.div(place, length, rounding_mode="floor")
    slots = (steps + length - 2) // length + 1
    seen = ~deviations.isnan()
    values = torch.stack([deviations.nan_to_num(), seen.double()], dim=-1)
    sums = torch.zeros(rows, slots, 2, dtype=torch.float64, device=time_index.device)
    sums = sums.scatter_add(1, slot[..., None].expand(-1, -1, 2), values)
    sums = torch.cat([sums[:, :1] + partial[:, None], sums[:, 1:]], dim=1)
    total, count = sums[..., 0], sums[..., 1]
    means = torch.where(count > 0, total / count.clamp_min(1), torch.nan)
    return Buckets(means, count / length, sums)


class BucketEncoder(nn.Module):
    """Recurrent layers over one coarse resolution, whatever its buckets are worth.

    Parameters
    ----------
    inputs : int
        Numbers per bucket.
    length : int
        Base steps per bucket.
    cell : str
        Name of the recurrent cell.
    width : int
        Width of hidden vectors, D.
    layers : int
        Recurrent layers.
    dropout : float
        Share of inputs that training leaves out between layers.
    """

    def __init__(self, inputs: int, length: int, cell: str, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.length, self.width = length, width
        self.embed = nn.Linear(inputs, width)
        self.recurrent = Recurrent(cell, width, layers, dropout)

    @property
    def fields(self) -> tuple[Field, ...]:
        """What is kept of a series: the recurrent state as of the last full bucket."""
        shape = (self.recurrent.layers, self.recurrent.parts, self.width)
        return (Field(f"hidden_{self.length}", shape, torch.float32),)

    def advance(self, inputs: Tensor, done: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Advance over the buckets that a chunk of T steps completed.

        Parameters
        ----------
        inputs : Tensor
            ``[B, K, D]``, embedded buckets.
        done : Tensor
            ``[B, T]`` int64, buckets completed up to each step.
        before : Tensor
            ``[B, layers, parts, D]``, recurrent state before the chunk.

        Returns
        -------
        tuple of Tensor
            Hidden vector of the last full bucket as of every step, ``[B, T, D]``, and the new recurrent state.
        """
        # Every row completes at least this many buckets, known from the shape alone; some complete one more.
        sure = done.shape[1] // self.length
        outputs, hidden = self.recurrent.run(inputs[:, :sure], before)
        more = self.recurrent.step(inputs[:, sure], hidden)
        after = torch.cat([before[:, None, -1, 0], outputs, more[:, None, -1, 0]], dim=1)
        history = after.gather(1, done[..., None].expand(-1, -1, self.width))
        return history, torch.where((done[:, -1] > sure)[:, None, None, None], more, hidden)


class CoarseEncoder(BucketEncoder):
    """Encoder of buckets that are worth the mean of their steps, scaled as the target is.

    Parameters
    ----------
    length : int
        Base steps per bucket.
    cell : str
        Name of the recurrent cell.
    width : int
        Width of hidden vectors, D.
    layers : int
        Recurrent layers.
    dropout : float
        Share of inputs that training leaves out between layers.
    """

    def __init__(self, length: int, cell: str, width: int, layers: int, dropout: float) -> None:
        super().__init__(2 * MEMORY + 1, length, cell, width, layers, dropout)

    @property
    def fields(self) -> tuple[Field, ...]:
        """See ``BucketEncoder.fields``; sum and count of the open bucket, and the means before it."""
        return (
            Field(f"bucket_{self.length}", (2,), torch.float64),
            Field(f"means_{self.length}", (MEMORY - 1,), torch.float64, fill=float("nan")),
            *super().fields,
        )

    def forward(
        self, deviations: Tensor, scaling: Scaling, offset: Tensor, state: State
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Advance over a chunk.

        Parameters
        ----------
        deviations : Tensor
            ``[B, T]`` float64, target minus offset, NaN where missing.
        scaling : Scaling
            ``[B, T]``, at every step.
        offset : Tensor
            ``[B]`` first observed value.
        state : State
            B rows, as of before the chunk.

        Returns
        -------
        tuple of Tensor and dict of str to Tensor
            Hidden vector of the last full bucket as of every step, ``[B, T, D]``, and the new state fields.
        """
        name, steps = self.length, deviations.shape[1]
        ends, done = find_ends(state["time_index"], steps, self.length)
        buckets = fill_buckets(deviations, state["time_index"], state[f"bucket_{name}"], self.length)
        means = torch.cat([state[f"means_{name}"], buckets.means], dim=1)
        ends = ends.clamp_max(steps - 1)
        at_end = Scaling(scaling.loc.gather(1, ends), scaling.scale.gather(1, ends))
        inputs = self._embed(means, buckets, at_end, offset)
        history, hidden = self.advance(inputs, done, state[f"hidden_{name}"])
        last = done[:, -1]
        index = last[:, None] + torch.arange(MEMORY - 1, device=done.device)
        open_sums = torch.cat([buckets.sums, torch.zeros_like(buckets.sums[:, :1])], dim=1)
        return history, {
            f"bucket_{name}": open_sums.gather(1, last[:, None, None].expand(-1, 1, 2))[:, 0],
            f"means_{name}": means.gather(1, index),
            f"hidden_{name}": hidden,
        }

    def _embed(self, means: Tensor, buckets: Buckets, at_end: Scaling, offset: Tensor) -> Tensor:
        recent = means.unfold(1, MEMORY, 1)
        level = (at_end.loc - offset[:, None]).nan_to_num()[..., None]
        scaled = ((recent - level) * at_end.inverse[..., None]).float().clamp(-30, 30)
        seen = ~scaled.isnan()
        parts = [scaled.nan_to_num(), seen.float(), buckets.share.float()[..., None]]
        embedded: Tensor = torch.relu(self.embed(torch.cat(parts, dim=-1)))
        return embedded
