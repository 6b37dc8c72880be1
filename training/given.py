"""Given coarse resolutions as flat tensors that are read by item and clock."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.panel import Given


@dataclass(frozen=True)
class GivenTensors:
    """Values of one given resolution of all items.

    length: base steps a bucket.  values: ``[M + 1]`` float32, item after item; the last is for what is not there.
    bucket: ``[I]`` number of each item's first bucket.  offset, count: ``[I]`` where its values lie.
    """

    length: int
    values: Tensor
    bucket: Tensor
    offset: Tensor
    count: Tensor

    @classmethod
    def of(cls, length: int, parts: Sequence[Given]) -> "GivenTensors":
        """Join what each item was given."""
        counts = np.asarray([part.values.size for part in parts], dtype=np.int64)
        nothing = np.full(1, np.nan, dtype=np.float32)
        return cls(
            length,
            torch.from_numpy(np.concatenate([*(part.values for part in parts), nothing])),
            torch.tensor([part.bucket for part in parts], dtype=torch.int64),
            torch.from_numpy(np.cumsum(counts) - counts),
            torch.from_numpy(counts),
        )

    def to(self, device: torch.device | str) -> "GivenTensors":
        """Move to a device."""
        parts = (self.values, self.bucket, self.offset, self.count)
        return GivenTensors(self.length, *(part.to(device) for part in parts))

    def at(self, items: Tensor, buckets: Tensor) -> Tensor:
        """Values ``[B, K]`` of these buckets ``[B, K]`` of each item ``[B]``, NaN where there is none."""
        index = buckets - self.bucket[items][:, None]
        inside = (index >= 0) & (index < self.count[items][:, None])
        return self.values[torch.where(inside, index + self.offset[items][:, None], len(self.values) - 1)]

    def column(self, items: Tensor, clocks: Tensor) -> Tensor:
        """Each bucket's value at its last step, NaN elsewhere: ``[B, T]`` for clocks ``[B, T]``."""
        values = self.at(items, torch.div(clocks, self.length, rounding_mode="floor"))
        return values.masked_fill(torch.remainder(clocks + 1, self.length) != 0, torch.nan)

    def earlier(self, items: Tensor, clock: Tensor, most: int) -> Tensor:
        """Values ``[B, most]`` of the buckets that were over after the step ``clock`` ``[B]``."""
        over = torch.div(clock + 1, self.length, rounding_mode="floor")
        return self.at(items, over[:, None] + torch.arange(-most, 0, device=clock.device))


def read_given(given: Sequence[GivenTensors], items: Tensor, clocks: Tensor) -> Tensor:
    """``[B, T, G]`` as ``Observations`` wants it."""
    columns = [one.column(items, clocks) for one in given]
    return torch.stack(columns, dim=-1) if columns else torch.zeros(*clocks.shape, 0, device=clocks.device)


def read_earlier(given: Sequence[GivenTensors], items: Tensor, clock: Tensor, most: int) -> Tensor:
    """``[B, G, K]`` as ``Observations`` wants it, of the time up to ``clock`` ``[B]``."""
    before = [one.earlier(items, clock, most) for one in given]
    return torch.stack(before, dim=1) if before else torch.zeros(len(items), 0, 0, device=clock.device)
