"""How much may be at work at a time: a bounded count that any thread takes from and gives back to."""

from threading import Condition

from service.errors import Loading, QueueFull


class CapacityLimiter:
    """Counts rows of unfinished work.

    Parameters
    ----------
    limit : int
        Most at a time; a single piece of work may be larger where it is alone.
    what : str
        What is counted, as messages name it.
    """

    def __init__(self, limit: int, what: str) -> None:
        self.limit = limit
        self._what = what
        self._taken = 0
        self._closed = False
        self._changed = Condition()

    @property
    def taken(self) -> int:
        """How much is at work."""
        return self._taken

    def take(self, amount: int) -> None:
        """Count work in.

        Parameters
        ----------
        amount : int
            Of the work that begins.

        Raises
        ------
        QueueFull
            If there is no room for it now.
        Loading
            If the service is stopping.
        """
        with self._changed:
            if self._closed:
                raise Loading("the service is shutting down; send the request again", code="shutting_down")
            if self._taken and self._taken + amount > self.limit:
                raise QueueFull(f"{self._taken} of {self.limit} {self._what} are at work; try again in a second")
            self._taken += amount

    def give(self, amount: int) -> None:
        """Count work out.

        Parameters
        ----------
        amount : int
            Of the work that is done.
        """
        with self._changed:
            self._taken -= amount
            if not self._taken:
                self._changed.notify_all()

    def close(self, drain_s: float) -> None:
        """Refuse new work, and wait until the rest is done.

        Parameters
        ----------
        drain_s : float
            Seconds to wait at most.
        """
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._taken, timeout=drain_s)
