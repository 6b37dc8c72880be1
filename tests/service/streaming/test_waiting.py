"""Which streamed requests are dropped and which are computed together.

Without it a late answer would be computed for nobody, or a full queue would be searched before every batch.
"""

from types import SimpleNamespace
from typing import Any

from service.errors import Expired
from service.streaming.waiting import WaitingRequests

TABLE = object()


class Request(SimpleNamespace):
    """What the queue reads of a ``StreamedRequest``."""

    def fail(self, error: Any, first: int, last: int) -> None:
        self.outcome = error
        self.failed = last - first


def request(deadline: float, rows: int = 1, table: object = TABLE) -> Any:
    client = SimpleNamespace(closed=False)
    sessions = [(table, object())] * rows
    return Request(deadline=deadline, client=client, sessions=sessions, begun=0, outcome=None)


def queue_of(*requests: Any) -> WaitingRequests:
    waiting = WaitingRequests()
    for one in requests:
        waiting.append(one)
    return waiting


def test_the_late_are_dropped_wherever_they_stand() -> None:
    fine, late, last = request(9.0), request(1.0, rows=3), request(9.0)
    waiting = queue_of(fine, late, last)
    assert waiting.drop(2.0) == [late]
    assert isinstance(late.outcome, Expired) and late.failed == 3
    assert len(waiting) == 2 and waiting.drop(2.0) == []
    assert [part.request for part in waiting.take(10)] == [fine, last]
    assert not waiting


def test_what_has_begun_is_finished_however_late() -> None:
    long = request(1.0, rows=5)
    waiting = queue_of(long, request(1.0))
    assert [part.rows for part in waiting.take(3)] == [3]
    assert len(waiting.drop(2.0)) == 1
    assert [(part.first, part.rows) for part in waiting.take(3)] == [(3, 2)]
    assert not waiting and waiting.drop(2.0) == []


def test_what_is_for_nobody_is_not_computed() -> None:
    gone, fine, later = request(9.0), request(9.0), request(9.0)
    waiting = queue_of(fine, gone, later)
    gone.client.closed = True
    seen: list[Any] = []
    while waiting:
        assert all(one is gone for one in waiting.drop(0.0))
        seen += [part.request for part in waiting.take(10)]
    assert seen == [fine, later] and gone.outcome is not None


def test_what_has_begun_does_not_stay_in_memory_until_its_deadline() -> None:
    waiting = WaitingRequests()
    for _ in range(5000):
        waiting.append(request(1e9))
        waiting.take(10)
        waiting.drop(0.0)
    assert len(waiting._deadlines) < 600
