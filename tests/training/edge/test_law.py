"""The law of exports: a step of what was exported is a step of the library, whatever the network and the series.

One golden series cannot reach every corner; a device meets gaps, constants and far-off levels on its first day.
"""

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast.naive_forecasts import NAIVE_FORECASTS
from tests.training.edge.conftest import covered_network
from training.edge.export.golden import EQUAL, SAME_WEIGHTS, golden_forecasts, largest_difference, stepwise
from training.edge.exportable.network_weights import NetworkWeights
from training.edge.exportable.quantization import round_weights
from training.edge.integer.network import IntegerNetwork

few = settings(max_examples=20, deadline=None)


@st.composite
def networks(draw):
    """Networks that can be exported, of any shape."""
    season, patch = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    names = draw(st.lists(st.sampled_from(NAIVE_FORECASTS), min_size=1, max_size=10, unique=True))
    return covered_network(
        draw(st.integers(0, 9)),
        season=season, patch_length=patch, lookback_length=7 * season + patch + draw(st.integers(8, 20)),
        horizon=draw(st.integers(1, 13)), segment_length=draw(st.integers(1, 5)), layers=draw(st.integers(1, 2)),
        width=draw(st.sampled_from((1, 6, 8))), linear_lookback=draw(st.booleans()), naive_forecasts=tuple(names),
        quantile_levels=draw(st.sampled_from(((0.5,), (0.1, 0.5, 0.9), (0.25, 0.5)))),
        half_life=draw(st.floats(3.0, 60.0)),
    )  # fmt: skip


@st.composite
def series(draw):
    """Sixty values that move, with gaps, at any level."""
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    values = np.cumsum(generator.normal(size=60)) * draw(st.sampled_from((1e-3, 1.0, 1e4)))
    values = values + draw(st.sampled_from((0.0, 1e3, -1e7))) * np.nanstd(values)
    values[generator.random(60) < draw(st.sampled_from((0.0, 0.2)))] = np.nan
    values[5] = 0.0 if np.isnan(values).all() else np.nanmean(values)
    return values


@few
@given(networks(), series())
def test_the_int_8_step_is_the_library_s_with_the_same_weights(network, values) -> None:
    integer = IntegerNetwork(NetworkWeights.of(network))
    states = [integer.begin(1)]

    def step(value):
        states[0] = integer.step(states[0], [value])

    got = stepwise(values, step, lambda: integer.forecast(states[0])[0])
    assert largest_difference(values, golden_forecasts(round_weights(network), values), got) <= SAME_WEIGHTS


@pytest.mark.skipif(not (find_spec("onnx") and find_spec("onnxruntime")), reason="the extra `onnx` is not installed")
@few
@given(networks(), series(), st.booleans())
def test_the_onnx_step_is_the_library_s(tmp_path_factory, network, values, integer) -> None:
    import onnx

    from training.edge.export.onnx_session import OnnxSession
    from training.edge.graph.step import build_step

    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    onnx.save(build_step(NetworkWeights.of(network), integer, "a network"), str(path))
    session, compared = OnnxSession(path, network.config), round_weights(network) if integer else network
    got = stepwise(values, session.step, session.forecast)
    assert largest_difference(values, golden_forecasts(compared, values), got) <= EQUAL
