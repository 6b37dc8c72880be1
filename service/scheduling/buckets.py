"""Entries that wait, by what is computed together."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

from service.scheduling.entry import QueueEntry

R = TypeVar("R")

Bucket = tuple[str, int, int]
"""What is computed together: model, steps of the piece, and, where it rolls on, horizons of the whole forecast."""


class Buckets(Generic[R]):
    """Queues of entries by bucket. They take turns, and every other turn is for single steps, so none starves another.

    The caller holds the lock.
    """

    def __init__(self) -> None:
        self._queues: OrderedDict[Bucket, deque[QueueEntry[R]]] = OrderedDict()
        self._stepped = False

    def add(self, entry: QueueEntry[R]) -> None:
        """Put an entry behind those with which its next piece is computed.

        Parameters
        ----------
        entry : QueueEntry
            Not running.
        """
        bucket = (entry.job.model, entry.chunk, entry.job.horizons if entry.rolling else 0)
        self._queues.setdefault(bucket, deque()).append(entry)

    def choose(self) -> Bucket | None:
        """Choose whose turn it is.

        Returns
        -------
        Bucket or None
            None where nothing waits.
        """
        step = next((bucket for bucket in self._queues if bucket[1] <= 1 and not bucket[2]), None)
        long = next((bucket for bucket in self._queues if bucket[1] > 1 or bucket[2]), None)
        self._stepped = step is not None and (long is None or not self._stepped)
        return step if self._stepped else long

    def take(self, bucket: Bucket) -> deque[QueueEntry[R]]:
        """Take a whole queue out.

        Parameters
        ----------
        bucket : Bucket
            What ``choose`` gave.

        Returns
        -------
        deque of QueueEntry
            In the order in which they came.
        """
        return self._queues.pop(bucket)

    def put_back(self, bucket: Bucket, queue: deque[QueueEntry[R]]) -> None:
        """Put back what did not fit into a batch, behind the other buckets, which come first.

        Parameters
        ----------
        bucket : Bucket
            Whose queue it is.
        queue : deque of QueueEntry
            Not empty.
        """
        self._queues[bucket] = queue

    def entries(self) -> list[QueueEntry[R]]:
        """Give all that waits.

        Returns
        -------
        list of QueueEntry
            Bucket by bucket.
        """
        return [entry for queue in self._queues.values() for entry in queue]
