"""Config, calendar, covariates and state layout: values that check themselves."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from statecast import ForecasterConfig, State
from statecast.errors import ConfigError, InputError
from statecast.inputs.covariates import Covariate, encode_covariates
from statecast.time.features import CALENDAR_FEATURES, calendar_features, calendar_width
from statecast.time.frequency import Frequency
from tests.builders import tiny_network


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1h", "1h"),
        ("H", "1h"),
        ("15min", "15min"),
        ("15T", "15min"),
        ("D", "1d"),
        ("W-SUN", "1w"),
        ("MS", "1mo"),
        ("M", "1mo"),
        ("QS", "1q"),
    ],
)
def test_freqs_are_read_as_people_write_them(text: str, canonical: str) -> None:
    """A table from any of the field's tools names its freq in its own way."""
    assert str(Frequency.parse(text)) == canonical
    assert Frequency.parse(canonical) == Frequency.parse(text).plain


def test_coarser_steps_have_a_name() -> None:
    """What a resolution is called in an answer."""
    names = [
        str(Frequency.parse(text).coarser(count))
        for text, count in (("1h", 24), ("15min", 4), ("1d", 7), ("1mo", 12), ("1h", 5))
    ]
    assert names == ["1d", "1h", "1w", "1y", "5h"]


@pytest.mark.parametrize("text", ["", "0h", "fortnight", "-1h", "1.5h", "h" * 200])
def test_other_freqs_are_refused(text: str) -> None:
    """The message must name the units."""
    with pytest.raises(ConfigError, match="s, min, h, d, b, w, mo, q, y"):
        Frequency.parse(text)


@given(
    st.sampled_from(["1s", "15min", "6h", "1d", "1w", "1mo", "1q", "1y"]),
    st.integers(-(10**6), 10**6),
    st.integers(0, 59),
)
def test_clock_and_time_are_inverse(text: str, clock: int, offset: int) -> None:
    """A session lives by its clock; a time that came back as another time would lose observations."""
    freq = Frequency.parse(text)
    if freq.seconds == 1:
        offset = 0
    if freq.unit in ("mo", "q", "y"):
        clock //= 1000
    clocks, offsets = freq.place(freq.times(np.array([clock]), offset))
    assert (clocks[0], offsets[0]) == (clock, offset)


def test_calendar_features_of_a_known_instant() -> None:
    """Saturday, 2026-01-03, 06:00: a quarter of the day, the weekend, early in the year."""
    features = calendar_features(CALENDAR_FEATURES, np.array(["2026-01-03T06:00:00"], dtype="datetime64[s]"))[0]
    assert features.shape == (calendar_width(CALENDAR_FEATURES),)
    np.testing.assert_allclose(features[2:4], [1.0, 0.0], atol=1e-6)
    assert features[6] == 1.0


def test_covariates_become_columns() -> None:
    """Numbers are standardised, levels become one column each, what is missing or unknown becomes 0."""
    covariates = (Covariate("wind", 2.0, 4.0), Covariate("site", levels=("north", "south")))
    columns = encode_covariates(covariates, {"wind": [6.0, None, 2.0], "site": ["south", "mars", None]}, (3,))
    assert columns.tolist() == [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert encode_covariates(covariates, {}, (2,)).shape == (2, 3)


@pytest.mark.parametrize(
    ("values", "message"),
    [({"sun": [1, 2]}, "knows wind"), ({"wind": [1]}, r"expected \(2,\)"), ({"wind": ["a", "b"]}, "expected numbers")],
)
def test_wrong_covariates_are_refused(values: dict[str, Any], message: str) -> None:
    """Name, length and type are told apart."""
    with pytest.raises(InputError, match=message):
        encode_covariates((Covariate("wind"),), values, (2,))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"horizon": 0}, "horizon"), ({"cell": "mamba"}, "cell"), ({"lookback_length": 30}, "lookback_length"),
        ({"resolutions": (2, 24)}, "resolutions"), ({"resolutions": (1, 24, 24)}, "resolutions"),
        ({"quantile_levels": (0.1, 0.9)}, "quantile_levels"), ({"quantile_levels": (0.5, 1.0)}, "quantile_levels"),
        ({"dropout": 1.0}, "dropout"), ({"half_life": 0.0}, "half_life"), ({"freq": "x"}, "freq"),
        ({"calendar": ("moon",)}, "calendar"), ({"freq": None, "calendar": ("day",)}, "calendar"),
    ],
)  # fmt: skip
def test_impossible_configs_are_refused(changes: dict[str, Any], field: str) -> None:
    """Before training starts, not after an hour of it."""
    with pytest.raises(ConfigError, match=field):
        replace(ForecasterConfig(), **changes)


def test_config_survives_json() -> None:
    """What is saved is what was trained."""
    config = ForecasterConfig(
        past_covariates=(Covariate("a", 1.0, 2.0),), static_covariates=(Covariate("s", levels=("x", "y")),)
    )
    assert ForecasterConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="unknown key 'depth'"):
        ForecasterConfig.from_dict({"depth": 3})
    with pytest.raises(ConfigError, match="wrong type"):
        ForecasterConfig.from_dict({"horizon": "long"})


def test_state_of_another_network_is_refused() -> None:
    """Bytes of another layout must not be read as a state."""
    spec = tiny_network().spec
    with pytest.raises(InputError, match="belongs to another network"):
        State(spec, torch.zeros(1, spec.row_bytes - 8, dtype=torch.uint8))


def test_public_names() -> None:
    """What the package promises is what it exports."""
    import statecast

    assert statecast.__all__ == sorted(statecast.__all__)
    assert all(hasattr(statecast, name) for name in statecast.__all__)
