"""Covariates, calendar and holidays with the default model, from Python: one answer however a series is brought."""

import warnings
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from statecast import Family, FamilyConfig
from statecast.api.backtest import backtest_series
from statecast.api.forecast import forecast_any
from statecast.api.session import SeriesSession
from statecast.errors import InputError
from statecast.inputs.measured import measured_covariates
from statecast.models.forecaster import Forecaster
from statecast.regression.surroundings import Surroundings
from statecast.regression.target_transform import choose_transform
from statecast.time.features import calendar_features

STEPS, AHEAD = 240, 24
WARM = (np.sin(np.arange(STEPS + AHEAD) / 7.3) * 8 + 15).tolist()
SKY = ["clear", "dull", None, "wet"] * ((STEPS + AHEAD) // 4)
LOAD = (100 + 2 * np.array(WARM[:STEPS]) + 9 * np.sin(np.arange(STEPS) / 24 * 2 * np.pi)).tolist()
WHEN = {"start": "2026-06-20T00:00:00Z", "freq": "1h"}
KNOWN = {"warm": WARM, "sky": SKY}
COUNTRY = "US" if find_spec("holidays") else None


@pytest.fixture(scope="module")
def family() -> Family:
    torch.manual_seed(0)
    return (
        Family(FamilyConfig(patches=((12, 4, 8), (48, 8, 16)), width=8, segment_length=4)).eval().requires_grad_(False)
    )


def test_without_surroundings_the_member_is_the_familys_own(family):
    """Sessions and speed depend on it: nothing of the default model changes for who asks for nothing."""
    member = Surroundings().member(family, 24, "1h", True, np.array(LOAD))
    assert isinstance(member, Forecaster) and member.config == family.of(24, "1h").config


def test_session_and_backtest_say_what_the_forecast_says(family):
    """People try a forecast in a notebook, judge it by a backtest and run it in a session; all three must be one."""
    whole = forecast_any(family, LOAD, AHEAD, future_covariates=KNOWN, calendar=True, country=COUNTRY, **WHEN)
    session = SeriesSession(family, freq="1h", calendar=True, country=COUNTRY)
    for first, last in ((0, 100), (100, 101), (101, STEPS)):
        start = {"start": WHEN["start"]} if not first else {}
        some = {name: values[first:last] for name, values in KNOWN.items()}
        session.update(LOAD[first:last], future_covariates=some, **start)
    stepped = session.forecast(AHEAD, future_covariates={name: values[STEPS:] for name, values in KNOWN.items()})
    np.testing.assert_allclose(stepped.mean, whole.mean, rtol=1e-4)
    past = {name: values[:STEPS] for name, values in KNOWN.items()}
    backtest = backtest_series(family, LOAD, AHEAD, future_covariates=past, calendar=True, country=COUNTRY, **WHEN)
    before = forecast_any(family, LOAD[:-AHEAD], AHEAD, future_covariates=past, calendar=True, country=COUNTRY, **WHEN)
    np.testing.assert_allclose(backtest.median[0], before.quantiles[0.5], rtol=1e-4)


def test_covariates_that_cannot_help_are_left_out_with_a_warning(family):
    """A forecast that left one out in silence would be taken for one that used it."""
    with pytest.warns(UserWarning, match="past_covariates: 'wind' left out"):
        found = forecast_any(family, LOAD, 4, past_covariates={"wind": LOAD}, **WHEN)
    with pytest.warns(UserWarning, match="static_covariates: 'site' left out"):
        forecast_any(family, LOAD, 4, static_covariates={"site": "north"}, **WHEN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(found.mean, forecast_any(family, LOAD, 4, **WHEN).mean)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"country": "XX", **WHEN}, "country: expected a code"),
        ({"country": "US-QQ", **WHEN}, "country: expected a code"),
        ({"calendar": True}, "calendar: needs times"),
        ({"country": "US"}, "country: needs times"),
        ({"future_covariates": {"warm": WARM[:50]}, **WHEN}, "covariate 'warm'"),
        ({"future_covariates": {f"c{place}": WARM for place in range(200)}, **WHEN}, "at most 143 columns"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(family, options, match):
    if "code" in match:
        pytest.importorskip("holidays")
    with pytest.raises(InputError, match=match):
        forecast_any(family, LOAD, AHEAD, **options)


def test_holidays_are_days_of_the_country():
    pytest.importorskip("holidays")
    days = np.array(["2026-07-03T12:00", "2026-07-04T23:00", "2026-12-25T00:00", "2026-12-26T00:00"], dtype="M8[s]")
    assert calendar_features(("holidays:US",), days)[:, 0].tolist() == [1.0, 1.0, 1.0, 0.0]
    assert calendar_features(("holidays:GB",), days)[:, 0].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_what_covariates_are_is_read_off_their_values():
    """Numbers may come as texts of levels or as truth values; the wrong reading would be learned as a slope."""
    found = measured_covariates({"open": [True, False, None], "wind": [1, None, 2.5], "sky": SKY, "code": ["7", "8"]})
    levels = {one.name: one.levels for one in found}
    assert levels == {"wind": (), "open": ("True", "False"), "sky": ("clear", "dull", "wet"), "code": ("7", "8")}
    assert found[0].encode([1, None, np.inf])[:2, 0].tolist()[0] == 1.0
    assert np.isnan(found[0].encode([1, None, np.inf])[1:]).all()


def test_a_transform_is_chosen_by_what_was_seen():
    rng = np.random.default_rng(0)
    assert choose_transform(rng.normal(100, 10, 500)) is None
    assert choose_transform(rng.poisson(3, 500).astype(float)).name == "square root"
    assert choose_transform(np.r_[rng.normal(20, 3, 500), 2000.0]).name == "asinh"
    assert choose_transform(np.full(50, np.nan)) is None
