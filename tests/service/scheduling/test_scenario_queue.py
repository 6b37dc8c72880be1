"""Paths in pieces, with a backend that writes down what it is given."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from service.errors import Expired, Loading, QueueFull, ServiceError
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.scenario_queue import SLICE_VALUES, ScenarioQueue, ScenarioTask

SAMPLES = SLICE_VALUES // 8  # of two steps each: four rows are one slice


class ScenarioBackend:
    """Draws a step a piece; every value is its row's seed."""

    def __init__(self) -> None:
        self.seeds: list[list[int]] = []
        self.fail = False

    def begin(self, task: ScenarioTask, rows: slice) -> Iterator[object]:
        self.seeds.append(task.seed[rows].tolist())
        return iter([np.broadcast_to(task.seed[rows][:, None, None], (len(task.seed[rows]), SAMPLES, 1))] * 2)

    def draw(self, blocks: Iterator[Any]) -> Any:
        if self.fail:
            raise RuntimeError("the network fails")
        return next(blocks).astype(float)


def bench(limit: int = 10**9) -> tuple[ScenarioQueue, ScenarioBackend, CapacityLimiter]:
    backend, limiter = ScenarioBackend(), CapacityLimiter(limit, "values")
    return ScenarioQueue(backend, limiter, lambda task, outcome: task.receive(outcome)), backend, limiter


def task_of(first: int, rows: int) -> tuple[ScenarioTask, list[Any]]:
    got: list[Any] = []
    quantiles, mean = np.zeros((rows, 2, 3)), np.zeros((rows, 2))
    seeds = first + np.arange(rows)
    correlation = np.ones((rows, 1), np.float32)
    return ScenarioTask(quantiles, mean, correlation, (0.1, 0.5, 0.9), (1.0, 1.0), SAMPLES, seeds, 1.0, got.append), got


def test_pieces_are_bounded_and_tasks_take_turns() -> None:
    """Whoever asks for few paths must not wait until many are drawn."""
    queue, backend, limiter = bench()
    (one, first), (two, second) = task_of(0, 10), task_of(100, 1)
    queue.submit(one)
    queue.submit(two)
    for _ in range(4):
        assert queue.turn()
    assert second and not first, "two pieces each: the short one is done"
    while queue.turn():
        pass
    assert backend.seeds == [[0, 1, 2, 3], [100], [4, 5, 6, 7], [8, 9]]
    assert first[0][:, 0, 0].tolist() == first[0][:, 0, 1].tolist() == list(range(10))
    assert second[0].shape == (1, SAMPLES, 2) and limiter.taken == 0


def test_one_whose_deadline_has_passed_ends_between_two_pieces() -> None:
    """Millions of paths were drawn on for a client that had long been answered 504."""
    queue, backend, limiter = bench()
    task, got = task_of(0, 8)
    queue.submit(task)
    assert queue.turn()
    task.deadline = 0.0
    assert queue.turn() and not queue.turn()
    assert len(backend.seeds) == 1 and isinstance(got[0], Expired) and limiter.taken == 0


def test_one_that_is_cancelled_ends_between_two_pieces() -> None:
    queue, backend, limiter = bench()
    task, got = task_of(0, 8)
    queue.submit(task)
    assert queue.turn()
    task.cancelled = Expired("the client left")
    assert queue.turn() and not queue.turn()
    assert len(backend.seeds) == 1 and got == [task.cancelled] and limiter.taken == 0


def test_stopping_and_failing_are_reported() -> None:
    queue, backend, limiter = bench()
    (one, first), (two, second) = task_of(0, 1), task_of(0, 1)
    backend.fail = True
    queue.submit(one)
    assert queue.turn() and type(first[0]) is ServiceError
    queue.submit(two)
    queue.abandon()
    assert queue.turn() and isinstance(second[0], Loading) and limiter.taken == 0


def test_what_is_at_work_is_bounded() -> None:
    queue, _, limiter = bench(limit=3 * SAMPLES)
    queue.submit(task_of(0, 1)[0])
    with pytest.raises(QueueFull, match="values"):
        queue.submit(task_of(0, 1)[0])
    limiter.close(0)
    with pytest.raises(Loading):
        limiter.take(1)
