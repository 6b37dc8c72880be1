"""Inputs that wait to be read, and which are read together: numbers and callables, no network.

An input of a session, or a long one, is read in pieces, another whole, with others of about the same length. The input
that has waited longest chooses. A long one goes to the end of the queue after each of its pieces, so that it does not
keep the short ones waiting.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar

from service.errors import Expired, Loading, Overtaken, QueueFull, ServiceError, Unprocessable
from service.receipts import with_receipt
from service.scheduling.wait_estimate import WaitEstimate
from service.sequences.selection import is_whole, piece_of, select
from service.sequences.task import Outcome, Reading, SequenceBackend, SequenceTask, Steps
from service.stores.interface import Put, Store, StoreError, commit_unmoved, not_written

_log = logging.getLogger(__name__)
T = TypeVar("T")
Deliver = Callable[[list[tuple[SequenceTask, Outcome]]], None]


class SequenceQueue:
    """All inputs of all classifiers and transcribers.

    ``submit`` and ``refusal`` belong to any thread, ``turn`` to the engine's.

    Parameters
    ----------
    backends : mapping of str to SequenceBackend
        Networks, by their name in a task.
    store : Store
        Where sessions are saved.
    rows : int
        Inputs that are read together at most.
    deliver : callable
        Called after a turn with the outcomes.
    clock : callable
        Seconds, by which deadlines are given.
    """

    def __init__(
        self,
        backends: Mapping[str, SequenceBackend],
        store: Store,
        rows: int,
        deliver: Deliver,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backends, self._store, self._rows, self._deliver = dict(backends), store, rows, deliver
        self._clock = clock
        self._arrived: deque[SequenceTask] = deque()
        self._tasks: list[SequenceTask] = []
        self._outcomes: list[tuple[SequenceTask, Outcome]] = []
        self._estimate, self._lock = WaitEstimate(clock), Lock()
        self._abandoned = False

    def submit(self, task: SequenceTask) -> None:
        """Queue an input.

        Parameters
        ----------
        task : SequenceTask
            Its outcome comes through ``deliver``.
        """
        with self._lock:
            self._estimate.begin(self._cost(task.model, task.left) + 1)
        self._arrived.append(task)

    def refusal(self, model: str, steps: int, deadline: float) -> QueueFull | None:
        """Refuse what could not be read by its deadline; see ``WaitEstimate.refusal``.

        Parameters
        ----------
        model : str
            What is to read it.
        steps : int
            Of all inputs of a request.
        deadline : float
            By the clock.

        Returns
        -------
        QueueFull or None
            None where they are welcome.
        """
        with self._lock:
            return self._estimate.refusal(self._cost(model, steps), deadline)

    def abandon(self) -> None:
        """Fail all that is unfinished in the next turn."""
        self._abandoned = True

    def turn(self) -> bool:
        """Read one piece of some inputs; gives whether there was anything to do."""
        while self._arrived:
            self._tasks.append(self._arrived.popleft())
        if not self._tasks:
            return False
        self._drop()
        if self._tasks:
            self._work(self._next())
        outcomes, self._outcomes = self._outcomes, []
        if outcomes:
            self._deliver(outcomes)
        return True

    def _drop(self) -> None:
        """Drop what was given up or comes too late, before anything is computed for it."""
        now = self._clock()
        kept = []
        for task in self._tasks:
            if self._abandoned:
                self._end(task, Loading("the service shut down before this was done", code="shutting_down"))
            elif task.cancelled is not None:
                self._end(task, task.cancelled)
            elif task.deadline < now:
                self._end(task, Expired("timeout_ms passed before this was read; it was dropped and changed nothing"))
            else:
                kept.append(task)
        self._tasks = kept

    def _cost(self, model: str, steps: int) -> float:
        return steps / self._backends[model].per_unit

    def _next(self) -> list[SequenceTask]:
        """Take what is read now out of the queue."""
        chosen = select(self._tasks, self._backends, self._rows)
        batch = [self._tasks[place] for place in sorted(chosen)]
        self._tasks = [task for place, task in enumerate(self._tasks) if place not in chosen]
        return batch

    def _work(self, batch: Sequence[SequenceTask]) -> None:
        backend = self._backends[batch[0].model]
        whole = is_whole(batch[0], backend)
        ready = batch if whole else [task for task in batch if self._begun(task, backend)]
        steps = [piece_of(task, backend) for task in ready]
        if whole:
            self._run(ready, backend)
        elif any(steps):
            self._advance(ready, steps, backend)
        cost = self._cost(batch[0].model, sum(steps))
        with self._lock:
            self._estimate.learn(cost + len(ready))
            self._estimate.withdraw(cost)
        done = []
        for task in ready:
            failure = _failure(task.output if whole else task.state)
            if failure is not None:
                self._end(task, failure)
            elif task.left:
                self._tasks.append(task)
            else:
                done.append(task)
        self._finish(done, backend)

    def _begun(self, task: SequenceTask, backend: SequenceBackend) -> bool:
        """Whether a task has its state, which is read with its first piece."""
        if task.state is None:
            try:
                task.state = backend.load_state(None if task.fresh else task.key)
            except ServiceError as error:
                self._end(task, error)
                return False
        return True

    def _run(self, tasks: Sequence[SequenceTask], backend: SequenceBackend) -> None:
        outputs = _each(backend.run, [task.unread for task in tasks])
        for task, output in zip(tasks, outputs, strict=True):
            task.output, task.unread = output, task.unread[:0]

    def _advance(self, tasks: Sequence[SequenceTask], steps: Sequence[int], backend: SequenceBackend) -> None:
        def advance(parts: Sequence[tuple[object, Steps]]) -> list[object | None]:
            return backend.advance([state for state, _ in parts], [piece for _, piece in parts])

        parts = [(task.state, task.unread[:length]) for task, length in zip(tasks, steps, strict=True)]
        for task, length, state in zip(tasks, steps, _each(advance, parts), strict=True):
            task.state, task.unread = state, task.unread[length:]

    def _finish(self, tasks: Sequence[SequenceTask], backend: SequenceBackend) -> None:
        """Commit the sessions of what is read, together, and only then report."""
        puts: dict[int, Put] = {}
        for place, task in enumerate(tasks):
            if task.output is None:
                (task.output,) = _each(lambda parts: [backend.output(*parts[0])], [(task.state, task.final)])
            if task.record is not None and _failure(task.output) is None:
                digest, state = backend.export_state(task.state)
                record = replace(task.record, state_bytes=len(state), digest=digest)
                puts[place] = with_receipt(Put(record, state, task.record.digest), task.receipt)
        unkept = self._commit(list(puts.values()))
        for place, task in enumerate(tasks):
            put = puts.get(place)
            failure = _failure(task.output) or (None if put is None else unkept.get(put.session))
            self._end(task, failure or Reading(task.output, None if put is None else put.record))

    def _commit(self, puts: Sequence[Put]) -> dict[str, ServiceError]:
        """Put sessions; gives the failures of those that could not be."""
        try:
            return {key: Overtaken() for key in commit_unmoved(self._store.commit, puts)}
        except StoreError as error:
            return {put.session: not_written(error) for put in puts}

    def _end(self, task: SequenceTask, outcome: Outcome) -> None:
        with self._lock:
            self._estimate.withdraw(self._cost(task.model, task.left) + 1)
        task.state = None
        self._outcomes.append((task, outcome))


def _failure(found: object) -> ServiceError | None:
    """Why there is nothing to say of an input, None where there is something."""
    if isinstance(found, ServiceError):
        return found
    if found is not None:
        return None
    return Unprocessable(
        "inputs: expected values with which the network comes out finite, got some that are too large for float32; "
        "rescale them",
        code="not_finite",
    )


def _each(work: Callable[[Sequence[T]], list[Any]], parts: Sequence[T]) -> list[Any]:
    """Work on all parts; where that fails, on each alone, so that one cannot fail the others; gives its failure."""
    try:
        return work(parts)
    except Exception:
        _log.exception("reading %d inputs failed", len(parts))
    if len(parts) == 1:
        return [ServiceError("the network failed on this input; its session, if any, is unchanged")]
    return [found for part in parts for found in _each(work, [part])]
