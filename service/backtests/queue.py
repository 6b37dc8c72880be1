"""Passes through whole series that wait for the engine, a piece of one at a time."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from service.backtests.collected import Collected
from service.deadline import Deadline
from service.errors import Loading, ServiceError
from statecast.backtest.carried_pass import CarriedBlock, carried_forecasts
from statecast.backtest.cutoffs import Cutoffs
from statecast.backtest.whole_series import WholeSeries
from statecast.models.slot_network import SlotNetwork

AT_WORK = 8
"""Passes that take turns; each holds some megabytes of states. Later ones wait."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class PassTask:
    """One pass through some series of one network.

    Parameters
    ----------
    model : str
        Key of the network, see ``member_key``.
    series : tuple of WholeSeries
        What is read together.
    cutoffs : Cutoffs
        Of all of them.
    collected : Collected
        Takes the forecasts.
    deadline : Deadline
        Until when it is worth it.
    receive : callable
        Called on the event loop with None once it is done, or with why it is not.
    """

    model: str
    series: tuple[WholeSeries, ...]
    cutoffs: Cutoffs
    collected: Collected
    deadline: Deadline
    receive: Callable[[ServiceError | None], None]
    blocks: Iterator[CarriedBlock | None] | None = field(default=None, init=False)
    seconds: float = field(default=0.0, init=False)
    """That it took of the engine."""


class PassQueue:
    """All passes at work; see ``PieceQueue``. ``submit`` belongs to any thread, the rest to the engine's.

    Parameters
    ----------
    find : callable
        Gives the network of a key, on the engine's thread.
    deliver : callable
        Called with a task and None, or why it failed.
    """

    def __init__(
        self, find: Callable[[str], SlotNetwork], deliver: Callable[[PassTask, ServiceError | None], None]
    ) -> None:
        self._find, self._deliver = find, deliver
        self._waiting: deque[PassTask] = deque()
        self._at_work: deque[PassTask] = deque()
        self._abandoned = False

    def submit(self, task: PassTask) -> None:
        """Queue a task.

        Parameters
        ----------
        task : PassTask
            Its end comes through ``deliver``.
        """
        self._waiting.append(task)

    def abandon(self) -> None:
        """Fail all that is unfinished in the next turns."""
        self._abandoned = True

    def turn(self) -> bool:
        """Do one piece of the pass that has waited longest; gives whether there was any."""
        if self._waiting and len(self._at_work) < AT_WORK:
            self._at_work.append(self._waiting.popleft())
        if not self._at_work:
            return False
        task = self._at_work.popleft()
        began = time.perf_counter()
        try:
            if self._abandoned:
                raise Loading("the service shut down before this was done", code="shutting_down")
            task.deadline.check()
            done = self._advance(task)
        except ServiceError as error:
            self._finish(task, error)
        except Exception:
            _log.exception("a pass through whole series failed on %s", task.model)
            self._finish(task, ServiceError("the forecasts failed in the network; nothing was changed"))
        else:
            task.seconds += time.perf_counter() - began
            if done:
                self._finish(task, None)
            else:
                self._at_work.append(task)
        return True

    def _advance(self, task: PassTask) -> bool:
        """Do the next piece; gives whether there was none left."""
        if task.blocks is None:
            task.blocks = carried_forecasts(self._find(task.model), task.series, task.cutoffs)
        try:
            block = next(task.blocks)
        except StopIteration:
            return True
        if block is not None:
            task.collected.add(block)
        return False

    def _finish(self, task: PassTask, error: ServiceError | None) -> None:
        task.blocks = None
        self._deliver(task, error)
