"""From queue entries to arrays for the network: one row per variable, in the order of the entries."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from service.scheduling.entry import Entry
from service.scheduling.job import Floats, Job


def openings(jobs: Sequence[Job]) -> tuple[NDArray[np.int64], Floats]:
    """Put together what begins series.

    Parameters
    ----------
    jobs : sequence of Job
        Of series that begin.

    Returns
    -------
    array of int64, ``[B]``
        Time index before the first step of each row.
    array of float32, ``[B, S]``
        Encoded static covariates.
    """
    time_index = np.repeat([job.time_index for job in jobs], [job.rows for job in jobs]).astype(np.int64)
    static = np.concatenate([np.broadcast_to(job.static, (job.rows, job.static.size)) for job in jobs])
    return time_index, static


def observed(batch: Sequence[Entry]) -> tuple[Floats, ...]:
    """Put together each entry's next chunk, T steps long.

    Parameters
    ----------
    batch : sequence of QueueEntry
        With chunks of one length.

    Returns
    -------
    tuple of array of float32
        Target ``[B, T]``, past ``[B, T, Cp]`` and known ``[B, T, Cf]`` covariates. Of a model with series of lower
        frequency also those: ``[B, T, G]`` and, with a job's first chunk, ``[B, G, K]`` before it.
    """
    target, past, known = [], [], []
    mixed, history = [], []
    for entry in batch:
        job, part = entry.job, slice(entry.position, entry.position + entry.chunk)
        target.append(job.target[:, part])
        past += [job.past[part]] * job.rows
        known += [job.known[part]] * job.rows
        if job.mixed_frequency is not None and job.coarse_history is not None:
            mixed.append(job.mixed_frequency[:, part])
            history.append(np.full_like(job.coarse_history, np.nan) if entry.position else job.coarse_history)
    seen = np.concatenate(target), np.stack(past), np.stack(known)
    return (*seen, np.concatenate(mixed), np.concatenate(history)) if mixed else seen


def levels_of(batch: Sequence[Entry]) -> NDArray[np.float64]:
    """Put together what is added to the forecasts of each row.

    Parameters
    ----------
    batch : sequence of QueueEntry
        Of any jobs.

    Returns
    -------
    array of float64, ``[B]``
        See ``Job.level``.
    """
    return np.concatenate([np.zeros(e.job.rows) if e.job.level is None else e.job.level for e in batch])


def ahead(batch: Sequence[Entry], horizon: int, number: int, steps: int | None = None) -> Floats:
    """Put together the known covariates of a horizon.

    Parameters
    ----------
    batch : sequence of QueueEntry
        All with the same network.
    horizon : int
        Steps of the network's horizon.
    number : int
        Which horizon: 0 for each entry's next, -1 for the one before.
    steps : int or None
        How many of it, F; None for all.

    Returns
    -------
    array of float32, ``[B, F, Cf]``
        Encoded; zeros past the end of a forecast that is shorter.
    """
    steps = horizon if steps is None else steps
    width = batch[0].job.future.shape[1]
    known = np.zeros((sum(entry.job.rows for entry in batch), steps, width), dtype=np.float32)
    row = 0
    for entry in batch if width else ():
        begin = (entry.forecast + number) * horizon
        part = entry.job.future[begin : begin + steps]
        known[row : row + entry.job.rows, : len(part)] = part
        row += entry.job.rows
    return known


def spans(rows: Iterable[int]) -> list[slice]:
    """Give the rows of each of several entries that lie one after the other.

    Parameters
    ----------
    rows : iterable of int
        How many each has.

    Returns
    -------
    list of slice
        Where they lie.

    Examples
    --------
    >>> spans([2, 1])
    [slice(0, 2, None), slice(2, 3, None)]
    """
    return [slice(begin, end) for begin, end in pairwise(accumulate(rows, initial=0))]
