"""Which streamed requests are dropped and which are computed together.

Without it a late answer would be computed for nobody, or a full queue would be searched before every batch.
"""

from types import SimpleNamespace
from typing import Any
from weakref import ref

import numpy as np

from service.errors import Expired, ServiceError
from service.models.terms import Terms
from service.streaming.body import StreamedBody
from service.streaming.group import RowGroup
from service.streaming.request import StreamedRequest
from service.streaming.waiting import WaitingRequests

TABLE: Any = object()


class Request(StreamedRequest):
    """A request without a body."""

    def fail(self, error: ServiceError, places: Any = None) -> None:
        self.outcome, self.failed = error, self.size if places is None else len(places)


def request(deadline: float, rows: int = 1, table: Any = TABLE) -> Any:
    client: Any = SimpleNamespace(closed=False)
    nothing: Any = None
    body = StreamedBody(["s"] * rows, np.zeros(rows), [None] * rows, [None] * rows, [None] * rows, [None] * rows)
    groups = [RowGroup(table, np.arange(rows), np.arange(rows))]
    return Request(body, Terms(nothing, 1, (0.5,), deadline), "rq", client, nothing, nothing, groups)


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
    assert [len(part.rows) for part in waiting.take(3)] == [3]
    assert len(waiting.drop(2.0)) == 1
    assert [part.places.tolist() for part in waiting.take(3)] == [[3, 4]]
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


def test_what_is_done_is_held_by_nobody() -> None:
    """Each of the last few hundred requests kept its connection, its body and its answer until its deadline."""
    waiting, begun, late = WaitingRequests(), request(1e9), request(1.0)
    seen = [ref(begun), ref(late)]
    waiting.append(begun)
    waiting.append(late)
    assert len(waiting.take(1)) == 1 and waiting.drop(2.0) == [late] and not waiting.take(1)
    del begun, late
    assert [one() for one in seen] == [None, None]


def test_a_request_of_several_networks_is_done_in_a_batch_for_each() -> None:
    """Rows of one network lie scattered in a request: each batch takes all of its own, and none is left out."""
    one: Any = object()
    other: Any = object()
    mixed = request(9.0, rows=5)
    places = np.array([0, 2, 4]), np.array([1, 3])
    groups: Any = [RowGroup(table, own, own + 10) for table, own in zip((one, other), places, strict=True)]
    mixed.groups, mixed._group = groups, groups[0]
    waiting = queue_of(mixed, request(9.0, table=other))
    assert [(part.table is one, part.rows.tolist()) for part in waiting.take(10)] == [(True, [10, 12, 14])]
    assert [(part.places.tolist(), part.at) for part in waiting.take(10)] == [([1, 3], 0), ([0], 2)]
    assert not waiting
