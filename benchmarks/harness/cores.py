"""One core for the server and one for the client, so that neither takes time from the other."""

import os
from functools import cache


@cache
def cores() -> tuple[int, int] | None:
    """Core of the server and core of the client, as this process found them; None where there are not two to pin to."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    free = sorted(os.sched_getaffinity(0))
    return (free[0], free[1]) if len(free) > 1 else None


def pin_client() -> None:
    """Keep this process, and what it starts without a word about cores, to the client's core."""
    chosen = cores()
    if chosen:
        os.sched_setaffinity(0, {chosen[1]})


def pin_server(pid: int) -> None:
    """Keep a process that has just begun, and all that it starts, to the server's core."""
    chosen = cores()
    if chosen:
        os.sched_setaffinity(pid, {chosen[0]})


def describe_cores() -> str:
    """How server and client are pinned, for the head of a table."""
    chosen = cores()
    return f"server on core {chosen[0]}, client on core {chosen[1]}" if chosen else "server and client not pinned"
