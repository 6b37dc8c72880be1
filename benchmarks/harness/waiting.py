"""Waiting for another process, which could not tell us when: one deadline and one message."""

import time
from collections.abc import Callable

_EVERY_S = 0.05


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Look again and again until something holds.

    Parameters
    ----------
    holds : callable
        Whether it does; what it raises ends the waiting.
    seconds : float
        How long it may take.
    what : str
        What is waited for, for the error.

    Raises
    ------
    TimeoutError
        If it does not hold in time.
    """
    limit = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > limit:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(_EVERY_S)
