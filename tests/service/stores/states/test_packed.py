"""Packed sessions are the same to the bit: a session that came back otherwise would go on as another series."""

from dataclasses import replace

import numpy as np
import pytest

from service.stores.record_columns import from_row, to_row
from service.stores.states.anchor import Anchor
from service.stores.states.packed import (
    pack_forecast,
    pack_state,
    pack_values,
    unpack_forecast,
    unpack_state,
    unpack_values,
)
from tests.service.stores.conformance import record_of, same

DRAW = np.random.default_rng(5)
TOLD = DRAW.normal(100, 30, (1, 336)).round(2)
VALUES = {
    "decimals": TOLD,
    "with gaps": np.where(DRAW.random((1, 336)) < 0.3, np.nan, TOLD),
    "two variables": TOLD.reshape(2, -1),
    "any": DRAW.normal(size=(1, 336)),
    "single precision": DRAW.normal(size=(1, 40)).astype(np.float32).astype(np.float64),
    "huge": np.array([[1e300, 2.5, -1e300, 1e9 + 0.1]]),
    "beyond 32 bits": np.array([[2.0**31, 1.0], [-(2.0**31), 2.0]]),
    "infinite": np.array([[np.inf, 1.0, -np.inf]]),
    "all missing": np.full((1, 3), np.nan),
    "ends missing": np.array([[0.125, np.nan]]),
    "none": np.zeros((2, 0)),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_come_back_to_the_bit(name: str) -> None:
    values = VALUES[name]
    data = pack_values(values)
    np.testing.assert_array_equal(unpack_values(data), values.ravel())
    assert len(data) % 8 == (1 if values.size else 0), "an earlier release must not take it for float64"


def test_values_of_few_decimals_take_few_bytes() -> None:
    assert len(pack_values(TOLD)) < 3 * TOLD.size
    assert len(pack_values(VALUES["any"])) < 8 * TOLD.size


@pytest.mark.parametrize("size", [0, 1, 7, 8, 64, 14_944, 50_000])
def test_states_come_back_to_the_bit(size: int) -> None:
    """Any bytes; and what an earlier release kept as it was."""
    state = DRAW.bytes(size)
    assert unpack_state(pack_state(state)) == state == unpack_state(state)


def test_a_state_takes_fewer_bytes() -> None:
    state = np.tanh(DRAW.normal(size=3736)).astype(np.float32).tobytes()
    assert len(pack_state(state)) < 0.85 * len(state)


@pytest.mark.parametrize("level", [0.0, 123.456, 1e9 + 0.1, float("nan")])
def test_forecasts_come_back_to_the_bit(level: float) -> None:
    """Those of a network, float32 above a level, take half; any others come back, too."""
    levels = np.array([level, 2.5])
    above = DRAW.normal(size=(2, 72)).astype(np.float32) + np.nan_to_num(levels)[:, None]
    for table in (above, DRAW.normal(size=(2, 72))):
        np.testing.assert_array_equal(unpack_forecast(pack_forecast(table, levels), levels), table)
    assert len(pack_forecast(above, levels)) < 0.55 * above.nbytes or np.isnan(level)


def test_a_record_comes_back_packed_or_not() -> None:
    record = record_of("k", level=(0.1, np.nan), anchor=Anchor(6, "sha256:dd", (0.1, 2.0), (True, False), bytes(64)))
    bare = replace(record, issued=None, anchor=None)
    for one in (record, bare):
        for packed in (True, False):
            assert same(from_row(to_row(one, packed=packed)), one)


def test_what_is_damaged_is_refused() -> None:
    data = pack_values(TOLD)
    with pytest.raises(ValueError, match="damaged"):
        unpack_values(data[:1] + b"x" + data[2:])
    state = pack_state(DRAW.bytes(64))
    with pytest.raises(ValueError):
        unpack_state(state[:8] + b"x" * 8 + state[16:])
