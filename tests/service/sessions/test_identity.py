"""Two values that differ are in conflict, whatever their size; what an earlier release kept is compared as kept."""

from dataclasses import replace

import numpy as np
import pytest

from service.errors import Conflict
from service.sessions.regular_series import checksum_of
from service.sessions.updates.plan import plan_update
from service.stores.record import Record
from tests.service.sessions.test_update import LIMITS, apply, input_of, opened


@pytest.mark.parametrize(("kept", "came"), [(1200000020, 1200000050), (0.1, np.nextafter(0.1, 1)), (1e9, 1e9 + 1e-6)])
def test_a_value_that_differs_by_less_than_float32_sees_is_in_conflict(kept: float, came: float) -> None:
    """Else a corrected meter reading counts as a duplicate, is dropped, and the answer says that all is well."""
    record = opened([1, kept])
    with pytest.raises(Conflict) as caught:
        plan_update(record, input_of([came], begin=101), LIMITS)
    assert caught.value.code == "conflicting_observation"
    assert plan_update(record, input_of([kept], begin=101), LIMITS).duplicates == 1


def test_values_before_the_tail_are_told_apart_too() -> None:
    """They are vouched for by a checksum, which was one of rounded values."""
    values = 1e9 + np.arange(20.0)
    record = opened(values)
    assert plan_update(record, input_of([*values, 1.0], begin=100), LIMITS).duplicates == 20
    values[3] += 1e-6
    with pytest.raises(Conflict):
        plan_update(record, input_of([*values, 1.0], begin=100), LIMITS)


def _of_before(record: Record, values: np.ndarray, tail: int) -> Record:
    """As a release that kept float32 left it: values, tail and checksum rounded."""
    small = np.array([values], dtype=np.float32)
    cut = small.shape[1] - tail
    return replace(
        record, tail=small[:, cut:].astype(np.float64), checksum=checksum_of(small[:, :cut]), request=None,
        single_until=record.last_index,
    )  # fmt: skip


def test_a_session_of_an_earlier_release_takes_its_history_again() -> None:
    """Else every retry after an upgrade is refused: no decimal fraction is what float32 kept of it."""
    values = np.arange(20) / 10 + 12
    record = _of_before(opened(values), values, LIMITS.tail)
    assert plan_update(record, input_of(values, begin=100), LIMITS).duplicates == 20
    with pytest.raises(Conflict):
        plan_update(record, input_of([values[-1] + 0.01], begin=119), LIMITS)
    record, update = apply(record, input_of([12.1, 12.2], begin=120))
    assert (update.applied, record.single_until) == (2, 119)
    again = np.concatenate([values, [12.1, 12.2]])
    assert plan_update(record, input_of(again, begin=100), LIMITS).duplicates == 22
    with pytest.raises(Conflict):  # what this release read, it knows to the bit
        plan_update(record, input_of([np.nextafter(12.2, 13)], begin=121), LIMITS)


def test_what_the_network_reads_is_what_came() -> None:
    """Imputation between two large values must not round them on the way."""
    _, update = apply(None, replace(input_of([1e9, np.nan, 1e9 + 1]), missing="linear"))
    np.testing.assert_array_equal(update.target, [[1e9, 1e9 + 0.5, 1e9 + 1]])
