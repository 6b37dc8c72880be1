"""Pools of threads, one per kind of work, so that none waits for another: the store, say, for a burst of large bodies.

Threads are daemons: work that nobody waits for any more does not keep the process from ending.
"""

import asyncio
import contextvars
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
_Call = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class ThreadPool:
    """Runs calls of one kind of work on at most ``size`` threads, which start when they are first needed.

    Parameters
    ----------
    name : str
        Of its threads.
    size : int
        Threads at most.

    Examples
    --------
    >>> pool = ThreadPool("sums", 1)
    >>> asyncio.run(pool.run(sum, [1, 2]))
    3
    """

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._lock = Lock()
        self._started = self._unfinished = 0

    async def run(self, function: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Call something on a thread of this pool and wait for it.

        A caller that is cancelled stops waiting; a call that has not begun by then never begins.

        Parameters
        ----------
        function : callable
            What is called.
        *arguments, **named
            Given to it.

        Returns
        -------
        R
            What it gave; what it raises is raised here.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        context = contextvars.copy_context()
        with self._lock:
            self._unfinished += 1
            more = self._unfinished > self._started < self._size
            self._started += more
        self._calls.put((loop, future, lambda: context.run(function, *arguments, **named)))
        if more:
            Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()
        return await future

    def _work(self) -> None:
        while True:
            loop, future, call = self._calls.get()
            try:
                if not future.cancelled():
                    _run(loop, future, call)
            finally:
                with self._lock:
                    self._unfinished -= 1
                # What a call held must not stay until the next one comes.
                del loop, future, call


def _run(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[R]", call: Callable[[], R]) -> None:
    try:
        found = call()
    except BaseException as error:  # whatever it is, whoever waits must learn of it
        _call_on(loop, _fail, future, error)
    else:
        _call_on(loop, _give, future, found)


def _call_on(loop: asyncio.AbstractEventLoop, receive: Callable[..., None], *arguments: object) -> None:
    if not loop.is_closed():
        try:
            loop.call_soon_threadsafe(receive, *arguments)
        except RuntimeError:  # it was closed in between: nobody waits any more
            return


def _give(future: "asyncio.Future[R]", found: R) -> None:
    if not future.done():
        future.set_result(found)


def _fail(future: "asyncio.Future[R]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


DECODING = ThreadPool("decoding", 2)
"""Bodies and replies: reading, checking, writing, packing. Two, because they compute, and share the interpreter."""
STORE = ThreadPool("store", 4)
"""Reads and rare writes of the session store, which wait for a disk or a network."""
DRAINING = ThreadPool("draining", 4)
"""What waits for work to end as the service stops."""
JOBS = ThreadPool("jobs", 2)
"""Files of jobs: read, checked and written while a job is at work. Two, so that one more can come meanwhile."""
FILES = ThreadPool("files", 2)
"""Files that belong to the service itself, such as pages."""
