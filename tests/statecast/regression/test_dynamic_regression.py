"""A family's member takes covariates and knows the calendar without training, and streams as exactly as before."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from statecast import Family, FamilyConfig, Observations
from statecast.errors import InputError
from statecast.inputs.covariates import encode_covariates
from statecast.inputs.measured import measured_covariates
from statecast.regression.dynamic_regression import DynamicRegression
from statecast.regression.target_transform import TargetTransform
from statecast.state.state import State
from statecast.time.features import calendar_features

SMALL = FamilyConfig(patches=((12, 4, 8), (48, 8, 16)), width=8, segment_length=4)
STEPS, AHEAD, FIRST = 260, 40, 420_000
WARM = {"heat": np.sin(np.arange(STEPS + AHEAD) / 9.0) * 8 + 15}


def regression(values=WARM, season=24, freq="1h", **options) -> DynamicRegression:
    torch.manual_seed(0)
    family = Family(SMALL).eval().requires_grad_(False)
    return DynamicRegression(family.of(season, freq), measured_covariates(values), **options).eval()


def known(network: DynamicRegression, values=WARM, steps=STEPS + AHEAD, hours=1) -> torch.Tensor:
    times = (np.arange(FIRST, FIRST + steps) * 3600 * hours).astype("datetime64[s]")
    columns = calendar_features(network.config.calendar, times)
    return torch.from_numpy(
        np.concatenate([columns, encode_covariates(network.config.future_covariates, values, (steps,))], axis=1)
    )[None]


def load(seed: int, steps: int = STEPS) -> torch.Tensor:
    rng, hour = np.random.default_rng(seed), np.arange(steps)
    values = 5 * np.sin(2 * np.pi * hour / 24) + 0.6 * WARM["heat"][:steps] + rng.normal(size=steps)
    values[rng.random(steps) < 0.05] = np.nan
    return torch.from_numpy(values.astype(np.float32))[None]


@torch.no_grad()
def read(network: DynamicRegression, target: torch.Tensor, ahead: torch.Tensor, *cuts: int) -> State:
    state = network.fresh(torch.full((len(target),), FIRST - 1), torch.zeros(len(target), 0))
    for first, last in pairwise((0, *cuts, target.shape[1])):
        past = torch.zeros(len(target), last - first, 0)
        state = network.prime(Observations(target[:, first:last], past, ahead[:, first:last]), state)
    return state


@torch.no_grad()
def forecast(network: DynamicRegression, target: torch.Tensor, ahead: torch.Tensor, *cuts: int) -> torch.Tensor:
    steps = target.shape[1]
    return network.decode(read(network, target, ahead, *cuts), ahead[:, steps : steps + AHEAD]).quantiles()


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 99), steps=st.integers(120, STEPS), cuts=st.sets(st.integers(1, 259), max_size=4))
def test_any_split_of_a_history_gives_one_forecast(seed, steps, cuts):
    """A session must say what the whole history says; else what a client is told depends on how it sent its values."""
    network = regression()
    ahead, target = known(network), load(seed)[:, :steps]
    apart = forecast(network, target, ahead, *sorted(cut for cut in cuts if cut < steps))
    whole = forecast(network, target, ahead)
    torch.testing.assert_close(apart, whole, rtol=0, atol=1e-5 * float(whole.abs().max()))


def test_steps_give_the_forecast_of_a_run():
    """Each observation alone, through solutions, kept forecasts and roundings: where small errors would add up."""
    network = regression()
    ahead, target = known(network), load(1)[:, :90]
    whole = forecast(network, target, ahead)
    apart = forecast(network, target, ahead, *range(1, 90))
    torch.testing.assert_close(apart, whole, rtol=0, atol=2e-5 * float(whole.abs().max()))


def test_no_row_depends_on_its_neighbours():
    """Series that are read together began at different times, and must not see when the others solve or keep."""
    network = regression()
    ahead = known(network)
    target = torch.cat([load(seed)[:, :200] for seed in range(3)])
    starts, rows = torch.tensor([0, 7, 50]), []
    with torch.no_grad():
        many = torch.cat([ahead[:, start : start + 200] for start in starts])
        state = network.fresh(FIRST - 1 + starts, torch.zeros(3, 0))
        state = network.prime(Observations(target, torch.zeros(3, 200, 0), many), state)
        together = network.decode(state, many[:, :AHEAD]).quantiles()
        for row, start in enumerate(starts):
            alone = network.fresh(FIRST - 1 + start[None], torch.zeros(1, 0))
            seen = Observations(target[row : row + 1], torch.zeros(1, 200, 0), many[row : row + 1])
            rows.append(network.decode(network.prime(seen, alone), many[row : row + 1, :AHEAD]).quantiles())
    torch.testing.assert_close(together, torch.cat(rows), rtol=0, atol=1e-5 * float(together.abs().max()))


def test_what_comes_later_changes_nothing():
    """A covariate's value counts from its step on, except over the horizon; a backtest that looks ahead lies."""
    network = regression()
    ahead, target = known(network), load(2)
    other = ahead.clone()
    other[:, 200 + AHEAD :, -1] = 1e6
    torch.testing.assert_close(
        forecast(network, target[:, :200], ahead), forecast(network, target[:, :200], other), rtol=0, atol=0
    )
    many = torch.stack([ahead[0, begin : begin + AHEAD] for begin in range(100, 201, 100)])[None]
    state = network.fresh(torch.tensor([FIRST - 1]), torch.zeros(1, 0))
    with torch.no_grad():
        seen = Observations(target[:, :200], torch.zeros(1, 200, 0), ahead[:, :200])
        found, after = network.forward(seen, state, many, every=100)
    for place, steps in enumerate((100, 200)):
        torch.testing.assert_close(
            found.quantiles()[place], forecast(network, target[:, :steps], ahead)[0], rtol=0, atol=2e-4
        )
    assert torch.equal(after["moments"].isfinite().all(), torch.tensor(True))


