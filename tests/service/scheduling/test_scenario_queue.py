"""Paths in slices, with a pen that writes down what it is given."""

from typing import Any

import numpy as np
import pytest

from service.errors import Expired, Loading, QueueFull, ServiceError
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.scenario_queue import SLICE_VALUES, Cancelled, ScenarioQueue, ScenarioTask

SAMPLES = SLICE_VALUES // 8  # of two steps each


class ScenarioBackend:
    def __init__(self) -> None:
        self.seeds: list[list[int]] = []
        self.fail = False

    def draw(self, model: str, states: Any, future: Any, samples: int, seed: Any, temperature: float) -> Any:
        if self.fail:
            raise RuntimeError("the network fails")
        self.seeds.append(seed.tolist())
        return np.broadcast_to(seed[:, None, None], (len(seed), samples, future.shape[1])).astype(float)


def bench(limit: int = 10**9) -> tuple[ScenarioQueue, ScenarioBackend, CapacityLimiter]:
    pen, room = ScenarioBackend(), CapacityLimiter(limit, "values")
    return ScenarioQueue(pen, room, lambda drawing, outcome: drawing.receive(outcome)), pen, room


def drawing(first: int, rows: list[int]) -> tuple[ScenarioTask, list[Any]]:
    got: list[Any] = []
    seeds = first + np.arange(sum(rows))
    future = np.zeros((sum(rows), 2, 1), np.float32)
    return ScenarioTask("m", [None] * len(rows), rows, future, SAMPLES, seeds, 1.0, got.append), got


def test_slices_are_bounded_and_drawings_take_turns() -> None:
    drawings, pen, room = bench()
    (one, first), (two, second) = drawing(0, [1, 2, 1, 3, 1, 6]), drawing(100, [1])
    drawings.submit(one)
    drawings.submit(two)
    while drawings.turn():
        pass
    # A series is never torn apart, even one with more variables than a slice has rows.
    assert pen.seeds == [[0, 1, 2, 3], [100], [4, 5, 6, 7], [8, 9, 10, 11, 12, 13]]
    assert first[0][:, 0, 0].tolist() == list(range(14)) and second[0].shape == (1, SAMPLES, 2)
    assert room.taken == 0


def test_one_that_is_given_up_ends_between_steps() -> None:
    drawings, pen, room = bench()
    one, got = drawing(0, [4, 4])
    drawings.submit(one)
    assert drawings.turn()
    one.fate = Expired("the client left")
    assert drawings.turn() and not drawings.turn()
    assert len(pen.seeds) == 1 and got == [one.fate] and room.taken == 0


def test_stopping_and_failing_are_told() -> None:
    drawings, pen, room = bench()
    (one, first), (two, second) = drawing(0, [1]), drawing(0, [1])
    pen.fail = True
    drawings.submit(one)
    assert drawings.turn() and type(first[0]) is ServiceError
    drawings.submit(two)
    drawings.abandon()
    with pytest.raises(Cancelled):
        drawings.check()
    assert drawings.turn() and isinstance(second[0], Loading) and room.taken == 0


def test_what_is_at_work_is_bounded() -> None:
    drawings, _, room = bench(limit=3 * SAMPLES)
    drawings.submit(drawing(0, [1])[0])
    with pytest.raises(QueueFull, match="values"):
        drawings.submit(drawing(0, [1])[0])
    room.close(0)
    with pytest.raises(Loading):
        room.take(1)
