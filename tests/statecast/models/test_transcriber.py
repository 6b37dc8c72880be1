"""A transcriber is saved and loaded as any network, takes a wav as it comes, and says nothing about silence.

Without this, a network would have to be trusted that somebody once scored and nobody can load.
"""

import json

import numpy as np
import pytest
import torch

import statecast
from statecast import GeneratorConfig, TranscriberConfig
from statecast.api.transcribe import transcribe
from statecast.artifacts.golden import TOLERANCE, golden_difference
from statecast.errors import ArtifactError, ConfigError, GoldenError, InputError
from statecast.models.generator import Generator
from tests.builders import babble, tiny_artifact, tiny_transcriber, tiny_transcriber_artifact, wav

SOUND = babble(1.5, seed=1)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_an_artifact_writes_what_its_network_wrote(tmp_path, bidirectional):
    tiny_transcriber_artifact(tmp_path, bidirectional=bidirectional)
    artifact = statecast.load(tmp_path / "words-1")
    network = tiny_transcriber(bidirectional=bidirectional)
    assert artifact.kind == "transcriber"
    assert artifact.manifest["streaming"] == ("none" if bidirectional else "exact")
    assert artifact.manifest["symbols"] == ["0", "1", "2"] and artifact.manifest["sample_rate"] == 8000
    found = artifact.transcribe(wav(SOUND))
    assert found.text and found == artifact.transcribe(wav(SOUND))
    (tmp_path / "sound.wav").write_bytes(wav(SOUND))
    assert artifact.transcribe(tmp_path / "sound.wav") == found
    samples, length = torch.from_numpy(SOUND)[None], torch.tensor([len(SOUND)])
    ours, theirs = (net.run(samples, length).log_probabilities for net in (network, artifact.network))
    assert torch.equal(ours, theirs)


def test_other_weights_are_noticed(tmp_path):
    tiny_transcriber_artifact(tmp_path)
    tiny_transcriber_artifact(tmp_path, name="other", seed=1)
    golden = json.loads((tmp_path / "other-1" / "golden.json").read_text())
    assert golden_difference(tiny_transcriber(seed=1), golden) < TOLERANCE
    assert golden_difference(tiny_transcriber(seed=0), golden) > TOLERANCE
    assert issubclass(GoldenError, ArtifactError)


def test_a_forecaster_does_not_transcribe(tmp_path):
    tiny_artifact(tmp_path)
    with pytest.raises(ArtifactError, match="expected a transcriber, got a forecaster"):
        statecast.load(tmp_path / "tiny-1").transcribe(SOUND)


@pytest.mark.parametrize("beam", [0, 4])
def test_silence_and_next_to_nothing_are_answered(tmp_path, beam):
    tiny_transcriber_artifact(tmp_path)
    artifact = statecast.load(tmp_path / "words-1")
    for length in (0, 1, 8000):
        found = artifact.transcribe(np.zeros(length, dtype=np.float32), beam=beam)
        assert "silence" in found.warnings[0]
        assert found.text == "" and found.segments == ()
    assert "clipping" in artifact.transcribe(SOUND * 100, beam=beam).warnings[0]


def test_a_wide_beam_writes_at_least_as_likely_a_text(tmp_path):
    network = tiny_transcriber()
    beam = transcribe(network, SOUND, beam=8)
    assert beam.text and all(0 <= one.start_s < one.end_s and 0 < one.confidence <= 1 for one in beam.segments)


def test_a_language_model_of_the_symbols_takes_part():
    torch.manual_seed(0)
    network = tiny_transcriber()
    generator = Generator(GeneratorConfig("char", (" ", "0", "1", "2"), embedding=4, width=8)).eval()
    generator.requires_grad_(False).head.bias[2] = 30.0  # it knows no other word than 0
    found = transcribe(network, SOUND, beam=8, character_model=generator, weight=1.0)
    assert set(found.text.split()) <= {"0"}
    assert set(transcribe(network, SOUND, beam=8).text.split()) > {"0"}
    with pytest.raises(InputError, match="expected symbols such as '2'"):
        few = Generator(GeneratorConfig("char", (" ", "0", "1"), embedding=4, width=8))
        transcribe(network, SOUND, beam=8, character_model=few)
    with pytest.raises(InputError, match="a beam beside a character_model"):
        transcribe(network, SOUND, character_model=generator)


def test_rates_beyond_what_a_network_hears_are_refused():
    wide = tiny_transcriber(sample_rate=16000)
    assert transcribe(wide, babble(1.0, 16000), rate=16000).segments
    with pytest.raises(InputError, match="rate: expected 16000 samples per second, got 8000"):
        transcribe(wide, SOUND, rate=8000)
    with pytest.raises(InputError, match="one channel"):
        transcribe(wide, np.zeros((2, 10), dtype=np.float32))
    with pytest.raises(InputError, match="cannot be read"):
        transcribe(wide, "no such file.wav")


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 0}, {"sample_rate": 44100}, {"symbols": ("a", "a")}, {"symbols": ("",)}, {"channels": (0,)},
        {"bands": 2}, {"dropout": 1.0}, {"cell": "none"}, {"tail_s": -1.0},
    ],
)  # fmt: skip
def test_a_config_out_of_range_is_refused(changes):
    with pytest.raises(ConfigError, match=next(iter(changes))):
        TranscriberConfig(**{"symbols": ("a", "b"), **changes})


def test_a_config_survives_json():
    config = TranscriberConfig(symbols=("a", "b"), channels=(4,))
    assert TranscriberConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