def test_an_effect_is_found_and_forecast():
    """What a covariate explains is in the forecast: a step of it that no season shows."""
    values = {"heat": np.where((np.arange(STEPS + AHEAD) // 31) % 2, 1.0, 0.0)}
    network = regression(values)
    ahead = known(network, values)
    target = (10 * ahead[:, :STEPS, -1] + torch.randn(1, STEPS) * 0.1).float()
    state = read(network, target, ahead)
    effects = network.regression.ahead(ahead[:, STEPS:], state)[0, :, -1]
    up = ahead[0, STEPS:, -1] > 0
    assert 8.0 < float(effects[up].mean() - effects[~up].mean()) < 13.0
    assert float(network.combination.shares(state["losses"])[0, -1]) > 0.8


HOSTILE = {
    "constant": {"a": np.ones(STEPS + AHEAD)},
    "all missing": {"a": np.full(STEPS + AHEAD, np.nan)},
    "collinear": {"a": WARM["heat"], "b": WARM["heat"] * 3 + 1},
    "huge": {"a": WARM["heat"] * 1e12},
    "infinite": {"a": np.where(np.arange(STEPS + AHEAD) % 5 == 0, np.inf, 1.0)},
    "half a horizon": {"a": np.where(np.arange(STEPS + AHEAD) < STEPS + 9, WARM["heat"], np.nan)},
    "categories": {"a": ["wet", "dry", None][:3] * ((STEPS + AHEAD) // 3), "b": [True, False] * ((STEPS + AHEAD) // 2)},
    "sixty": {f"c{place}": np.roll(WARM["heat"], place) for place in range(60)},
}


@pytest.mark.parametrize("values", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_covariates_give_sane_forecasts(values):
    """Whatever a table brings beside a series must not carry its forecast away."""
    network = regression(values)
    ahead, target = known(network, values), load(3)
    found = forecast(network, target, ahead)
    low, high = np.nanmin(target), np.nanmax(target)
    width = high - low
    assert found.isfinite().all() and float(found.min()) > low - width and float(found.max()) < high + width
    assert (found.diff(dim=-1) >= 0).all()


def test_too_many_covariates_are_refused_with_the_limit():
    with pytest.raises(InputError, match="expected at most 143 columns"):
        regression({f"c{place}": WARM["heat"] for place in range(200)})


@pytest.mark.parametrize(
    ("season", "freq", "timed", "values"),
    [
        (24, "1h", True, {}),
        (7, "1d", True, WARM),
        (1, "1w", True, {}),
        (12, "1mo", True, WARM),
        (24, None, False, WARM),
    ],
)
def test_every_freq_streams(season, freq, timed, values):
    """Days, weeks and months have other cycles, and series without times none; all of them stream exactly."""
    network = regression(values, season, freq, timed=timed)
    ahead, target = known(network, values, hours={"1d": 24, "1w": 168}.get(freq, 1)), load(5)[:, :200]
    whole = forecast(network, target, ahead)
    torch.testing.assert_close(
        forecast(network, target, ahead, 3, 77, 180), whole, rtol=0, atol=1e-5 * float(whole.abs().max())
    )


@pytest.mark.parametrize("transform", [TargetTransform(), TargetTransform("asinh", unit=2.0)])
def test_a_transformed_expert_is_one_more(transform):
    network = regression(transform=transform)
    ahead, target = known(network), load(6).abs()
    whole = forecast(network, target, ahead)
    assert whole.isfinite().all() and not network.takes_deviations
    torch.testing.assert_close(
        forecast(network, target, ahead, 123), whole, rtol=0, atol=1e-5 * float(whole.abs().max())
    )


def test_a_constant_series_is_forecast_as_it_is():
    network = regression()
    found = forecast(network, torch.full((1, 200), 3.0), known(network))
    torch.testing.assert_close(found, torch.full_like(found, 3.0), rtol=0, atol=1e-4)


def test_states_keep_to_their_size():
    """Of the real family: 16 KB per hourly series without covariates, 32 KB with one, all experts' states included."""
    family = Family(FamilyConfig())
    member = family.of(24, "1h")
    assert DynamicRegression(member).spec.row_bytes <= 16_384
    assert DynamicRegression(member, measured_covariates(WARM)).spec.row_bytes <= 32_768
