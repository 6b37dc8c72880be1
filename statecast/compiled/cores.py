"""One compiled call on several cores: every thread takes the next rows that nobody has taken, until there are none.

A thread that comes late takes less, so that none waits for one whose core is at other work, and what a row comes to
does not depend on who takes it.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from pathlib import Path

import torch

LEAST = 64
"""Steps, over all rows, from which on another thread is worth waking: half a millisecond of work."""

_ALLOTTED = (
    ("/sys/fs/cgroup/cpu.max",),
    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)
_FADING, _ONE = 5e-324, 1.0


def threads_for(steps: int, most: int | None) -> int:
    """Say how many threads are to share some work.

    Parameters
    ----------
    steps : int
        Of all rows together.
    most : int or None
        Threads at most; None for as many as torch uses on this thread.

    Returns
    -------
    int
        At least 1, and no more than the process may use cores.
    """
    if steps < 2 * LEAST:
        return 1
    return min(steps // LEAST, most or torch.get_num_threads(), free_cores())


def free_cores() -> int:
    """Give the number of cores that this process may use, now: it may be kept to some at any time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _allotted())


@cache
def _allotted() -> int:
    """Cores whose time a container is given: more threads than that use it up at once, and then all stand still."""
    for place in _ALLOTTED:
        try:
            quota, period = " ".join(Path(file).read_text() for file in place).split()
        except (OSError, ValueError):
            continue
        if quota.isdecimal():
            return max(1, int(quota) // int(period))
    return os.cpu_count() or 1


def share(threads: int, call: Callable[[], int]) -> int:
    """Make a call on several threads at once, this one among them, and wait until all are done.

    Parameters
    ----------
    threads : int
        How many.
    call : callable
        What each makes; it takes of the same work, which is done when it returns on any thread.

    Returns
    -------
    int
        What it gave here.
    """
    if threads < 2:
        return call()
    fading = _FADING * _ONE > 0.0
    # A helper that fails has taken nothing yet, so what it gives or raises is of no interest.
    others = [_pool().submit(_call_alike, call, fading) for _ in range(threads - 1)]
    try:
        return call()
    finally:
        # Those that have not begun never do: there is nothing left, and what they would look at may be gone.
        wait([other for other in others if not other.cancel()])


def _call_alike(call: Callable[[], int], fading: bool) -> int:
    """Call in the processor's mode of the thread that shares: whether numbers fade to zero or through denormals."""
    torch.set_flush_denormal(not fading)
    return call()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "rows")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads
