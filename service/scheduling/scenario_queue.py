"""Paths that wait to be drawn, a slice of series at a time: whole numbers and callables, no network."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.errors import Loading, ServiceError
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.job import Floats

SLICE_VALUES = 1 << 18
"""Values of paths that are drawn at once, at least one series'; then others have their turn."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class ScenarioTask:
    """Paths of some series by one model.

    states: one a series, V rows each.  future: ``[R, H, Ck]`` for the R rows of all.  seed: ``[R]``.
    receive: called on the loop with ``[R, samples, H]``, rows that failed not finite, or with why there are none.
    fate: why it was given up; seen before the next step.
    """

    model: str
    states: Sequence[object]
    rows: Sequence[int]
    future: Floats
    samples: int
    seed: NDArray[np.int64]
    temperature: float
    receive: Callable[[NDArray[np.float64] | ServiceError], None]
    fate: ServiceError | None = None
    done: int = 0

    def __post_init__(self) -> None:
        self.drawn = np.zeros((len(self.seed), self.samples, self.future.shape[1]))


class Cancelled(Exception):
    """Nobody waits for the drawing any more."""


class ScenarioBackend(Protocol):
    """The networks, as far as this must know them."""

    def draw(
        self, model: str, states: Sequence[object], future: Floats, samples: int, seed: NDArray[np.int64],
        temperature: float,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Draw ``[B, samples, H]``."""


class ScenarioQueue:
    """All drawings at work. ``submit`` belongs to any thread, the rest to the engine's.

    Parameters
    ----------
    pen:
        What draws.
    room:
        Values at work.
    deliver:
        Called with a drawing and what it came to.
    """

    def __init__(
        self,
        pen: ScenarioBackend,
        room: CapacityLimiter,
        deliver: Callable[[ScenarioTask, NDArray[np.float64] | ServiceError], None],
    ) -> None:
        self._pen, self._room, self._deliver = pen, room, deliver
        self._waiting: deque[ScenarioTask] = deque()
        self._current: ScenarioTask | None = None
        self._abandoned = False

    def submit(self, drawing: ScenarioTask) -> None:
        """Take a drawing on; see ``CapacityLimiter.take`` for what it raises."""
        self._room.take(drawing.drawn.size)
        self._waiting.append(drawing)

    def abandon(self) -> None:
        """Fail all that is unfinished."""
        self._abandoned = True

    def check(self) -> None:
        """Raise ``Cancelled`` if the drawing at work is not wanted any more; to be called between its steps."""
        if self._abandoned or (self._current is not None and self._current.fate is not None):
            raise Cancelled

    def turn(self) -> bool:
        """Draw one slice of the drawing that has waited longest; another's comes next."""
        if not self._waiting:
            return False
        drawing = self._current = self._waiting.popleft()
        try:
            self.check()
            self._slice(drawing)
        except Cancelled:
            stopped = Loading("the service shut down before this was done", code="shutting_down")
            self._finish(drawing, drawing.fate or stopped)
        except Exception:
            _log.exception("paths failed on %s", drawing.model)
            self._finish(drawing, ServiceError("the paths failed in the network; nothing was changed"))
        finally:
            self._current = None
        return True

    def _slice(self, drawing: ScenarioTask) -> None:
        first = last = drawing.done
        begin = end = sum(drawing.rows[:first])
        while last < len(drawing.rows) and (
            last == first or (end - begin + drawing.rows[last]) * drawing.drawn[0].size <= SLICE_VALUES
        ):
            end += drawing.rows[last]
            last += 1
        part = slice(begin, end)
        drawing.drawn[part] = self._pen.draw(
            drawing.model, drawing.states[first:last], drawing.future[part], drawing.samples, drawing.seed[part],
            drawing.temperature,
        )  # fmt: skip
        drawing.done = last
        if last < len(drawing.rows):
            self._waiting.append(drawing)
        else:
            self._finish(drawing, drawing.drawn)

    def _finish(self, drawing: ScenarioTask, outcome: NDArray[np.float64] | ServiceError) -> None:
        self._room.give(drawing.drawn.size)
        self._deliver(drawing, outcome)
