"""What an input means to its session: new, sent again, in conflict. A step that is read twice changes the class."""

import numpy as np
import pytest

from service.errors import Conflict, ServiceError, UnknownSession
from service.sequences.input import SequenceInput
from service.sequences.plan import check_open, plan_sequence
from service.stores.interface import Record


def given(*steps: int, **fields: object) -> SequenceInput:
    return SequenceInput(np.array(steps, dtype=np.int64), "me", 0.0, "s", **fields)  # type: ignore[arg-type]


def opened() -> Record:
    return Record.of_state("key", "sha256:0", "mood@1", "classifier", 100.0, owner="me", name="s")


def advanced(*requests: SequenceInput) -> Record:
    record = opened()
    for request in requests:
        record = plan_sequence(record, request, 200.0, 60.0).record
    return record


def test_steps_without_an_index_are_new() -> None:
    plan = plan_sequence(advanced(given(1, 2, 3)), given(3, 4), 300.0, 60.0)
    assert (plan.unread.tolist(), plan.duplicates) == ([3, 4], 0)
    assert (plan.record.count, plan.record.last_index, plan.record.expires_at) == (5, 4, 360.0)


def test_the_last_request_sent_again_is_not_read_again() -> None:
    """A client that lost the answer sends the request again; without this its values would count twice."""
    before = advanced(given(1, 2, 3), given(4, 5))
    plan = plan_sequence(before, given(4, 5, from_index=3), 300.0, 60.0)
    assert (len(plan.unread), plan.duplicates, plan.record.count, plan.record.expires_at) == (0, 2, 5, 360.0)
    more = plan_sequence(before, given(4, 5, 6, from_index=3), 300.0, 60.0)
    assert (more.unread.tolist(), more.duplicates, more.record.count) == ([6], 2, 6)
    # What it made of the whole request is known again too.
    again = plan_sequence(more.record, given(4, 5, 6, from_index=3), 400.0, 60.0)
    assert (len(again.unread), again.duplicates) == (0, 3)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (given(9, 5, from_index=3), "conflicting_observation"),
        (given(1, 2, 3, from_index=0), "too_late"),
        (given(4, from_index=3), "too_late"),
        (given(6, from_index=6), "session_conflict"),
    ],
)
def test_what_contradicts_the_session_is_refused(request_: SequenceInput, code: str) -> None:
    with pytest.raises(Conflict) as refused:
        plan_sequence(advanced(given(1, 2, 3), given(4, 5)), request_, 300.0, 60.0)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("exists", "request_", "kind"),
    [
        (True, given(1, open=True), Conflict),
        (False, given(1, open=False), UnknownSession),
        (False, given(), UnknownSession),
        (False, given(1, from_index=7), UnknownSession),
    ],
)
def test_a_session_that_should_or_should_not_be_there(
    exists: bool, request_: SequenceInput, kind: type[ServiceError]
) -> None:
    """A mistyped id must not begin from nothing unseen."""
    with pytest.raises(kind):
        check_open(exists, request_)


def test_a_session_may_be_opened_and_asked_again() -> None:
    check_open(False, given(1, from_index=0))
    check_open(True, given())
    assert not len(plan_sequence(advanced(given(1)), given(), 300.0, 60.0).unread)
