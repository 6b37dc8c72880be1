"""Trained on one device, the same forecasts on the other."""

import pytest
import torch

import statecast
from tests.training.text.corpora import RHYME, fit_config
from training.config import FitConfig
from training.errors import TrainingError
from training.fitting.devices import new_fabric
from training.pipeline import fit_panel
from training.text.pipeline import fit_text

CUDA = torch.cuda.is_available()
TINY = {
    "network": {"horizon": 5, "season": 8, "width": 8},
    "training": {"steps": 4, "batch": 4, "forks": 8, "warm": 1, "boosting": False},
}


@pytest.mark.gpu
@pytest.mark.skipif(not CUDA, reason="no CUDA device here")
def test_trained_on_cuda_it_loads_on_both(wavy, tmp_path):
    config = FitConfig.from_dict({**TINY, "training": {**TINY["training"], "device": "cuda"}})
    fit_panel(wavy, config, tmp_path / "there", name="there")
    for device in ("cpu", "cuda"):
        assert statecast.load(tmp_path / "there", device=device).name == "there"


@pytest.mark.gpu
@pytest.mark.skipif(not CUDA, reason="no CUDA device here")
def test_trained_on_the_cpu_it_loads_on_cuda(wavy, tmp_path):
    fit_panel(wavy, FitConfig.from_dict(TINY), tmp_path / "here", name="here")
    assert statecast.load(tmp_path / "here", device="cuda").name == "here"


@pytest.mark.gpu
@pytest.mark.skipif(not CUDA, reason="no CUDA device here")
def test_a_text_trained_on_cuda_loads_on_both(tmp_path):
    config = fit_config(training={"device": "cuda", "precision": "bfloat16"})
    fit_text(RHYME, config, tmp_path / "rhyme", name="rhyme")
    for device in ("cpu", "cuda"):
        assert statecast.load(tmp_path / "rhyme", device=device).generate("the ", max_tokens=5)


@pytest.mark.skipif(CUDA, reason="there is a CUDA device here")
def test_cuda_where_there_is_none_is_refused():
    with pytest.raises(TrainingError, match="cpu or auto"):
        new_fabric("cuda")
    assert new_fabric("auto").device.type == "cpu"
