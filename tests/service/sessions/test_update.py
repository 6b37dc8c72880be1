"""What a series means to a session, decided without a network, a store or a clock."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Conflict, ServiceError, TooLarge, UnknownSession, Unprocessable
from service.sessions.regular_series import Limits
from service.sessions.series_input import SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.updates.plan import plan_update
from service.stores.interface import Record

LIMITS = Limits(tail=8, gap=5, history=10_000)
NAN = float("nan")


def input_of(values, begin: int | None = None, **fields) -> SeriesInput:
    """Build a series of one variable, or of several where ``values`` is a list of lists."""
    target = np.atleast_2d(np.asarray(values, dtype=np.float64))
    steps = target.shape[1]
    names = ("",) if target.shape[0] == 1 else tuple(f"v{n}" for n in range(target.shape[0]))
    time_index = None if begin is None else np.arange(begin, begin + steps, dtype=np.int64)
    plain = SeriesInput(
        target=target,
        past=np.zeros((steps, 0), np.float32),
        known=np.zeros((steps, 0), np.float32),
        future=np.zeros((4, 0), np.float32),
        static=np.zeros(0, np.float32),
        variables=names,
        time_index=time_index,
        session="s",
    )
    return replace(plain, **fields)


def blank(came: SeriesInput) -> Record:
    return Record(
        key="k",
        model="m",
        model_name="m@1",
        freq=came.freq,
        offset=came.offset,
        variables=came.variables,
        static=came.static,
        interval=0.8,
        first_index=0,
        last_index=0,
        count=0,
        tail=np.zeros((len(came.variables), 0)),
        checksum=0,
        created_at=0.0,
        last_used=0.0,
        expires_at=1.0,
    )


def apply(record: Record | None, came: SeriesInput) -> tuple[Record, SessionUpdate]:
    update = plan_update(record, came, LIMITS)
    before = record or blank(came)
    return update.advance(before, before.scores, (1.0, 1.0), 0.0, 1.0), update


def opened(values, begin: int = 100, **fields) -> Record:
    return apply(None, input_of(values, begin, **fields))[0]


def test_a_new_series_begins_at_its_first_value() -> None:
    record, update = apply(None, input_of([NAN, NAN, 1, NAN, 2], begin=10))
    assert (update.time_index, record.first_index, record.last_index) == (11, 12, 14)
    assert (update.applied, update.duplicates, record.count) == (5, 0, 5)
    np.testing.assert_array_equal(update.target, [[1, NAN, 2]])


def test_without_an_index_values_come_next() -> None:
    record, update = apply(None, input_of([1, 2, 3]))
    assert (update.time_index, record.first_index, record.last_index) == (-1, 0, 2)
    record, update = apply(record, input_of([4]))
    assert (update.time_index, record.last_index, record.count) == (2, 3, 4)


def test_asking_again_changes_nothing() -> None:
    record = opened([1, 2, 3])
    after, update = apply(record, input_of(np.zeros((1, 0)), freq=None))
    assert update.target.shape == (1, 0) and update.applied == update.duplicates == 0 and update.last_index == 102
    assert (after.last_index, after.count, after.checksum) == (102, 3, record.checksum)


def test_a_gap_is_filled_with_missing_steps() -> None:
    record, update = apply(opened([1, 2]), input_of([7], begin=105))
    np.testing.assert_array_equal(update.target, [[NAN, NAN, NAN, 7]])
    assert (update.gap, update.applied, record.count, record.last_index) == (3, 1, 3, 105)


def test_gaps_within_a_request_are_laid_out() -> None:
    came = replace(input_of([1, 2, 3]), time_index=np.array([5, 8, 9]), past=np.ones((3, 2), np.float32))
    update = plan_update(None, came, LIMITS)
    np.testing.assert_array_equal(update.target, [[1, NAN, NAN, 2, 3]])
    np.testing.assert_array_equal(update.past[:, 0], [1, 0, 0, 1, 1])
    assert (update.gap, update.applied) == (2, 3)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("mask", [NAN, NAN, 5, NAN]), ("ffill", [2, 2, 5, 5]), ("linear", [3, 4, 5, NAN])],
)
def test_policies_look_back_into_the_session(policy: str, expected: list[float]) -> None:
    record = opened([1, 2])
    after, update = apply(record, input_of([5, NAN], begin=104, missing=policy))
    np.testing.assert_array_equal(update.target, [expected])
    np.testing.assert_array_equal(after.tail, [[1, 2, NAN, NAN, 5, NAN]])  # kept as given
    again = plan_update(after, input_of([5, NAN], begin=104, missing=policy), LIMITS)
    assert (again.applied, again.duplicates) == (0, 2)


def test_ffill_reaches_no_further_than_a_session_remembers() -> None:
    values = [1] + [NAN] * 10 + [2]
    whole = plan_update(None, input_of(values, begin=0, missing="ffill"), LIMITS).target[0]
    record, first = apply(None, input_of(values[:7], begin=0, missing="ffill"))
    rest = plan_update(record, input_of(values[7:], begin=7, missing="ffill"), LIMITS)
    np.testing.assert_array_equal(whole, np.concatenate([first.target[0], rest.target[0]]))
    assert np.isnan(whole[9]) and whole[8] == 1


@pytest.mark.parametrize(
    ("came", "error", "code"),
    [
        (input_of([5], begin=102), Conflict, "conflicting_observation"),
        (input_of([NAN], begin=102), Conflict, "conflicting_observation"),
        (input_of([2.5], begin=101), Conflict, "too_late"),
        (input_of([9], begin=99), Conflict, "too_late"),
        (input_of([3, 4], begin=102, missing="error"), None, ""),
        (input_of([3, NAN], begin=102, missing="error"), Unprocessable, "missing_value"),
        (input_of([4], begin=104, missing="error"), Unprocessable, "missing_value"),
        (input_of([4], begin=109), Unprocessable, "gap_too_long"),
        (input_of([4], begin=103, freq="1h"), Conflict, "session_mismatch"),
        (input_of([4], begin=103, offset=60), Conflict, "session_mismatch"),
        (input_of([[4], [4]], begin=103), Conflict, "session_mismatch"),
        (input_of([4], begin=103, static=np.ones(0, np.float32)), None, ""),
        (input_of([np.inf], begin=103), Unprocessable, "invalid_request"),
    ],
)
def test_contradictions_are_refused_by_code(came: SeriesInput, error: type[ServiceError] | None, code: str) -> None:
    record = opened([1, NAN, 3])
    if error is None:
        plan_update(record, came, LIMITS)
        return
    with pytest.raises(error) as caught:
        plan_update(record, came, LIMITS)
    assert caught.value.code == code


def test_static_covariates_may_be_left_out_but_not_changed() -> None:
    one = np.array([0, 1], np.float32)
    record = opened([1, 2], static=one)
    plan_update(record, input_of([3], begin=102, static=one), LIMITS)
    plan_update(record, input_of([3], begin=102, static=np.zeros(2, np.float32)), LIMITS)
    with pytest.raises(Conflict, match="static_covariates"):
        plan_update(record, input_of([3], begin=102, static=one[::-1].copy()), LIMITS)


def test_nothing_to_begin_with_is_refused() -> None:
    with pytest.raises(UnknownSession):
        plan_update(None, input_of(np.zeros((1, 0))), LIMITS)
    with pytest.raises(Unprocessable, match="at least one value, got none"):
        plan_update(None, input_of(np.zeros((1, 0)), session=None), LIMITS)
    with pytest.raises(Unprocessable, match="not null"):
        plan_update(None, input_of([NAN, NAN]), LIMITS)


def test_gaps_do_not_multiply_a_request_beyond_bounds() -> None:
    time_index = np.arange(3000, dtype=np.int64) * 5
    came = replace(input_of(np.ones(3000)), time_index=time_index)
    with pytest.raises(TooLarge, match="with its gaps"):
        plan_update(None, came, LIMITS)


def test_the_exact_retry_of_a_long_request_is_known_even_beyond_the_tail() -> None:
    record = opened(range(5))
    came = input_of(range(200, 230), begin=105)
    record, _ = apply(record, came)
    assert record.tail.shape == (1, 8)
    again = plan_update(record, came, LIMITS)
    assert (again.applied, again.duplicates) == (0, 30)
    with pytest.raises(Conflict, match="lies before"):
        plan_update(record, input_of(range(201, 231), begin=105), LIMITS)


def test_several_variables_are_one_observation() -> None:
    record = opened([[1, 2], [NAN, 5]])
    assert record.count == 2
    again = plan_update(record, input_of([[2, 3], [5, 6]], begin=101), LIMITS)
    assert (again.applied, again.duplicates) == (1, 1)
    np.testing.assert_array_equal(again.target, [[3], [6]])


series = st.lists(st.one_of(st.just(NAN), st.floats(-100, 100, width=32)), min_size=1, max_size=40).filter(
    lambda values: not np.isnan(values[0])
)


@settings(max_examples=150, deadline=None)
@given(values=series, data=st.data())
def test_any_split_leaves_the_same_record_and_any_repetition_nothing(values: list[float], data: st.DataObject) -> None:
    whole = opened(values)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(values)), max_size=5)) | {len(values)})
    record, begin, read = None, 0, []
    for cut in cuts:
        # A request may begin earlier than where the last one ended by less than the tail, or at the very first
        back = data.draw(st.sampled_from([begin, max(0, begin - 3), 0]))
        record, update = apply(record, input_of(values[back:cut], begin=100 + back))
        assert update.duplicates == begin - back and update.applied == cut - begin
        read.append(update.target)
        begin = cut
    assert record is not None
    np.testing.assert_array_equal(np.concatenate(read, axis=1), [values])
    np.testing.assert_array_equal(record.tail, whole.tail)
    for name in ("first_index", "last_index", "count", "checksum"):
        assert getattr(record, name) == getattr(whole, name)
    again = plan_update(record, input_of(values, begin=100), LIMITS)
    assert (again.applied, again.duplicates) == (0, len(values))


@settings(max_examples=100, deadline=None)
@given(values=series, data=st.data())
def test_one_changed_value_never_passes_for_a_repetition(values: list[float], data: st.DataObject) -> None:
    record = opened(values)
    place = data.draw(st.integers(0, len(values) - 1))
    changed = list(values)
    changed[place] = 1000.0
    with pytest.raises(Conflict) as caught:
        plan_update(record, input_of(changed, begin=100), LIMITS)
    assert caught.value.code in {"conflicting_observation", "too_late"}
