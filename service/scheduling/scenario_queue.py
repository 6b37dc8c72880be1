"""Scenario paths that wait to be drawn, some steps of some series at a time: numbers and callables, no network."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.errors import Expired, Loading, ServiceError
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.job import Floats

SLICE_VALUES = 1 << 18
"""Values of paths that are drawn together, at least those of one row."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class ScenarioTask:
    """Paths of R rows, one per variable of each series.

    Parameters
    ----------
    quantiles : array of float64, ``[R, H, Q]``
        Forecast quantiles of each step.
    mean : array of float64, ``[R, H]``
        Forecast mean of each step.
    autocorrelation : array of float32, ``[R, L]``
        Autocorrelation of the forecast's errors as normal scores.
    levels : tuple of float
        The Q quantile levels.
    exponents : tuple of float
        Of the tails of the forecasts.
    samples : int
        Paths per row.
    seed : array of int64, ``[R]``
        Fixes the paths of each row.
    temperature : float
        See ``statecast.models.scenarios.Scenarios.draw``.
    receive : callable
        Called on the event loop with the paths ``[R, samples, H]``, or with why there are none.
    deadline : float
        ``time.monotonic()`` after which no further piece is drawn.
    cancelled : ServiceError or None
        Why nobody wants the paths any more; read before each piece.
    """

    quantiles: NDArray[np.float64]
    mean: NDArray[np.float64]
    autocorrelation: Floats
    levels: tuple[float, ...]
    exponents: tuple[float, float]
    samples: int
    seed: NDArray[np.int64]
    temperature: float
    receive: Callable[[NDArray[np.float64] | ServiceError], None]
    deadline: float = math.inf
    cancelled: ServiceError | None = None
    paths: NDArray[np.float64] = field(init=False)
    row: int = field(default=0, init=False)
    rows: int = field(default=0, init=False)
    step: int = field(default=0, init=False)
    blocks: Iterator[object] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.paths = np.zeros((len(self.seed), self.samples, self.mean.shape[1]))


class ScenarioBackend(Protocol):
    """What draws."""

    def begin(self, task: ScenarioTask, rows: slice) -> Iterator[object]:
        """Prepare to draw the paths of some rows, block after block of steps.

        Parameters
        ----------
        task : ScenarioTask
            What is drawn.
        rows : slice
            Which of its rows.

        Returns
        -------
        iterator of object
            What ``draw`` takes.
        """

    def draw(self, blocks: Iterator[object]) -> NDArray[np.float64]:
        """Draw the next block.

        Parameters
        ----------
        blocks : iterator of object
            What ``begin`` gave.

        Returns
        -------
        array of float64, ``[rows, samples, steps]``
            In the target's unit.
        """


class ScenarioQueue:
    """All scenario tasks at work; a piece is one block of steps of some rows, and tasks take turns.

    ``submit`` belongs to any thread, the rest to the engine's.

    Parameters
    ----------
    backend : ScenarioBackend
        What draws.
    limiter : CapacityLimiter
        Bounds the values at work.
    deliver : callable
        Called with a task and what it came to.
    """

    def __init__(
        self,
        backend: ScenarioBackend,
        limiter: CapacityLimiter,
        deliver: Callable[[ScenarioTask, NDArray[np.float64] | ServiceError], None],
    ) -> None:
        self._backend, self._limiter, self._deliver = backend, limiter, deliver
        self._waiting: deque[ScenarioTask] = deque()
        self._abandoned = False

    def submit(self, task: ScenarioTask) -> None:
        """Queue a task.

        Parameters
        ----------
        task : ScenarioTask
            Its paths or its failure come through ``deliver``.

        Raises
        ------
        QueueFull, Loading
            As ``CapacityLimiter.take``.
        """
        self._limiter.take(task.paths.size)
        self._waiting.append(task)

    def abandon(self) -> None:
        """Fail all that is unfinished in the next turns."""
        self._abandoned = True

    def turn(self) -> bool:
        """Draw one block of the task that has waited longest; gives whether there was any."""
        if not self._waiting:
            return False
        task = self._waiting.popleft()
        if self._abandoned and task.cancelled is None:
            task.cancelled = Loading("the service shut down before this was done", code="shutting_down")
        if task.cancelled is None and time.monotonic() > task.deadline:
            task.cancelled = Expired("timeout_ms passed before the paths were drawn; they were dropped")
        if task.cancelled is not None:
            self._finish(task, task.cancelled)
            return True
        try:
            done = self._draw(task)
        except Exception:
            _log.exception("scenario paths failed")
            self._finish(task, ServiceError("the paths failed in the network; nothing was changed"))
            return True
        if done:
            self._finish(task, task.paths)
        else:
            self._waiting.append(task)
        return True

    def _draw(self, task: ScenarioTask) -> bool:
        """Draw one block; gives whether it was the task's last."""
        rows, _, horizon = task.paths.shape
        if task.blocks is None:
            task.rows = max(1, min(rows - task.row, SLICE_VALUES // max(1, task.paths[0].size)))
            task.blocks = self._backend.begin(task, slice(task.row, task.row + task.rows))
        block = self._backend.draw(task.blocks)
        task.paths[task.row : task.row + task.rows, :, task.step : task.step + block.shape[2]] = block
        task.step += block.shape[2]
        if task.step < horizon:
            return False
        task.row, task.step, task.blocks = task.row + task.rows, 0, None
        return bool(task.row >= rows)

    def _finish(self, task: ScenarioTask, outcome: NDArray[np.float64] | ServiceError) -> None:
        task.blocks = None
        self._limiter.give(task.paths.size)
        self._deliver(task, outcome)
