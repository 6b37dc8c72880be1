"""Which work runs together, with a fake runner and a fake clock."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Expired, Loading, QueueFull, TooLarge, UnknownSession
from service.scheduling.batcher import Batcher
from service.scheduling.bounds import Bounds
from service.scheduling.entry import LONGEST_CHUNK, chunk_of
from service.scheduling.job import Job


def job(steps: int = 1, rows: int = 1, model: str = "m", deadline=None) -> Job:
    none = np.zeros((steps, 0), np.float32)
    return Job(
        model=model,
        target=np.zeros((rows, steps), np.float32),
        past=none,
        known=none,
        future=none,
        static=np.zeros(0, np.float32),
        time_index=-1,
        deadline=deadline,
    )


class Bench:
    """A batcher whose clock is set by hand and whose deliveries are collected in order."""

    def __init__(self, rows: int = 4, row_steps: int = 4096, queue: int = 100) -> None:
        self.now = 0.0
        self.delivered: list = []
        self.batcher: Batcher[str] = Batcher(Bounds(rows, row_steps, queue), self.delivered.extend, lambda: self.now)

    def turn(self, outcome="done") -> list:
        batch = self.batcher.take()
        self.batcher.settle(batch, ["partial" if not entry.last else outcome for entry in batch])
        return batch


@given(st.integers(0, 10_000))
def test_chunks_are_powers_of_two_and_add_up(steps: int) -> None:
    left, chunks = steps, []
    while left:
        chunks.append(chunk_of(left))
        left -= chunks[-1]
    assert sum(chunks) == steps and chunks == sorted(chunks, reverse=True)
    assert all(c & (c - 1) == 0 and c <= LONGEST_CHUNK for c in chunks)
    assert len(chunks) <= steps // LONGEST_CHUNK + 10


def test_a_compiled_network_reads_a_history_in_one_piece() -> None:
    """Each further piece is a pass of its own through queue, state and network; and still none may be without end."""
    bench = Bench()
    entry = bench.batcher.submit(replace(job(336), any_length=True))
    assert (entry.chunk, entry.last, bench.turn(), entry.outcome) == (336, True, [entry], "done")
    longer = bench.batcher.submit(replace(job(LONGEST_CHUNK + 7), any_length=True))
    bench.turn()
    assert (longer.position, longer.chunk) == (LONGEST_CHUNK, 7)


def test_whatever_waits_is_the_batch() -> None:
    bench = Bench()
    entries = [bench.batcher.submit(job()) for _ in range(6)]
    assert bench.turn() == entries[:4]
    assert bench.turn() == entries[4:]
    assert bench.turn() == []
    assert bench.delivered == entries and bench.batcher.rows == 0


def test_a_batch_has_one_model_and_one_length() -> None:
    bench = Bench()
    for steps, model in [(1, "a"), (1, "b"), (8, "a"), (8, "a"), (0, "a")]:
        bench.batcher.submit(job(steps, model=model))
    seen = Counter()
    while batch := bench.turn():
        assert len({(t.job.model, t.job.target.shape[1]) for t in batch}) == 1
        seen[len(batch)] += 1
    assert seen == {1: 3, 2: 1}


def test_rows_times_steps_are_bounded() -> None:
    bench = Bench(rows=100, row_steps=32)
    for _ in range(5):
        bench.batcher.submit(job(16))
    assert [len(bench.turn()) for _ in range(3)] == [2, 2, 1]
    bench.batcher.submit(job(64, rows=3))  # alone over the bound, yet it runs
    assert len(bench.turn()) == 1


def test_one_row_a_batch_is_possible() -> None:
    bench = Bench(rows=1)
    for _ in range(3):
        bench.batcher.submit(job())
    assert [len(bench.turn()) for _ in range(4)] == [1, 1, 1, 0]


def test_the_queue_is_bounded_in_rows_and_says_so_at_once() -> None:
    bench = Bench(queue=5)
    bench.batcher.submit(job(rows=3))
    with pytest.raises(QueueFull, match="3 of 5 rows"):
        bench.batcher.submit(job(rows=3))
    with pytest.raises(TooLarge):
        bench.batcher.submit(job(rows=6))
    bench.turn()
    bench.batcher.submit(job(rows=3))


def test_single_steps_wait_for_no_more_than_one_chunk() -> None:
    bench = Bench(rows=1)
    for steps in (5000, 700, 333):
        bench.batcher.submit(job(steps))
    bench.turn()
    for _ in range(5):
        step = bench.batcher.submit(job())
        assert step in bench.turn() + bench.turn()
    steps = 0
    while batch := bench.turn():
        steps += len(batch)
    assert bench.batcher.rows == 0 and len(bench.delivered) == 8


def test_steps_do_not_starve_histories() -> None:
    bench = Bench(rows=1)
    history = bench.batcher.submit(job(2))
    for _ in range(10):
        bench.batcher.submit(job())
    assert history in bench.turn() + bench.turn()


def test_expired_jobs_are_dropped_before_the_batch_forms() -> None:
    bench = Bench()
    late, fine = bench.batcher.submit(job(deadline=1.0)), bench.batcher.submit(job(deadline=3.0))
    bench.now = 2.0
    assert bench.turn() == [fine]
    assert isinstance(late.outcome, Expired) and bench.delivered == [late, fine]


def test_a_history_expires_between_two_chunks() -> None:
    bench = Bench()
    late = bench.batcher.submit(job(3, deadline=1.0))
    assert bench.turn() == [late]
    bench.now = 2.0
    assert bench.turn() == []
    assert isinstance(late.outcome, Expired) and bench.batcher.rows == 0


def test_dropping_waiting_work_frees_its_place_at_once() -> None:
    bench = Bench()
    first, second, third = (bench.batcher.submit(job()) for _ in range(3))
    why = UnknownSession("gone")
    bench.batcher.drop([second], why)
    bench.batcher.drop([first], why)
    bench.batcher.drop([first], why)
    assert [t.outcome for t in bench.delivered] == [why, why] and bench.batcher.rows == 1
    assert bench.turn() == [third]


def test_dropping_running_work_counts_only_before_its_last_chunk() -> None:
    bench = Bench()
    history, step = bench.batcher.submit(job(3)), bench.batcher.submit(job(1))
    why = UnknownSession("gone")
    for _ in (history, step):
        batch = bench.batcher.take()
        assert len(batch) == 1
        bench.batcher.drop([batch[0]], why)
        bench.batcher.settle(batch, ["partial" if not batch[0].last else "kept"])
    assert (history.outcome, step.outcome) == (why, "kept")
    assert bench.batcher.rows == 0 and bench.turn() == []


def test_a_failing_chunk_fails_its_job_only() -> None:
    bench = Bench()
    a, b = bench.batcher.submit(job(3)), bench.batcher.submit(job(3))
    batch = bench.batcher.take()
    bench.batcher.settle(batch, ["partial", ValueError("no")])
    assert isinstance(b.outcome, ValueError) and a.partial_state == "partial"
    bench.turn()
    assert a.outcome == "done"


def test_closing_fails_what_is_left() -> None:
    bench = Bench()
    entries = [bench.batcher.submit(job()) for _ in range(3)]
    bench.batcher.close(0)
    assert all(isinstance(t.outcome, Loading) for t in entries) and bench.batcher.rows == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_job_ends_once_and_runs_every_step_once(data: st.DataObject) -> None:
    bench = Bench(rows=data.draw(st.integers(1, 5)), row_steps=data.draw(st.integers(1, 64)), queue=10_000)
    why = UnknownSession("gone")
    entries, ran = [], Counter()
    for _ in range(data.draw(st.integers(1, 25))):
        what = data.draw(st.sampled_from(["submit", "submit", "turn", "drop"]))
        if what == "submit":
            work = far(data.draw(st.integers(0, 70)), data.draw(st.integers(1, 4)))
            entries.append(bench.batcher.submit(work))
        elif what == "drop" and entries:
            bench.batcher.drop([data.draw(st.sampled_from(entries))], why)
        else:
            for entry in bench.turn():
                ran[id(entry)] += 1
    while batch := bench.turn():
        ran.update(map(id, batch))
    assert Counter(map(id, bench.delivered)) == Counter(map(id, entries))
    for entry in entries:
        assert entry.outcome in ("done", why)
        if entry.outcome == "done":
            assert entry.last and ran[id(entry)] == pieces_of(entry.job)
    assert bench.batcher.rows == 0 and not bench.batcher._buckets.entries()


def pieces_of(job: Job) -> int:
    """Chunks of its history and horizons; the last chunk brings the first horizon with it."""
    left, chunks = job.target.shape[1], 0
    while left:
        left, chunks = left - chunk_of(left), chunks + 1
    return max(chunks, 1) + job.horizons - 1


def far(steps: int, horizons: int) -> Job:
    """A job that forecasts several horizons of eight steps."""
    return replace(job(steps), future=np.zeros((8 * horizons, 0), np.float32), horizons=horizons)


def test_jobs_that_come_together_are_one_batch_and_refused_one_by_one() -> None:
    bench = Bench(queue=4)
    bench.batcher.submit(job(rows=1, model="other"))
    first, second, refused = bench.batcher.submit_many([(job(rows=rows), None) for rows in (1, 2, 1)])
    assert isinstance(refused, QueueFull) and bench.turn() and bench.turn() == [first, second]
