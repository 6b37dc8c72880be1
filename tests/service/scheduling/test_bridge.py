"""The batcher's own thread: it runs, survives a runner that raises, drains and ends."""

import threading

import pytest

from service.errors import Loading
from service.scheduling.batcher import Batcher, Bounds
from tests.service.scheduling.test_batcher import job


def test_the_thread_runs_drains_and_stops() -> None:
    done = threading.Event()
    delivered: list = []

    def deliver(tickets) -> None:
        delivered.extend(tickets)
        if len(delivered) == 20:
            done.set()

    batcher: Batcher[str] = Batcher(Bounds(4, 100, 100), deliver)
    thread = threading.Thread(target=batcher.run, args=(lambda batch: ["x"] * len(batch),))
    thread.start()
    for n in range(20):
        batcher.submit(job(n % 5, session=f"s{n % 3}"))
    assert done.wait(10)
    batcher.close(5)
    batcher.stop()
    thread.join(10)
    assert not thread.is_alive() and all(t.outcome == "x" for t in delivered)
    with pytest.raises(Loading):
        batcher.submit(job())


def test_a_runner_that_raises_fails_its_batch_and_the_thread_lives() -> None:
    outcomes: list = []
    seen = threading.Semaphore(0)

    def deliver(tickets) -> None:
        outcomes.extend(t.outcome for t in tickets)
        seen.release(len(tickets))

    def runner(batch):
        if batch[0].job.model == "bad":
            raise RuntimeError("engine")
        return ["fine"] * len(batch)

    batcher: Batcher[str] = Batcher(Bounds(4, 100, 100), deliver)
    thread = threading.Thread(target=batcher.run, args=(runner,))
    thread.start()
    batcher.submit(job(model="bad"))
    assert seen.acquire(timeout=10)
    batcher.submit(job())
    assert seen.acquire(timeout=10)
    batcher.close(5)
    batcher.stop()
    thread.join(10)
    assert isinstance(outcomes[0], RuntimeError) and outcomes[1] == "fine"
