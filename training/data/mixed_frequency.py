"""Values of coarse resolutions where rows read them: at the steps that end their buckets, or before the first one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from statecast.layers.mixed_frequency import align
from training.data.panel import CoarseValues, Item


def mixed_frequency_columns(item: Item, lengths: Sequence[int]) -> np.ndarray[Any, Any]:
    """Values of resolutions of so many base steps at the last step of each bucket, NaN elsewhere: ``[T, G]``."""
    columns = np.empty((item.target.size, len(lengths)), dtype=np.float32)
    for place, length in enumerate(lengths):
        one = item.mixed_frequency[length]
        columns[:, place] = align(one.values[None], one.bucket, length, item.clock - 1, item.target.size, 0)[0]
    return columns


def read_coarse_history(
    coarse: Mapping[int, Sequence[CoarseValues]], items: Tensor, clock: Tensor, most: int
) -> Tensor:
    """``[B, G, K]`` as ``Observations`` wants it: of buckets that were over after the steps ``clock`` ``[B]`` of items.

    coarse: by base steps per bucket, what each item brings.
    """
    found = np.empty((len(items), len(coarse), most), dtype=np.float32)
    for place, (length, parts) in enumerate(coarse.items()):
        for row, (item, last) in enumerate(zip(items.tolist(), clock.tolist(), strict=True)):
            one = parts[item]
            found[row, place] = align(one.values[None], one.bucket, length, last, 0, most)[1]
    return torch.from_numpy(found).to(items.device)
