"""Records of earlier releases are read as they were written; else an upgrade would end every session."""

import tracemalloc
from dataclasses import replace
from math import isnan

import numpy as np

from service.sessions.summary import summary
from service.stores.record_columns import from_row, to_row

# As the release before metrics had names wrote it: judged, inside, scaled, and the sum of the scaled errors.
EARLIER = (
    "k",
    '{"model": "sha256:aa", "model_name": "load@1", "freq": "1h", "offset": 0, "variables": ["a"], "static": [], '
    '"interval": 0.8, "first_clock": 3, "created_at": 1.0, "state_bytes": 0, "kind": "forecaster", "given": 0, '
    '"season": null}',
    9,
    6,
    bytes.fromhex("0000803f00000040"),
    7,
    8,
    9,
    77,
    10,
    bytes.fromhex("00000040000040400000803f00000040000080400000a0400000003f"),
    bytes.fromhex("0500000000000000040000000000000003000000000000000000000000000440"),
    "sha256:bb",
    2.0,
    3.0,
    0,
)


def test_scores_from_before_metrics_had_names() -> None:
    record = from_row(EARLIER)
    assert {name: state.tolist() for name, state in record.scores.items()} == {"mase": [2.5, 3], "coverage": [4, 5]}
    assert summary(record.scores, record.interval) == {
        "observations": 5, "mase": 2.5 / 3, "coverage": 0.8, "nominal_coverage": 0.8,
        "coverage_by_level": {"0.1": None, "0.5": None, "0.9": None}, "surprise": [None] * 8,
    }  # fmt: skip
    again = from_row(to_row(record))
    assert {name: state.tolist() for name, state in again.scores.items()} == {"mase": [2.5, 3], "coverage": [4, 5]}


def test_a_forecast_from_before_lies_as_it_did() -> None:
    """Low, median and high lay in columns of their own, the median first."""
    issued = from_row(EARLIER).issued
    assert issued is not None
    np.testing.assert_array_equal(issued.quantiles, [[[1, 2, 4], [2, 3, 5]]])
    assert (issued.start, issued.scale.tolist()) == (10, [0.5])
    again = from_row(to_row(from_row(EARLIER))).issued
    assert again is not None
    np.testing.assert_array_equal(again.quantiles, issued.quantiles)


def test_what_was_kept_in_float32_is_known_to_be_so() -> None:
    """A retry of 12.1 after an upgrade must not contradict the float32 that the earlier release kept of it."""
    record = from_row(EARLIER)
    assert (record.single_until, record.tail.dtype) == (9, np.float64)
    again = from_row(to_row(record))
    assert again.single_until == 9 and again.rounded(9) and not again.rounded(10)
    np.testing.assert_array_equal(again.tail, record.tail)


def test_a_session_from_before_levels_goes_on_from_zero() -> None:
    """Its state was counted from 0: another level would shift every forecast. Whether it was below 0 shows its tail."""
    record = from_row(EARLIER)
    assert (record.level, record.below_zero) == ((0.0,), (True,)), "steps 3 to 7 are not kept"
    whole = from_row((*EARLIER[:2], 4, 2, *EARLIER[4:]))
    assert whole.below_zero == (False,)
    below = from_row((*EARLIER[:2], 4, 2, np.array([1.0, -2.0], "<f4").tobytes(), *EARLIER[5:]))
    assert below.below_zero == (True,)


def test_levels_come_back_to_the_bit() -> None:
    """A level that is off by one bit is a session whose observations are all off by it."""
    record = replace(from_row(EARLIER), level=(1e9 + 0.1 + 0.2,), below_zero=(False,))
    again = from_row(to_row(record))
    assert (again.level, again.below_zero) == (record.level, (False,))
    unseen = from_row(to_row(replace(record, level=(float("nan"),))))
    assert np.isnan(unseen.level[0])


def test_a_record_that_was_written_leaves_nothing_behind() -> None:
    """The texts of eight thousand sessions stayed in memory, most of them over, as long as names are."""
    record = replace(from_row(EARLIER), variables=("a" * 1000,))
    to_row(record)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for second in range(500):
        to_row(replace(record, created_at=2.0 + second))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 50_000, grown


def test_numbers_that_are_none_come_back() -> None:
    """A variable without a value yet has no level, and an item without a static covariate none of that name."""
    record = replace(from_row(EARLIER), level=(np.nan,), static=np.array([np.nan, 1e-45], np.float32))
    again = from_row(to_row(record))
    assert isnan(again.level[0]) and again.static.tobytes() == record.static.tobytes()
    again = from_row(to_row(replace(record, level=(0.1 + 0.2,))))
    assert again.level == (0.1 + 0.2,) and again.static.tobytes() == record.static.tobytes()
