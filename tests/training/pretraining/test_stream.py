"""Batches drawn beside the training are functions of seed and step, whoever draws them and when.

Without this a run that is resumed, or has more cores, would learn from other series, and nobody could repeat it.
"""

from dataclasses import replace

import pytest
import torch

from statecast import Family, FamilyConfig
from training.fitting.loop import Fit
from training.fitting.weights import copy_weights
from training.pretraining.config import PretrainConfig
from training.pretraining.objective import FamilyPretraining
from training.pretraining.stream import DrawnSteps, draw_beside
from training.synthetic.batches import Batches

FAMILY = FamilyConfig(patches=((12, 8, 16), (512, 32, 16)), width=8)
CONFIG = PretrainConfig(steps=5, values=3000, forks=3, judged=2, validation_every=3, device="cpu", workers=2)
# A process with threads may not fork, says Python from 3.12 on; what is forked here only draws.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def same(one, other):
    return one.season == other.season and all(
        torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(one[1:], other[1:], strict=True)
    )


def test_two_processes_draw_what_one_draws():
    drawn = DrawnSteps(Batches(values=3000, forks=3), FAMILY, seed=4)
    stream = draw_beside(drawn, first=2, steps=8, workers=2, device=torch.device("cpu"))
    assert all(same(batch, drawn[step]) for step, batch in enumerate(stream, start=2))


def test_a_resumed_run_goes_on_where_it_was(tmp_path):
    def new(folder):
        torch.manual_seed(0)
        return Fit(FamilyPretraining(Family(FAMILY), CONFIG), folder)

    whole, part = new(tmp_path / "whole"), new(tmp_path / "part")
    whole.run()
    part.run(stop_after=3)
    again = new(tmp_path / "part")
    again.run(resume=True)
    expected = copy_weights(whole.objective.network)
    assert all(torch.equal(value, expected[name]) for name, value in copy_weights(again.objective.network).items())


def test_a_device_has_all_cores_draw_and_the_cpu_none():
    """On the CPU nothing changes: the same seed draws the same series as ever."""
    automatic = replace(CONFIG, workers=-1)
    assert automatic.workers_beside("cpu") == 0
    assert automatic.workers_beside("cuda") >= 1


def test_larger_batches_have_more_rows():
    """A device with room for sixteen times the values must get them, not 192 rows as ever."""
    small, large = (DrawnSteps(Batches(values=values), FAMILY, seed=0)[0] for values in (40_000, 640_000))
    assert small.target.shape[1] == large.target.shape[1]
    assert len(large.target) > 8 * len(small.target)
