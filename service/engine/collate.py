"""From tickets to arrays for the network: one row a variable, in the order of the tickets."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.scheduling.entry import QueueEntry
from service.scheduling.job import Floats, Job, Outcome


def openings(jobs: Sequence[Job]) -> tuple[NDArray[np.int64], Floats]:
    """Clock before the first step ``[B]`` and static covariates ``[B, S]`` of series that begin."""
    clock = np.repeat([job.clock for job in jobs], [job.rows for job in jobs]).astype(np.int64)
    static = np.concatenate([np.broadcast_to(job.static, (job.rows, job.static.size)) for job in jobs])
    return clock, static


def observed(batch: Sequence[QueueEntry[Outcome]]) -> tuple[Floats, ...]:
    """Target ``[B, T]``, past ``[B, T, Cp]`` and known ``[B, T, Ck]`` covariates of each ticket's next chunk.

    Of a model with given resolutions also those: ``[B, T, G]`` and, with a job's first chunk, ``[B, G, K]`` before it.
    """
    target, past, known = [], [], []
    given, earlier = [], []
    for ticket in batch:
        job, part = ticket.job, slice(ticket.position, ticket.position + ticket.chunk)
        target.append(job.target[:, part])
        past += [job.past[part]] * job.rows
        known += [job.known[part]] * job.rows
        if job.given is not None and job.earlier is not None:
            given.append(job.given[:, part])
            earlier.append(np.full_like(job.earlier, np.nan) if ticket.position else job.earlier)
    seen = np.concatenate(target), np.stack(past), np.stack(known)
    return (*seen, np.concatenate(given), np.concatenate(earlier)) if given else seen


def ahead(batch: Sequence[QueueEntry[Outcome]]) -> Floats:
    """Known covariates ``[B, F, Ck]`` of the horizon."""
    return np.stack([ticket.job.future for ticket in batch for _ in range(ticket.job.rows)])
