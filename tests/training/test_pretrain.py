"""Series that never were, and the pretraining on them: seeded, finite, resumable."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from statecast import Family, FamilyConfig
from statecast.errors import ConfigError
from training.errors import TrainingError
from training.pretraining.config import PretrainConfig, read_config
from training.pretraining.run import Pretraining
from training.synthetic.batches import SEASONS, Batches
from training.synthetic.damage import damage, gaps
from training.synthetic.families import held_apart, learned
from training.synthetic.shape import Shape
from training.weights import copy_weights

FAMILY = FamilyConfig(patches=((12, 8, 16), (48, 16, 16), (512, 32, 16)), width=8)
SHORT = PretrainConfig(steps=12, values=3000, forks=3, judged=2, validation_every=4, device="cpu")


def pretraining(folder=None, **changed) -> Pretraining:
    torch.manual_seed(0)
    return Pretraining(Family(FAMILY), replace(SHORT, **changed), folder)


@pytest.mark.parametrize("entry", SEASONS, ids=lambda entry: str(entry.season))
@pytest.mark.parametrize("draw", [learned, held_apart])
def test_every_kind_is_finite_and_about_zero(entry, draw):
    shape = Shape(40, min(entry.longest, 600), entry.season, entry.long)
    values = draw(shape, np.random.default_rng(3))
    assert values.shape == (40, shape.steps)
    assert np.isfinite(values).all()
    assert np.abs(values.mean(1)).max() < 1e-6 and values.std(1).max() < 1.001
    struck = damage(values, np.random.default_rng(4))
    assert np.isfinite(struck).all() and not np.array_equal(struck, values)
    assert 0 < gaps(values, np.random.default_rng(5)).mean() < 0.3


def test_one_seed_draws_the_same_batches():
    batches = Batches(3000, 4)
    one, two = (
        [batches.draw(FAMILY.of, generator) for _ in range(5)] for generator in map(np.random.default_rng, (7, 7))
    )
    for a, b in zip(one, two, strict=True):
        assert a.season == b.season and torch.equal(a.target.nan_to_num(), b.target.nan_to_num())
    assert len({batch.season for batch in one}) > 1


def test_truth_follows_its_fork():
    """A target that the network has read already would make a liar of every score."""
    batch = Batches(3000, 4).draw(FAMILY.of, np.random.default_rng(1))
    length = FAMILY.of(batch.season).patch_length
    for place, fork in enumerate(batch.forks.tolist()):
        ahead = batch.target[:, (fork + 1) * length :][:, : batch.truth.shape[2]]
        assert torch.equal(ahead.nan_to_num(), batch.truth[:, place, : ahead.shape[1]].nan_to_num())


def test_same_seed_same_weights_and_resume_goes_on(tmp_path):
    whole, again = pretraining(), pretraining()
    assert whole.run().loss == again.run().loss
    for name, weight in copy_weights(whole.family).items():
        assert torch.equal(weight, copy_weights(again.family)[name]), name
    broken = pretraining(tmp_path)
    broken.run(stop_after=8)
    resumed = pretraining(tmp_path)
    resumed.run(resume=True)
    for name, weight in copy_weights(whole.family).items():
        assert torch.equal(weight, copy_weights(resumed.family)[name]), name
    assert resumed.curves.validation == whole.curves.validation


def test_it_learns():
    trained = pretraining(steps=60, validation_every=60)
    before = trained.validate()
    trained.run()
    assert trained.validate() < before


def test_refusals(tmp_path):
    with pytest.raises(TrainingError, match="no checkpoint to resume"):
        pretraining(tmp_path).run(resume=True)
    (tmp_path / "p.toml").write_text("[pretrain]\nstep = 3\n")
    with pytest.raises(ConfigError, match="unknown key 'step'"):
        read_config(tmp_path / "p.toml")
    (tmp_path / "p.toml").write_text("[training]\nsteps = 3\n")
    with pytest.raises(ConfigError, match="pretrain"):
        read_config(tmp_path / "p.toml")
