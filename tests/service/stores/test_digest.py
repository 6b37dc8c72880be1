"""The digest of a session: the same for the same observations, however they came; another one for any others."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.stores.digest import bytes_of, extend, extend_many, opening, text_of

VALUE = st.floats(allow_nan=True, allow_infinity=False)
NONE = np.zeros(0, dtype=np.float32)


@given(st.lists(VALUE, max_size=30), st.integers(-(2**62), 2**62), st.lists(st.integers(0, 30)), st.integers(1, 3))
def test_any_split_gives_the_same(values: list[float], index: int, cuts: list[int], variables: int) -> None:
    """Else two replicas that read the same would take each other's state for another one."""
    steps = len(values)
    target = np.array([values] * variables)
    past = np.arange(2 * steps, dtype=np.float32).reshape(steps, 2) * (variables - 1)
    covariates = (past[:, : variables - 1], np.zeros((steps, 0), np.float32), target.T[:, : variables - 1, None])
    whole = extend(b"x", index, target, *covariates)
    places = sorted({0, steps, *(cut for cut in cuts if cut <= steps)})
    digest = b"x"
    for begin, end in pairwise(places):
        parts = (part[begin:end] for part in covariates)
        digest = extend(digest, index + begin, target[:, begin:end], *parts)
    assert digest == whole


@given(st.lists(st.tuples(VALUE, st.integers(-(2**62), 2**62)), min_size=1, max_size=20))
def test_many_sessions_at_once_are_as_one_by_one(steps: list[tuple[float, int]]) -> None:
    """A session that changes between the two ways would seem to have forked."""
    values, index = np.array([value for value, _ in steps]), np.array([place for _, place in steps])
    before = [opening("m", [str(n)], NONE) for n in range(len(steps))]
    after = extend_many(np.frombuffer(b"".join(before), np.uint8).reshape(-1, 32), index, values)
    one_by_one = [extend(d, i, np.array([[v]])) for d, i, v in zip(before, index.tolist(), values, strict=True)]
    assert [row.tobytes() for row in after] == one_by_one


def test_no_sessions_at_once() -> None:
    """An empty batch is a batch."""
    assert extend_many(np.zeros((0, 32), np.uint8), np.zeros(0, np.int64), np.zeros(0)).shape == (0, 32)


@pytest.mark.parametrize(
    ("index", "values"), [(5, [[1.0, 3.0]]), (6, [[1.0, 2.0]]), (5, [[2.0, 1.0]]), (5, [[1.0, np.nan]]), (5, [[1.0]])]
)
def test_other_observations_have_another(index: int, values: list[list[float]]) -> None:
    """Two states under one digest could not be told apart."""
    assert extend(b"x", index, np.array(values)) != extend(b"x", 5, np.array([[1.0, 2.0]]))


def test_equal_numbers_are_one() -> None:
    """Zero has two signs and NaN many; a client sees neither."""
    strange = np.frombuffer(np.uint64(0xFFF8_0000_0000_1234).tobytes(), np.float64)
    assert extend(b"", 0, np.array([[-0.0, np.nan]])) == extend(b"", 0, np.array([[0.0, strange[0]]]))
    others = np.array([[-0.0], [strange[0]]])
    assert extend(b"", 0, np.zeros((2, 2)), others) == extend(b"", 0, -np.zeros((2, 2)), np.array([[0.0], [np.nan]]))


def test_the_same_width_of_number_does_not_matter() -> None:
    """A network on float32 reads what float64 holds of it."""
    values = np.array([[1.5, 2.5], [3.5, np.nan]])
    assert extend(b"", 0, values.astype(np.float32)) == extend(b"", 0, values)


def test_whatever_a_network_knows_before_counts() -> None:
    """Sessions of two models, or of two kinds of the same series, are not the same."""
    plain = opening("m", ["a"], NONE)
    others = [
        opening("n", ["a"], NONE),
        opening("m", ["b"], NONE),
        opening("m", ["a", "b"], NONE),
        opening("m", ["a"], np.ones(1, np.float32)),
        opening("m", ["a"], NONE, season=7),
        opening("m", ["a"], NONE, freq="1h"),
        opening("m", ["a"], NONE, freq="1h", offset=60),
        opening("m", ["a"], NONE, history=np.ones((1, 1, 2))),
    ]
    assert len({plain, *others}) == 9


def test_it_is_written_and_read() -> None:
    """Also the digest of an earlier release, whose session goes on."""
    digest = opening("m", ["a"], NONE)
    assert bytes_of(text_of(digest)) == digest and text_of(digest).startswith("sha256:")
