"""Rows of state that a batch works on, copied together, so that a failure leaves those of the sessions as they were."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from service.engine.collate import openings, spans
from service.engine.model_pool import LoadedModel
from service.scheduling.entry import Entry
from statecast.models.slot_network import Cache


def gather_rows(batch: Sequence[Entry], given: Sequence[Tensor | None], loaded: LoadedModel) -> Tensor:
    """Copy the rows that each entry goes on from.

    Parameters
    ----------
    batch : sequence of QueueEntry
        All of the network.
    given : sequence of (Tensor or None)
        Of each entry its rows ``[V, bytes]``, None where they are fresh or lie in the state cache.
    loaded : LoadedModel
        The network.

    Returns
    -------
    Tensor, ``[M, bytes]``
        In the order of the entries, on the network's device.
    """
    cache, own = loaded.state_cache, spans(entry.job.rows for entry in batch)
    scratch = cache.rows.new_empty((own[-1].stop, cache.rows.shape[1]))
    held: list[int] = []
    slots: list[int] = []
    fresh: list[int] = []
    begun = []
    for entry, part, span in zip(batch, given, own, strict=True):
        job = entry.job
        if part is not None:
            scratch[span] = part
        elif job.fresh or job.lease is None:
            begun.append(job)
            fresh.extend(range(span.start, span.stop))
        else:
            slots.extend(job.lease.slots)
            held.extend(range(span.start, span.stop))
    if held:
        scratch[held] = cache.take(slots)
    if fresh:
        loaded.slots.begin_slots(cache_of(scratch), np.array(fresh), *openings(begun))
    return scratch


def cache_of(rows: Tensor) -> Cache:
    """Give rows as a slot network takes them.

    Parameters
    ----------
    rows : Tensor, ``[M, bytes]``
        On any device.

    Returns
    -------
    Cache
        The same memory.
    """
    return rows if rows.is_cuda else rows.numpy()
