"""The int8 network computes what the library computes with the same weights, and its functions are what they say.

Without this the reference that the C is held to could be wrong itself, to the bit.
"""

import math

import numpy as np
import pytest
import torch

from tests.training.edge.conftest import covered_network
from training.edge.export.golden import (
    SAME_WEIGHTS,
    golden_forecasts,
    golden_values,
    largest_difference,
    stepwise,
)
from training.edge.exportable.network_weights import NetworkWeights, Product
from training.edge.exportable.quantization import UNIT, quantize, round_weights
from training.edge.integer import elementary
from training.edge.integer.network import IntegerNetwork


def forecasts(network, values):
    integer = IntegerNetwork(NetworkWeights.of(network))
    states = [integer.begin(1)]

    def step(value):
        states[0] = integer.step(states[0], [value])

    return stepwise(values, step, lambda: integer.forecast(states[0])[0])


@pytest.mark.parametrize(
    "changes", [{}, {"layers": 2}, {"linear_lookback": True}, {"season": 1}, {"horizon": 11}], ids=str
)
def test_it_forecasts_what_the_library_forecasts_with_the_same_weights(changes) -> None:
    network = covered_network(**changes)
    values = golden_values(network.config)
    expected = golden_forecasts(round_weights(network), values)
    assert largest_difference(values, expected, forecasts(network, values)) <= SAME_WEIGHTS


def test_quantiles_ascend_and_series_do_not_touch_each_other() -> None:
    """A batch of the reference is what each series is alone: else vectors of one series prove nothing of others."""
    integer = IntegerNetwork(NetworkWeights.of(covered_network()))
    values = np.random.default_rng(0).normal(5.0, 2.0, (60, 3))
    values[7:9, 1] = np.nan
    together, alone = integer.begin(3), integer.begin(1)
    for row in values:
        together, alone = integer.step(together, row), integer.step(alone, row[1:2])
    quantiles = integer.forecast(together)
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert (quantiles[1] == integer.forecast(alone)[0]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e40])
def test_what_is_no_number_is_missing(value) -> None:
    """A sensor that says infinity for once must not end its series."""
    integer = IntegerNetwork(NetworkWeights.of(covered_network()))
    states = []
    for bad in (value, np.nan):
        state = integer.begin(1)
        for one in [bad, 3.0, 4.0, bad, *np.sin(np.arange(40.0))]:
            state = integer.step(state, [one])
        states.append(integer.forecast(state))
    assert np.isfinite(states[0]).all() and (states[0] == states[1]).all()


def test_before_the_first_value_there_is_no_forecast() -> None:
    integer = IntegerNetwork(NetworkWeights.of(covered_network()))
    assert np.isnan(integer.forecast(integer.step(integer.begin(1), [np.nan]))).all()


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [
        (elementary.exp, math.exp, -87, 88),
        (elementary.log, math.log, 1e-12, 1e12),
        (elementary.sigmoid, lambda x: 1 / (1 + math.exp(-x)), -40, 40),
        (elementary.tanh, math.tanh, -20, 20),
        (elementary.softplus, lambda x: math.log1p(math.exp(x)), -30, 30),
        (elementary.gelu, lambda x: 0.5 * x * (1 + math.erf(x * math.sqrt(0.5))), -10, 10),
    ],
)
def test_functions_are_what_they_say(ours, theirs, low, high) -> None:
    x = np.linspace(low, high, 20_001, dtype=np.float32)
    expected = np.asarray([theirs(float(value)) for value in x])
    error = np.abs(ours(x).astype(np.float64) - expected) / np.maximum(np.abs(expected), 1.0)
    assert error.max() < 1e-6


def test_the_root_is_one() -> None:
    x = np.concatenate([10.0 ** np.linspace(-200, 200, 4001), [0.0, -1.0]])
    found = elementary.root(x)
    assert found[-2:].tolist() == [0.0, 0.0]
    assert (np.abs(found[:-2] / np.sqrt(x[:-2]) - 1) < 4e-16).all()


def test_sums_stay_within_int32() -> None:
    """An overflow is undefined in C, and another number in numpy."""
    for width in (4, 66, 512, 2000):
        product = quantize(Product(np.full((1, width), 3.0, np.float32), np.zeros(1, np.float32)))
        most = 127 * product.limit * width
        assert most < 2**31 and product.limit <= UNIT


def test_weights_are_within_half_a_step() -> None:
    weight = torch.randn(20, 30).numpy()
    product = quantize(Product(weight, np.zeros(20, np.float32)))
    assert (np.abs(product.rounded - weight) <= product.scale[:, None] * 0.5001).all()
