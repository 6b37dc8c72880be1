"""Single rows of a network's cache as bytes, and back."""

from typing import Any

import numpy as np
import torch

from statecast.models.slot_network import Cache


def row_of(state: bytes, cache: Cache) -> Any:
    """Give a state as a row that can be written to a cache.

    Parameters
    ----------
    state : bytes
        As a store keeps it.
    cache : Cache
        Where it will be written to.

    Returns
    -------
    array or Tensor, ``[bytes]``
        Of the cache's kind.
    """
    row = np.frombuffer(state, dtype=np.uint8)
    return row if isinstance(cache, np.ndarray) else torch.from_numpy(row.copy()).to(cache.device)


def bytes_of_row(cache: Cache, slot: int) -> bytes:
    """Copy a row of a cache to the host.

    Parameters
    ----------
    cache : Cache
        Has it.
    slot : int
        Its place.

    Returns
    -------
    bytes
        As a store keeps it.
    """
    row = cache[slot]
    return row.tobytes() if isinstance(row, np.ndarray) else row.cpu().numpy().tobytes()
