"""Inputs that wait: what is read together, that none keeps another waiting or fails it, that a session is kept first.

The network here is a running sum, so that every outcome is known; the real ones are in ``tests/flows``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from service.errors import Expired, ExpiredSession, Loading, QueueFull, ServiceError
from service.sequences.queue import SequenceQueue
from service.sequences.task import Outcome, Reading, SequenceTask, Steps
from service.stores.interface import Record, StoreError, Write
from service.stores.memory import MemoryStore

POISON = 13
LONGEST_PIECE = 256


class Sums:
    """A network whose state is the sum of what it has read; it breaks down on 13 and is not finite at -1."""

    per_unit, at_once = 1, 1000

    def __init__(self, store: MemoryStore, whole: int | None = 300) -> None:
        self.whole, self._store = whole, store
        self.batches: list[list[int]] = []

    def piece(self, left: int) -> int:
        return min(left, LONGEST_PIECE)

    def run(self, inputs: Sequence[Steps]) -> list[Any]:
        return self.advance([0] * len(inputs), inputs)

    def load_state(self, key: str | None) -> object:
        state = b"0" if key is None else self._store.state(key)
        if state is None:
            raise ExpiredSession("it is gone")
        return int(state)

    def advance(self, states: Sequence[object], pieces: Sequence[Steps]) -> list[object | None]:
        self.batches.append([len(piece) for piece in pieces])
        if any((piece == POISON).any() for piece in pieces):
            raise RuntimeError("thirteen")
        found = [int(str(state)) + int(piece.sum()) for state, piece in zip(states, pieces, strict=True)]
        return [None if (piece == -1).any() else one for piece, one in zip(pieces, found, strict=True)]

    def output(self, state: object, final: bool) -> Any:
        return state

    def export_state(self, state: object) -> tuple[str, bytes]:
        return f"sha256:{state}", str(state).encode()


class Full(MemoryStore):
    def commit(self, writes: Sequence[Write]) -> None:
        raise StoreError("the disk is full")


class Scene:
    """A queue with one model, a clock that is set, and what it came to."""

    def __init__(self, store: MemoryStore | None = None, whole: int | None = 300, rows: int = 4) -> None:
        self.store, self.now = store or MemoryStore(), 0.0
        self.model = Sums(self.store, whole)
        self.found: list[tuple[SequenceTask, Outcome]] = []
        self.queue = SequenceQueue({"m": self.model}, self.store, rows, self.found.extend, lambda: self.now)

    def submit(self, *steps: int, **fields: Any) -> SequenceTask:
        task = SequenceTask("m", np.array(steps, dtype=np.int64), 10.0, lambda _: None, **fields)
        self.queue.submit(task)
        return task

    def run(self) -> None:
        while self.queue.turn():
            pass

    def outcome(self, task: SequenceTask) -> Outcome:
        return next(outcome for one, outcome in self.found if one is task)

    def output(self, task: SequenceTask) -> Any:
        outcome = self.outcome(task)
        assert isinstance(outcome, Reading), outcome
        return outcome.output

    def session(self, key: str = "k", count: int = 0) -> dict[str, Any]:
        record = Record.of_state(key, "m", "sums@1", "classifier", 1.0, owner="me", name=key)
        return {"key": key, "fresh": count == 0, "record": record}


def test_inputs_of_about_the_same_length_are_read_together() -> None:
    scene = Scene()
    tasks = [scene.submit(*range(100, 100 + length)) for length in (10, 100, 11, 9, 110)]
    scene.run()
    assert scene.model.batches == [[10, 11, 9], [100, 110]]
    assert [scene.output(task) for task in tasks] == [sum(range(100, 100 + length)) for length in (10, 100, 11, 9, 110)]
    assert not scene.queue.turn()


def test_a_batch_is_bounded_in_rows_and_in_steps() -> None:
    """A batch as large as what waits would keep every forecast waiting for it."""
    scene = Scene()
    for _ in range(6):
        scene.submit(1, 2)
    for _ in range(5):
        scene.submit(*[1] * 290)
    scene.run()
    assert [len(batch) for batch in scene.model.batches] == [4, 2, 3, 2]


def test_a_long_input_is_read_in_pieces_and_lets_others_pass() -> None:
    scene = Scene()
    long = scene.submit(*[1] * 1000)
    short = scene.submit(5)
    scene.run()
    assert scene.model.batches[:2] == [[LONGEST_PIECE], [1]]
    assert (scene.output(long), scene.output(short)) == (1000, 5)
    assert [task for task, _ in scene.found] == [short, long]


def test_a_network_without_states_reads_a_long_input_at_once() -> None:
    scene = Scene(whole=None)
    long = scene.submit(*[1] * 1000)
    scene.run()
    assert scene.model.batches == [[1000]] and scene.output(long) == 1000


def test_an_input_that_breaks_the_network_fails_alone() -> None:
    scene = Scene()
    tasks = [scene.submit(number, number) for number in (1, POISON, 2, -1)]
    scene.run()
    assert [scene.output(tasks[place]) for place in (0, 2)] == [2, 4]
    for place, status in ((1, 500), (3, 422)):
        outcome = scene.outcome(tasks[place])
        assert isinstance(outcome, ServiceError) and outcome.status == status


def test_a_session_is_in_the_store_before_it_is_answered_and_goes_on() -> None:
    scene = Scene()
    first = scene.submit(1, 2, 3, **scene.session())
    scene.run()
    outcome = scene.outcome(first)
    assert isinstance(outcome, Reading) and outcome.record is not None
    assert (scene.store.state("k"), outcome.record.digest, outcome.record.state_bytes) == (b"6", "sha256:6", 1)
    second = scene.submit(4, **scene.session(count=3))
    again = scene.submit(**scene.session(count=3))
    scene.run()
    assert (scene.output(second), scene.store.state("k")) == (10, b"10")
    assert scene.output(again) in (6, 10)  # the queue leaves turns of a session to its callers


def test_a_store_that_fails_fails_sessions_alone() -> None:
    scene = Scene(Full())
    session, plain = scene.submit(1, **scene.session()), scene.submit(2)
    scene.run()
    outcome = scene.outcome(session)
    assert isinstance(outcome, Loading) and outcome.code == "store_failed"
    assert scene.output(plain) == 2


def test_a_session_whose_state_is_gone_is_not_begun_anew() -> None:
    scene = Scene()
    task = scene.submit(1, **scene.session("lost", count=3))
    scene.run()
    assert isinstance(scene.outcome(task), ExpiredSession)


def test_what_comes_too_late_or_was_given_up_is_dropped() -> None:
    scene = Scene()
    late, left, alive = scene.submit(1), scene.submit(2), scene.submit(3)
    late.deadline, left.cancelled = -1.0, Expired("the client left")
    scene.run()
    assert isinstance(scene.outcome(late), Expired) and isinstance(scene.outcome(left), Expired)
    assert scene.model.batches == [[1]] and scene.output(alive) == 3


def test_a_stop_fails_what_is_left() -> None:
    scene = Scene()
    task = scene.submit(1)
    scene.queue.abandon()
    scene.run()
    outcome = scene.outcome(task)
    assert isinstance(outcome, Loading) and outcome.code == "shutting_down" and not scene.model.batches


def test_what_could_not_be_read_in_time_is_refused() -> None:
    """A client that is refused at once can go elsewhere; one that waits for a timeout has lost it."""
    scene = Scene()
    scene.submit(*[1] * 200)
    scene.now = 2.0
    scene.queue.turn()
    scene.submit(*[1] * 200)
    assert scene.queue.refusal("m", 200, scene.now + 100) is None
    refused = scene.queue.refusal("m", 200, scene.now + 3)
    assert isinstance(refused, QueueFull) and refused.retry_after is not None
    scene.run()
    assert scene.queue.refusal("m", 200, scene.now + 3) is None  # nothing waits: it is tried


@pytest.mark.parametrize("lengths", [[1], [3], [300], [301], [2000], [1, 255, 256, 257, 513]])
def test_a_session_of_any_length_is_read_to_its_end(lengths: list[int]) -> None:
    scene = Scene()
    tasks = [scene.submit(*[1] * length, **scene.session(f"k{place}")) for place, length in enumerate(lengths)]
    scene.run()
    assert [scene.output(task) for task in tasks] == lengths
