"""Laws of coarse resolutions whose values come from outside; those of every network are in ``test_network``."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import statecast
from statecast import Observations
from statecast.api.forecast import forecast_series
from statecast.artifacts.golden import TOLERANCE, golden_difference
from statecast.errors import InputError
from tests.builders import tiny_network
from tests.laws.series import ENSEMBLES, NAMES, Batch, batches, difference, plain_batch, variant

few = settings(max_examples=40, deadline=None)
MIXED = [name for name in NAMES if variant(name).config.mixed_frequency]
ALONE = [name for name in MIXED if name not in ENSEMBLES]


@few
@given(batches(only=MIXED), st.sampled_from([0.5, 1024.0]), st.sampled_from([-640.0, 128.0]))
def test_law_5_a_given_resolution_has_its_own_unit(batch: Batch, scale: float, shift: float) -> None:
    """Days may be sums in another unit than the minutes; what unit says nothing of the minutes to come."""
    exact = [(part * 64).round() / 64 for part in (batch.mixed_frequency, batch.coarse_history)]
    plain = replace(batch, mixed_frequency=exact[0], coarse_history=exact[1]).run()
    moved = replace(batch, mixed_frequency=exact[0] * scale + shift, coarse_history=exact[1] * scale + shift).run()
    assert difference(moved, plain) <= 1e-4


@few
@given(batches(only=ALONE), st.integers(1, 12))
def test_law_9_a_given_outage_is_missing(batch: Batch, length: int) -> None:
    """Days that were never measured tell nothing of level or spread, and no number is made up for them."""
    steps = batch.target.shape[1]
    state = batch.network.prime(batch.part(0, steps), batch.fresh())
    hole = batch.part(0, 1)
    for _ in range(length):
        outage = Observations(*(part[:, :1] for part in hole[:3]))
        after = batch.network.prime(outage, state)
        for coarse in batch.network.config.mixed_frequency:
            before, now = state[f"sums_{coarse}"], after[f"sums_{coarse}"]
            torch.testing.assert_close(now[:, 1] * before[:, 0], before[:, 1] * now[:, 0])
            assert not bool((now[:, 0] > before[:, 0]).any())
        state = after
    assert bool(batch.forecast(state).quantiles().isfinite().all())


@pytest.mark.parametrize("name", ALONE)
def test_coarse_values_before_the_first_step_are_read_as_those_after_it(name: str) -> None:
    """Years of days before the first minute must count as if the minutes had been there; else what a forecast says
    depends on where its owner began to keep minutes."""
    network, buckets = variant(name), 9
    coarse, count = network.config.mixed_frequency[0], len(network.config.mixed_frequency)
    values = 1000 + 7 * torch.randn(buckets)
    values[4] = torch.nan
    batch = plain_batch(network, torch.randn(1, buckets * coarse + 1))
    mixed = torch.full_like(batch.mixed_frequency, torch.nan)
    mixed[0, coarse - 1 : -1 : coarse, 0] = values
    walked = network.prime(Observations(*batch.part(0, buckets * coarse + 1)[:3], mixed), batch.fresh())
    coarse_history = torch.full((1, count, buckets + 2), torch.nan)
    coarse_history[0, 0, 2:] = values
    last = Observations(
        *(part[:, -1:] for part in batch.part(0, buckets * coarse + 1)[:3]), coarse_history=coarse_history
    )
    read = network.prime(last, network.fresh(torch.tensor([buckets * coarse - 1]), batch.static))
    for field in ("hidden", "recent", "offset", "sums"):
        ours, theirs = walked[f"{field}_{coarse}"], read[f"{field}_{coarse}"]
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5, equal_nan=True)
    nothing = network.prime(
        last._replace(coarse_history=None), network.fresh(torch.tensor([buckets * coarse - 1]), batch.static)
    )
    assert not torch.equal(nothing[f"hidden_{coarse}"], read[f"hidden_{coarse}"])


def test_law_8_an_artifact_with_given_resolutions_is_enough(tmp_path: Path) -> None:
    """Its golden forecast must depend on the coarse values, or a slip in reading days would load unseen."""
    network = tiny_network(mixed_frequency=(6,))
    torch.nn.init.normal_(network.resolution_attention.values[1].weight)  # as after a fit that found days worth much
    statecast.save(tmp_path, network, {"name": "tiny", "version": "1"})
    artifact = statecast.load(tmp_path)
    values = [float(value) for value in range(40)]
    days = {"6h": ("2026-02-01T00:00:00", [100.0, 90.0, 120.0, None, 80.0] * 40)}
    beside, without = (artifact.forecast(values, start="2026-03-01T05:00:00", **k) for k in ({"resolutions": days}, {}))
    assert not np.allclose(beside.mean, without.mean, rtol=1e-3)
    golden = json.loads((tmp_path / "golden.json").read_text())
    assert golden_difference(artifact.network, golden) <= TOLERANCE
    assert golden_difference(artifact.network, {**golden, "mixed_frequency": {}}) > TOLERANCE


@pytest.mark.parametrize(
    ("resolutions", "message"),
    [
        ({"1d": ("2026-02-01", [1.0])}, "that the model reads .'6h'., got '1d'; leave it out"),
        ({"6h": ("2026-02-01T05:00:00", [1.0])}, "such as 2026-02-01T00:00:00Z, got 2026-02-01T05:00:00Z"),
        ({"6h": ("soon", [1.0])}, "expected the time at which the first bucket begins, got 'soon'"),
    ],
)
def test_coarse_values_that_lie_wrong_are_refused(resolutions: dict[str, Any], message: str) -> None:
    """Days that begin at another hour would be read as known before they are over."""
    with pytest.raises(InputError, match=message):
        network = tiny_network(mixed_frequency=(6,))
        forecast_series(network, [1.0, 2.0], start="2026-03-01T05:00:00", resolutions=resolutions)
