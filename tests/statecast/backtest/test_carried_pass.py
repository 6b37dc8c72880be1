"""Forecasts at many cut-offs in one pass: those of one pass per cut-off, alone or beside others.

Without this a backtest would measure another model than the one that serves.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from statecast import SeriesNetwork
from statecast.backtest import carried_pass
from statecast.backtest.carried_pass import carried_forecasts
from statecast.backtest.cutoffs import Cutoffs
from statecast.backtest.whole_series import WholeSeries
from statecast.compiled import compile_network, slot_network
from statecast.errors import InputError
from statecast.inputs.level import deviations, find_level
from statecast.models.slot_network import SlotNetwork
from tests.builders import tiny_ensemble, tiny_network


def series_of(slots: SlotNetwork, steps: int, seed: int = 0, variables: int = 1) -> WholeSeries:
    draw, config = np.random.default_rng(seed), slots.config
    values = 1e3 * seed + 10 * np.sin(np.arange(steps) * np.pi / 2) + draw.normal(size=(variables, steps))
    values[:, 1:][draw.random((variables, steps - 1)) < 0.1] = np.nan
    level = find_level(values)
    known = draw.normal(size=(steps, config.known_width)).astype(np.float32)
    past = draw.normal(size=(steps, config.past_width)).astype(np.float32)
    return WholeSeries(99, deviations(values, level), past, known, np.zeros(config.static_width, np.float32), level)


def collected(slots: SlotNetwork, series: Sequence[WholeSeries], cutoffs: Cutoffs) -> dict[str, Any]:
    blocks = [block for block in carried_forecasts(slots, series, cutoffs) if block is not None]
    assert [block.first for block in blocks] == np.cumsum([0, *(block.mean.shape[1] for block in blocks)])[:-1].tolist()
    names = ("quantiles", "mean", "seasonal_error")
    return {name: np.concatenate([getattr(block, name) for block in blocks], axis=1) for name in names}


def alone(slots: SlotNetwork, one: WholeSeries, read: int, horizon: int) -> dict[str, Any]:
    """The forecast of a series that ends at a cut-off, read in one call."""
    rows = np.arange(len(one.target))
    cache = slots.new_cache(len(rows))
    slots.begin_slots(cache, rows, np.full(len(rows), one.before), np.stack([one.static] * len(rows)))
    past, known = (np.stack([part] * len(rows)) for part in (one.past, one.known))
    slots.advance_slots(cache, rows, rows, one.target[:, :read].copy(), past[:, :read].copy(), known[:, :read].copy())
    found = slots.forecast_slots(cache, rows, known[:, read : read + horizon].copy()).above(one.level)
    return {"quantiles": found.quantiles, "mean": found.mean, "seasonal_error": found.seasonal_error}


@pytest.fixture(scope="module", params=["compiled", "eager", "ensemble"])
def slots(request: pytest.FixtureRequest) -> SlotNetwork:
    network: SeriesNetwork = tiny_ensemble() if request.param == "ensemble" else tiny_network()
    if request.param == "compiled":
        network = compile_network(network) or network
    return slot_network(network)


@pytest.mark.parametrize(("count", "step", "horizon"), [(1, 1, 12), (30, 1, 1), (7, 5, 12), (4, 12, 3)])
def test_every_cut_off_is_forecast_as_if_the_series_ended_there(
    slots: SlotNetwork, count: int, step: int, horizon: int
) -> None:
    cutoffs = Cutoffs(count, step, horizon)
    one = series_of(slots, 90)
    found = collected(slots, [one], cutoffs)
    for place, read in enumerate(cutoffs.read(90).tolist()):
        for name, wanted in alone(slots, one, read, horizon).items():
            np.testing.assert_allclose(found[name][:, place], wanted, rtol=1e-4, atol=1e-4, err_msg=name)


def test_series_that_are_read_together_do_not_depend_on_one_another(slots: SlotNetwork) -> None:
    cutoffs = Cutoffs(6, 4, 8)
    series = [series_of(slots, 80, 1), series_of(slots, 64, 2, variables=3), series_of(slots, 80, 3)]
    together = collected(slots, series, cutoffs)
    apart = [collected(slots, [one], cutoffs) for one in series]
    for name, values in together.items():
        np.testing.assert_allclose(values, np.concatenate([one[name] for one in apart]), rtol=1e-5, atol=1e-4)


def test_small_pieces_say_the_same(slots: SlotNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    series, cutoffs = [series_of(slots, 90)], Cutoffs(12, 5, 12)
    whole = collected(slots, series, cutoffs)
    monkeypatch.setattr(carried_pass, "MOST_STEPS", 3)
    monkeypatch.setattr(carried_pass, "MOST_ROWS", 2)
    for name, values in collected(slots, series, cutoffs).items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-4, atol=1e-4)


def test_a_horizon_past_the_own_rolls_on_without_changing_the_carried_state(slots: SlotNetwork) -> None:
    one, cutoffs = series_of(slots, 120), Cutoffs(5, 7, 30)
    far, near = collected(slots, [one], cutoffs), collected(slots, [series_of(slots, 120)], Cutoffs(5, 7, 30))
    np.testing.assert_array_equal(far["mean"], near["mean"])
    short = [alone(slots, one, read, 12) for read in cutoffs.read(120).tolist()]
    for place, wanted in enumerate(short):
        np.testing.assert_allclose(far["quantiles"][:, place, :12], wanted["quantiles"], rtol=1e-4, atol=1e-4)
    assert far["quantiles"].shape[2] == 30
    assert (np.diff(far["quantiles"], axis=-1) >= -1e-9).all()


def test_a_series_that_is_too_short_is_refused_with_what_it_could_hold(slots: SlotNetwork) -> None:
    with pytest.raises(InputError, match="request at most 3"):
        carried_forecasts(slots, [series_of(slots, 20)], Cutoffs(4, 4, 8))
    with pytest.raises(InputError, match="needs 9"):
        carried_forecasts(slots, [series_of(slots, 8)], Cutoffs(1, 4, 8))
