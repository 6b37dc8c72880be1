"""The engine's thread: it works through all queues, survives a runner that raises, drains and ends."""

import threading

import pytest

from service.errors import Loading
from service.scheduling.batcher import Batcher
from service.scheduling.bounds import Bounds
from service.scheduling.work_loop import WorkLoop
from tests.service.scheduling.test_batcher import job


def test_the_thread_runs_drains_and_stops() -> None:
    done = threading.Event()
    delivered: list = []

    def deliver(entries) -> None:
        delivered.extend(entries)
        if len(delivered) == 20:
            done.set()

    batcher: Batcher[str] = Batcher(Bounds(4, 100, 100), deliver)
    work = WorkLoop(lambda: batcher.turn(lambda batch: ["x"] * len(batch)))
    thread = threading.Thread(target=work.run)
    thread.start()
    for n in range(20):
        batcher.submit(job(n % 5))
        work.wake()
    assert done.wait(10)
    batcher.close(5)
    work.stop()
    thread.join(10)
    assert not thread.is_alive() and all(t.outcome == "x" for t in delivered)
    with pytest.raises(Loading):
        batcher.submit(job())


def test_a_runner_that_raises_fails_its_batch_and_the_thread_lives() -> None:
    outcomes: list = []
    seen = threading.Semaphore(0)

    def deliver(entries) -> None:
        outcomes.extend(t.outcome for t in entries)
        seen.release(len(entries))

    def runner(batch):
        if batch[0].job.model == "bad":
            raise RuntimeError("engine")
        return ["fine"] * len(batch)

    batcher: Batcher[str] = Batcher(Bounds(4, 100, 100), deliver)
    work = WorkLoop(lambda: batcher.turn(runner))
    thread = threading.Thread(target=work.run)
    thread.start()
    batcher.submit(job(model="bad"))
    work.wake()
    assert seen.acquire(timeout=10)
    batcher.submit(job())
    work.wake()
    assert seen.acquire(timeout=10)
    batcher.close(5)
    work.stop()
    thread.join(10)
    assert isinstance(outcomes[0], RuntimeError) and outcomes[1] == "fine"


class Pieces:
    """A queue that notes each of its pieces."""

    def __init__(self, name: str, left: int, done: list[str]) -> None:
        self.name, self.left, self.done = name, left, done

    def turn(self) -> bool:
        if not self.left:
            return False
        self.left -= 1
        self.done.append(self.name)
        return True

    def abandon(self) -> None:
        self.left = min(self.left, 1)


def test_a_batch_of_forecasts_then_one_piece_of_one_other_queue() -> None:
    """A forecast waits for one piece of whatever else there is, and not for one of each."""
    done: list[str] = []
    forecasts, a, b = Pieces("f", 4, done), Pieces("a", 3, done), Pieces("b", 9, done)
    loop = WorkLoop(forecasts.turn, [a, b])
    thread = threading.Thread(target=loop.run)
    loop._stopped = True  # it ends once nothing is left
    thread.start()
    thread.join(10)
    assert not thread.is_alive() and "".join(done) == "fafbfafb" + "abbbbbbb"


def test_stopping_abandons_what_is_left_of_other_queues() -> None:
    done: list[str] = []
    loop = WorkLoop(lambda: False, [Pieces("a", 100_000_000, done)])
    loop.stop()
    loop.run()
    assert done == ["a"]
