"""One set of weights for every season: members are forecasters with the family's own weights, saved once."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import statecast
from statecast import Family, FamilyConfig, Observations
from statecast.errors import ArtifactError, ConfigError, InputError
from statecast.time.frequency import Frequency
from statecast.time.seasonality import choose_season, detect_season, usual_season

SMALL = FamilyConfig(patches=((12, 4, 8), (48, 8, 16)), width=8, segment_length=4)


@pytest.fixture(scope="module")
def family() -> Family:
    torch.manual_seed(0)
    return Family(SMALL).eval()


def wave(length: int, season: int) -> np.ndarray:
    steps = np.arange(length)
    return 50 + 5 * np.sin(2 * np.pi * steps / season) + 0.5 * np.sin(steps / 2.7)


@settings(max_examples=25, deadline=None)
@given(season=st.integers(1, 48), length=st.integers(1, 120), cut=st.integers(1, 119), seed=st.integers(0, 99))
def test_law_1_for_every_season(season: int, length: int, cut: int, seed: int) -> None:
    """A session of any season must say what the whole history says; a default model that drifts is none."""
    torch.manual_seed(0)
    member = Family(SMALL).eval().of(season)
    target = torch.from_numpy(np.random.default_rng(seed).normal(size=(1, length)).cumsum(1).astype(np.float32))
    nothing = torch.zeros(1, length, 0)

    def run(*cuts: int) -> torch.Tensor:
        state = member.fresh(torch.tensor([-1]), torch.zeros(1, 0))
        for first, last in pairwise((0, *cuts, length)):
            state = member.prime(
                Observations(target[:, first:last], nothing[:, first:last], nothing[:, first:last]), state
            )
        return member.decode(state, torch.zeros(1, member.config.horizon, 0)).quantiles()

    with torch.no_grad():
        apart = run(*([cut] if cut < length else []))
        assert torch.allclose(apart, run(), atol=3e-6 * float(target.abs().max().clamp_min(1)), equal_nan=True)


def test_members_share_weights_and_differ_in_lengths(family):
    day, week = family.of(24, "1h"), family.of(7)
    assert day.mix is week.mix and day.encoder.recurrent is week.encoder.recurrent
    assert day.encoder.embed is not week.encoder.embed
    assert (day.config.season, day.config.freq, week.config.season) == (24, "1h", 7)
    assert family.of(20).encoder.embed is day.encoder.embed
    assert week.spec.row_bytes < day.spec.row_bytes


def test_learning_in_one_member_is_learned_by_all(family):
    day = family.of(24)
    prediction = day.decode(day.fresh(torch.tensor([0]), torch.zeros(1, 0)), torch.zeros(1, 4, 0))
    prediction.raw.nan_to_num().square().sum().backward()
    assert family.parts["head"].residuals.bias.grad is not None
    family.zero_grad()


def test_a_family_is_saved_once_and_forecasts_any_season(family, tmp_path):
    statecast.save(tmp_path, family, {"name": "default", "version": "1"})
    artifact = statecast.load(tmp_path)
    assert artifact.kind == "family" and artifact.manifest["parameters"] == sum(w.numel() for w in family.parameters())
    history = wave(100, 24)
    ours = artifact.forecast(history, 10, freq="1h", start="2026-01-01")
    again = artifact.member(24, "1h").forecast(history, 10, start="2026-01-01")
    np.testing.assert_array_equal(ours.mean, again.mean)
    assert ours.times[0] == np.datetime64("2026-01-05T04:00")
    assert artifact.forecast(history, 500, season=7).mean.shape == (500,)
    with pytest.raises(ArtifactError, match="season"):
        _ = artifact.forecaster


@pytest.mark.parametrize(
    "history",
    [[1, 2, 3], [0.0] * 50, [5.0] + [None] * 30, [1e-12 * x for x in range(40)], [1e12 * x for x in range(40)],
     [0, 1] * 30, [3.0]],
)  # fmt: skip
def test_whatever_comes_the_forecast_is_finite_and_ordered(family, history):
    """A first try with odd data must not look broken."""
    for season in (1, 7, 24):
        forecast = statecast.artifacts.artifact.forecast_any(family, history, 40, season=season)
        table = np.stack(list(forecast.quantiles.values()))
        assert np.isfinite(table).all() and np.isfinite(forecast.mean).all()
        assert (np.diff(table, axis=0) >= 0).all()


def test_refusals_name_the_mend(family):
    with pytest.raises(ConfigError, match="season: expected 1 to 48 steps, got 49"):
        family.of(49)
    with pytest.raises(InputError, match="horizon: expected 1 to 1024"):
        statecast.artifacts.artifact.forecast_any(family, [1.0, 2.0], 1025)
    with pytest.raises(ConfigError, match="unknown key 'widht'"):
        FamilyConfig.from_dict({"widht": 3})
    with pytest.raises(ConfigError, match="rising seasons"):
        FamilyConfig(patches=((24, 8, 8), (12, 4, 8)))
    assert FamilyConfig.from_dict(SMALL.to_dict()) == SMALL


@pytest.mark.parametrize(
    ("freq", "season"),
    [("1h", 24), ("30min", 48), ("15min", 96), ("10min", 144), ("1min", 60), ("1d", 7), ("1w", 1), ("1mo", 12),
     ("1q", 4), ("1y", 1), ("2h", 12), ("7h", 1), ("1s", 60)],
)  # fmt: skip
def test_usual_seasons(freq, season):
    assert usual_season(Frequency.parse(freq)) == season


def test_weeks_take_the_year_where_two_of_them_show_it():
    """Without it weeks with a year are forecast as if they had none: two to three times the error."""
    generator = np.random.default_rng(2)
    year = 3 * np.sin(2 * np.pi * np.arange(160) / 52) + 0.5 * generator.normal(size=160) + 0.02 * np.arange(160)
    walk = generator.normal(size=400).cumsum()
    assert [choose_season(year[:steps], "1w") for steps in (103, 104, 160)] == [1, 52, 52]
    assert choose_season(year[::2], "2w") == 26 and choose_season(year[:104], "3w") == 1
    assert choose_season(walk, "1w") == choose_season(np.ones(200), "1w") == 1
    assert (choose_season(year, "1w", longest=48), choose_season(year, "1w", 1), choose_season(year, "1d")) == (1, 1, 7)


@pytest.mark.parametrize("season", [4, 7, 12, 24, 48, 96, 144])
def test_a_clear_season_is_found(season):
    generator = np.random.default_rng(season)
    profile = generator.normal(size=season)
    values = np.tile(profile, 8) + 0.3 * generator.normal(size=8 * season) + 0.01 * np.arange(8 * season)
    values[5] = np.nan
    assert detect_season(values) == season


def test_no_season_is_made_up():
    generator = np.random.default_rng(0)
    walk = generator.normal(size=400).cumsum()
    for values in (walk, np.arange(100.0), np.ones(50), [1.0, 2.0, 3.0], [np.nan] * 20, generator.normal(size=300)):
        assert detect_season(values) == 1
