"""Coarse resolutions whose values come from outside: a table of hours or days beside the one of minutes.

Such a value need not be the mean of its bucket's fine steps, nor in their unit: it may be a close, a sum, or another
measurement, and it may have been kept for years before the first fine step. So it has a causal scaling of its own, and
buckets that were over before the first step are read without any fine steps.

The value of a bucket takes effect with the bucket's last step, as a derived one does: by then its time is over. A value
that is not there by then is missing for good; so states do not depend on when a request brought what.

Shapes: B rows, T steps, K buckets, V variables, D width.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from statecast.devices.constants import READS_FOR_NOTHING
from statecast.errors import InputError
from statecast.layers.bucket_encoder import MEMORY, BucketEncoder, find_ends
from statecast.state.causal_scaling import Scaling, discounted_sums, scaling_of
from statecast.state.state import Field, State
from statecast.time.frequency import Frequency

# In buckets: long beside the eight that an input holds, so that a week's trend is not taken for the level.
HALF_LIFE = 4.0 * MEMORY


class Kept(NamedTuple):
    """What is kept of a resolution whose values come from outside.

    Parameters
    ----------
    recent : Tensor
        ``[B, MEMORY - 1]`` float64, the last values, NaN where missing.
    offset : Tensor
        ``[B]`` float64, the first value; NaN before it.
    sums : Tensor
        ``[B, 3]`` float64, of the values' own causal scaling.
    hidden : Tensor
        ``[B, layers, parts, D]``, recurrent state as of the last full bucket.
    """

    recent: Tensor
    offset: Tensor
    sums: Tensor
    hidden: Tensor


class MixedFrequencyEncoder(BucketEncoder):
    """Encoder of buckets whose values come from outside, scaled by the values before.

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

    References
    ----------
    Ghysels, E., Santa-Clara, P. and Valkanov, R. (2004). The MIDAS touch: mixed data sampling regression models.
    """

    def __init__(self, length: int, cell: str, width: int, layers: int, dropout: float) -> None:
        super().__init__(2 * MEMORY, length, cell, width, layers, dropout)

    @property
    def fields(self) -> tuple[Field, ...]:
        """See ``BucketEncoder.fields``; recent values, and offset and sums of their scaling."""
        return (
            Field(f"recent_{self.length}", (MEMORY - 1,), torch.float64, fill=float("nan")),
            Field(f"offset_{self.length}", (), torch.float64, fill=float("nan")),
            Field(f"sums_{self.length}", (3,), torch.float64),
            *super().fields,
        )

    def forward(self, values: Tensor, coarse_history: Tensor, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        """Advance over a chunk.

        Parameters
        ----------
        values : Tensor
            ``[B, T]``, each bucket's value at its last step, NaN where missing; what stands elsewhere is not read.
        coarse_history : Tensor
            ``[B, K]``, values of the buckets that were over before the chunk. Missing ones at its front do not
            count, so rows may have different numbers of them.
        state : State
            B rows, as of before the chunk.

        Returns
        -------
        tuple of Tensor and dict of str to Tensor
            Hidden vector of the last full bucket as of every step, ``[B, T, D]``, and the new state fields.
        """
        name, steps = self.length, values.shape[1]
        kept = Kept(*(state[f"{part}_{name}"] for part in ("recent", "offset", "sums", "hidden")))
        kept = self._recall(coarse_history.double(), kept)
        ends, done = find_ends(state["time_index"], steps, self.length)
        at_ends = values.double().gather(1, ends.clamp_max(steps - 1))
        recent, offset, sums = _follow(torch.where(ends < steps, at_ends, torch.nan), kept)
        history, hidden = self.advance(self._embed(recent, offset, sums), done, kept.hidden)
        last = done[:, -1]
        index = last[:, None] + torch.arange(MEMORY - 1, device=last.device)
        reached = torch.cat([kept.sums[:, None], sums], dim=1)
        return history, {
            f"recent_{name}": recent.gather(1, index),
            f"offset_{name}": offset,
            f"sums_{name}": reached.gather(1, last[:, None, None].expand(-1, 1, 3))[:, 0],
            f"hidden_{name}": hidden,
        }

    def _recall(self, coarse_history: Tensor, kept: Kept) -> Kept:
        """Read the buckets before the chunk."""
        if not coarse_history.shape[1]:
            return kept
        seen = ~coarse_history.isnan()
        count = torch.where(seen.any(1), coarse_history.shape[1] - seen.int().argmax(1), 0)
        on_host = count.device.type in READS_FOR_NOTHING
        return (self._recall_by_count if on_host else self._recall_together)(coarse_history, count, kept)

    def _recall_by_count(self, coarse_history: Tensor, count: Tensor, kept: Kept) -> Kept:
        """Rows with equally many buckets as one sequence."""
        for size in count.unique().tolist():
            if size:
                row = torch.nonzero(count == size).flatten()
                own = Kept(*(part[row] for part in kept))
                recent, offset, sums = _follow(coarse_history[row, -size:], own)
                _, hidden = self.recurrent.run(self._embed(recent, offset, sums), own.hidden)
                new = Kept(recent[:, 1 - MEMORY :], offset, sums[:, -1], hidden)
                kept = Kept(*(old.index_copy(0, row, part) for old, part in zip(kept, new, strict=True)))
        return kept

    def _recall_together(self, coarse_history: Tensor, count: Tensor, kept: Kept) -> Kept:
        """All rows a bucket at a time, each from its own first one: on a device, which would have to say how many."""
        recent, offset, sums = _follow(coarse_history, kept)
        hidden, begun = kept.hidden, coarse_history.shape[1] - count
        for place, bucket in enumerate(self._embed(recent, offset, sums).unbind(1)):
            after = self.recurrent.step(bucket, hidden)
            hidden = torch.where((begun <= place)[:, None, None, None], after, hidden)
        new, any_seen = Kept(recent[:, 1 - MEMORY :], offset, sums[:, -1], hidden), count > 0
        return Kept(
            *(
                torch.where(any_seen.view(-1, *[1] * (old.dim() - 1)), part, old)
                for old, part in zip(kept, new, strict=True)
            )
        )

    def _embed(self, recent: Tensor, offset: Tensor, sums: Tensor) -> Tensor:
        now = scaling_of(sums, offset[:, None])
        around = Scaling(now.loc[..., None], now.scale[..., None])
        scaled = around.apply(recent.unfold(1, MEMORY, 1)).clamp(-30, 30)
        embedded: Tensor = torch.relu(self.embed(torch.cat([scaled.nan_to_num(), (~scaled.isnan()).float()], dim=-1)))
        return embedded


def _follow(values: Tensor, kept: Kept) -> tuple[Tensor, Tensor, Tensor]:
    """Values ``[B, K]`` joined to those kept, their offset ``[B]``, and the sums of their scaling ``[B, K, 3]``."""
    seen = ~values.isnan()
    first = values.gather(1, seen.int().argmax(1, keepdim=True))[:, 0]
    offset = torch.where(kept.offset.isnan(), first, kept.offset)
    away = (values - offset[:, None]).nan_to_num()
    sums = discounted_sums(torch.stack([seen.double(), away, away * away], dim=-1), kept.sums, HALF_LIFE)
    return torch.cat([kept.recent, values], dim=1), offset, sums


def first_bucket(name: str, start: Any, *, times: bool = True) -> int:
    """Return the number of the bucket that begins at a time.

    Parameters
    ----------
    name : str
        Frequency of the buckets, such as ``1d``.
    start : Any
        A ``datetime64``; without times the number itself.
    times : bool
        Whether the model has times.

    Returns
    -------
    int
        Absolute index of the bucket.

    Raises
    ------
    InputError
        If no bucket of this resolution begins there.
    """
    if not times:
        if isinstance(start, int | np.integer):
            return int(start)
        raise InputError(f"resolutions {name}: expected the first bucket's number, got {start!r}")
    freq = Frequency.parse(name)
    time_indices, offsets = freq.place(np.asarray([start], dtype="datetime64[s]"))
    if offsets[0]:
        raise InputError(f"resolutions {name}: {explain_bucket_start(freq, start)}")
    return int(time_indices[0])


def explain_bucket_start(freq: Frequency, instant: np.datetime64) -> str:
    """Word the error for a time within a bucket.

    Parameters
    ----------
    freq : Frequency
        Of the buckets.
    instant : datetime64
        The time.

    Returns
    -------
    str
        It says when that bucket begins.
    """
    begin = freq.times(freq.place(np.asarray([instant]))[0])[0]
    return (
        f"expected the time at which a bucket begins, such as {begin}Z, got {instant}Z; buckets are counted from "
        "1970-01-01T00:00:00Z, aggregate to those"
    )
