"""The wait is estimated from what was finished, so that what would come too late is refused before it costs anything.

Without it a queue fills until everything in it waits for longer than its timeout, and no answer is worth anything.
"""

import pytest

from service.scheduling.wait_estimate import REPLY_S, SPREAD, WaitEstimate


class Clock:
    """Set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def busy(clock: Clock, units: int, took: float, batches: int = 1) -> WaitEstimate:
    """An estimate that has seen batches of so many units."""
    estimate = WaitEstimate(clock)
    for _ in range(batches):
        estimate.begin(units)
        clock.now += took
        estimate.finish(units)
    return estimate


def test_work_waits_for_what_is_before_it() -> None:
    clock = Clock()
    estimate = busy(clock, 10, 0.5)
    estimate.begin(40)
    assert estimate.seconds(10) == pytest.approx(2.5)


def test_nothing_is_refused_before_anything_is_known() -> None:
    clock = Clock()
    estimate = WaitEstimate(clock)
    estimate.begin(1_000_000)
    assert estimate.refusal(1_000_000, clock.now + 1) is None


def test_what_comes_alone_is_tried_however_large() -> None:
    clock = Clock()
    estimate = busy(clock, 1, 1.0)
    assert estimate.refusal(10_000, clock.now + 1) is None
    estimate.begin(1)
    assert estimate.refusal(10_000, clock.now + 1) is not None


def test_what_would_come_too_late_is_told_when_to_come_back() -> None:
    clock = Clock()
    estimate = busy(clock, 100, 1.0)
    estimate.begin(400)
    needed = SPREAD * 5 + 1.0 + REPLY_S
    assert estimate.refusal(100, clock.now + needed + 0.01) is None
    refused = estimate.refusal(100, clock.now + needed - 2.5)
    assert refused is not None and refused.status == 429 and refused.retry_after == 3
    late = estimate.refusal(100, clock.now + needed - 0.01)
    assert late is not None and late.retry_after == 1


def test_time_without_work_does_not_count() -> None:
    clock = Clock()
    estimate = busy(clock, 10, 0.1)
    clock.now += 1000
    estimate.begin(10)
    clock.now += 0.1
    estimate.finish(10)
    assert estimate.seconds(100) == pytest.approx(1.0)


def test_a_burst_is_judged_by_large_batches_not_by_lone_requests() -> None:
    """One row takes 2 ms and 200 take 20 ms: behind 400 rows one waits for 40 ms, not for 800."""
    clock = Clock()
    estimate = busy(clock, 1, 0.002, batches=100)
    for _ in range(2):
        estimate.begin(200)
        clock.now += 0.02
        estimate.finish(200)
    estimate.begin(400)
    assert estimate.seconds(0) == pytest.approx(0.04, rel=0.1)


def test_the_estimate_follows_a_machine_that_slows_down() -> None:
    clock = Clock()
    estimate = busy(clock, 100, 0.01, batches=1000)
    for _ in range(30):
        estimate.begin(100)
        clock.now += 0.2
        estimate.finish(100)
    assert estimate.seconds(100) == pytest.approx(0.2, rel=0.1)


def test_withdrawn_work_teaches_nothing() -> None:
    clock = Clock()
    estimate = busy(clock, 10, 0.5)
    estimate.begin(30)
    estimate.withdraw(30)
    assert estimate.unfinished == 0 and estimate.seconds(10) == pytest.approx(0.5)
