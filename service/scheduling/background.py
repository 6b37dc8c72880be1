"""Work beside the forecasts on the engine's thread: sources take turns, one at a time."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol


class Source(Protocol):
    """Something that has work now and then."""

    def turn(self) -> bool:
        """Do one bounded piece of work; whether there was any."""

    def abandon(self) -> None:
        """Fail whatever is unfinished in the next turn."""


class BackgroundTasks:
    """Sources in a circle, itself one."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = deque(sources)

    def turn(self) -> bool:
        """Give the next source that has work its turn."""
        for _ in range(len(self._sources)):
            source = self._sources[0]
            self._sources.rotate(-1)
            if source.turn():
                return True
        return False

    def abandon(self) -> None:
        """Abandon every source."""
        for source in self._sources:
            source.abandon()
