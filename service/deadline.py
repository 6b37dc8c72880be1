"""How long a request is worth working on: until its deadline, and while its client is there."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from service.errors import Expired

T = TypeVar("T")
_AT_ONCE = 32
"""Parts that are worked on between two looks at the clock."""


class Deadline:
    """What every step of a request looks at, on whichever thread; ``leave`` ends it early.

    Parameters
    ----------
    at : float
        ``time.monotonic()`` after which the work is dropped.

    Examples
    --------
    >>> deadline = Deadline(time.monotonic() + 60)
    >>> deadline.check()
    >>> deadline.leave()
    >>> deadline.check()
    Traceback (most recent call last):
    ...
    service.errors.Expired: the client left
    """

    __slots__ = ("_left", "at")

    def __init__(self, at: float) -> None:
        self.at, self._left = at, False

    def leave(self) -> None:
        """Note that the client has left: work on its request ends at its next look."""
        self._left = True

    def check(self) -> None:
        """Go on only if it is still worth it.

        Raises
        ------
        Expired
            If the deadline has passed, or the client left.
        """
        if self._left:
            raise Expired("the client left")
        if time.monotonic() > self.at:
            raise Expired("timeout_ms passed before the work was done; it was dropped and changed nothing")

    def each(self, parts: Iterable[T]) -> Iterator[T]:
        """Give parts of a request one by one, as long as it is worth it.

        Parameters
        ----------
        parts : iterable
            Such as its series.

        Yields
        ------
        object
            Each of them.

        Raises
        ------
        Expired
            See ``check``.
        """
        for number, part in enumerate(parts, start=1):
            if number % _AT_ONCE == 0:
                self.check()
            yield part
