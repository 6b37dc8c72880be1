"""Margins follow a series' own misses, those on learned rows held against what learned rows need."""

import pytest
import torch

from statecast import ForecasterConfig
from statecast.uncertainty.calibration import Calibration
from statecast.uncertainty.own_calibration import update_offsets
from tests.builders import TINY

CONFIG = ForecasterConfig(**TINY)  # 12 steps ahead in 3 segments
OLD = torch.tensor([torch.inf])


def calibrated(in_sample_until: int) -> Calibration:
    calibration = Calibration(CONFIG, stride=1)
    calibration.conformal_offsets.fill_(0.5)
    calibration.in_sample_offsets.fill_(-0.3)
    calibration.in_sample_until.fill_(in_sample_until)
    return calibration


def test_each_step_ahead_is_expected_to_miss_as_rows_of_its_time_do() -> None:
    """A forecast that starts on learned rows and ends on others belongs to both."""
    expected = calibrated(in_sample_until=15).expected(torch.tensor([2, 9, 14]), 12, OLD.expand(3))
    assert expected.shape == (3, 2, 12)
    learned = [12, 5, 0]  # of the 12 steps after clocks 2, 9 and 14, those before clock 15
    for row, count in enumerate(learned):
        torch.testing.assert_close(expected[row], torch.tensor([-0.3] * count + [0.5] * (12 - count)).expand(2, 12))


@pytest.mark.parametrize(("in_sample_until", "own_offset"), [(10_000, 0.0), (0, -0.8)])
def test_a_series_that_misses_as_learned_rows_do_takes_nothing_along(in_sample_until: int, own_offset: float) -> None:
    """Held against validation's margins, misses on learned rows would make later intervals too narrow."""
    calibration, generator = calibrated(in_sample_until), torch.Generator().manual_seed(0)
    held = torch.special.ndtri(1.0 - calibration.aims[0, 0])
    needed = -0.3 + 0.1 * (torch.randn(1, 3000, 2, 12, generator=generator) - held)
    expected = calibration.expected(torch.arange(3000), 12, OLD.expand(3000))
    own = update_offsets(calibration, needed - expected, torch.zeros(1, 2, 3))[0, -500:].mean(0)
    torch.testing.assert_close(own, torch.full((2, 3), own_offset), atol=0.05, rtol=0.0)


def test_past_forecasts_are_stretched_as_rows_of_their_time_need() -> None:
    """The dependence of errors is measured in units of the interval; one too wide would make errors look alike."""
    calibration = calibrated(in_sample_until=100)
    raw = torch.linspace(-1.0, 1.0, 9).expand(2, 12, 9)
    stretched = calibration.stretch_past(raw, torch.zeros(2, 2, 3), torch.tensor([0, 200]), OLD.expand(2))
    torch.testing.assert_close(stretched[0], raw[0] * torch.tensor(-0.3).exp())
    torch.testing.assert_close(stretched[1], calibration.stretch(raw[1:], torch.zeros(1, 2, 3), OLD)[0])


def test_what_a_short_life_cannot_know_widens_both_sides_and_falls_off_as_one_over_age() -> None:
    """An interval as wide as after years held 54 % of the time after 16 hours, where 80 was promised."""
    calibration = Calibration(CONFIG, stride=1)
    calibration.cold_start_widening.copy_(torch.tensor([0.1, 0.2, 0.4]))
    raw = torch.linspace(-1.0, 1.0, 9).expand(4, 12, 9)
    half_life = int(CONFIG.half_life)
    widened = calibration.stretch(raw, torch.zeros(4, 2, 3), torch.tensor([1, half_life // 10, half_life, 10**9]))
    added = calibration.cold_start_widening
    torch.testing.assert_close(widened[0], raw[0] * (10 * added).exp().repeat_interleave(4)[:, None])
    torch.testing.assert_close(widened[1], widened[0])  # none counts as younger than a tenth of a half-life
    torch.testing.assert_close(widened[2], raw[2] * added.exp().repeat_interleave(4)[:, None])
    torch.testing.assert_close(widened[3], raw[3])


def test_a_series_is_not_blamed_for_its_youth() -> None:
    """Misses that every short life has would else stay with a series as its own when it is old."""
    calibration = Calibration(CONFIG, stride=1)
    calibration.cold_start_widening.fill_(0.3)
    ages = torch.tensor([4, 40])
    extra = calibration.expected(torch.zeros(2, dtype=torch.int64), 12, ages)
    torch.testing.assert_close(extra[0], torch.full((2, 12), 0.3 * CONFIG.half_life / 4))
    torch.testing.assert_close(extra[1], torch.full((2, 12), 0.3 * CONFIG.half_life / 40))
