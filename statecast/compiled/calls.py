"""Calls of compiled functions: with room to work in, and on several threads where there is much to do."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.compiled.arithmetic import DONE
from statecast.compiled.cores import share, threads_for

_ROOM = 1 << 16
_idle: list[NDArray[np.float32]] = []
"""Room that no call works in: one per thread that has worked at a time, whichever network it called. A server has up to
64 networks of a family, and each would keep its own."""


class Calls:
    """Of one network.

    Parameters
    ----------
    threads : int or None
        That share a call of many rows, at most; None for as many as torch uses on the calling thread.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads

    def run(self, function: Callable[..., int], arguments: tuple[Any, ...], steps: int) -> int:
        """Call a function until it has done all.

        Parameters
        ----------
        function : callable
            Of ``statecast.compiled.build.Entries``.
        arguments : tuple
            All but the first two, which are the room and the count of rows that are taken.
        steps : int
            Of all rows together.

        Returns
        -------
        int
            ``DONE``, or why nothing was done.

        Raises
        ------
        TypeError
            If the function takes no arguments of these types; nothing was done then either.
        """
        once = partial(_once, function, (np.zeros(1, np.int64), *arguments))
        return share(threads_for(steps, self._threads), once)


def _once(function: Callable[..., int], arguments: tuple[Any, ...]) -> int:
    """Lend a room, which no other thread has meanwhile, and a larger one if that is too small."""
    try:
        room = _idle.pop()
    except IndexError:
        room = _room(_ROOM)
    while True:
        status = function(room, *arguments)
        if status <= DONE:
            _idle.append(room)
            return status
        room = _room(len(room) + status)


def _room(size: int) -> NDArray[np.float32]:
    """Memory from a place where a line of the cache begins."""
    room = np.empty(size + 16, np.float32)
    first = -room.ctypes.data % 64 // 4
    return room[first : first + size]
