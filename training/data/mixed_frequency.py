"""Values of coarse resolutions where rows read them: at the steps that end their buckets, or before the first one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from statecast.inputs.bucket_values import align
from training.data.panel import CoarseValues, Item


def mixed_frequency_columns(item: Item, lengths: Sequence[int]) -> np.ndarray[Any, Any]:
    """Put an item's coarse values where its rows read them: at the last step of each bucket.

    Parameters
    ----------
    item : Item
        One series of T rows, with its values of coarse resolutions.
    lengths : sequence of int
        The G resolutions, in base steps per bucket.

    Returns
    -------
    array
        ``[T, G]`` float64, NaN at all other steps.
    """
    columns = np.empty((item.target.size, len(lengths)), dtype=np.float64)
    for place, length in enumerate(lengths):
        one = item.mixed_frequency[length]
        columns[:, place] = align(one.values[None], one.bucket, length, item.clock - 1, item.target.size, 0)[0]
    return columns


def read_coarse_history(
    coarse: Mapping[int, Sequence[CoarseValues]], items: Tensor, clock: Tensor, most: int
) -> Tensor:
    """Collect the coarse values of buckets that were over before rows are read, as ``Observations.coarse_history``.

    Parameters
    ----------
    coarse : mapping of int to sequence of CoarseValues
        Values of every item, by base steps per bucket.
    items : Tensor
        Number ``[B]`` of the item of each row.
    clock : Tensor
        Absolute index ``[B]`` of the step before the first that is read.
    most : int
        Buckets K that are kept, the latest.

    Returns
    -------
    Tensor
        ``[B, G, K]``, NaN where there is none, on the device of ``items``.
    """
    found = np.empty((len(items), len(coarse), most), dtype=np.float64)
    for place, (length, parts) in enumerate(coarse.items()):
        for row, (item, last) in enumerate(zip(items.tolist(), clock.tolist(), strict=True)):
            one = parts[item]
            found[row, place] = align(one.values[None], one.bucket, length, last, 0, most)[1]
    return torch.from_numpy(found).to(items.device)
