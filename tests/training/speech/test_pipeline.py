"""A fit on recordings learns to write strings of them, goes on where it was broken off, and its artifact says so.

Without this, an error rate would be a number in a report, and an hour of training lost with the machine.
"""

import numpy as np
import pytest
import torch

import statecast
from statecast.errors import ConfigError
from tests.training.speech.tones import read_tones, tones_config
from training.errors import TrainingError
from training.fitting.loop import Fit
from training.fitting.weights import copy_weights
from training.speech.config import SpeechFitConfig
from training.speech.parts import part_recordings
from training.speech.pipeline import backtest_speech, fit_speech, new_objective
from training.speech.scores import total_score


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return read_tones(tmp_path_factory.mktemp("tones"))


def new_fit(recordings, config, folder=None):
    return Fit(new_objective(recordings, part_recordings(recordings, config.speech), config), folder)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_small_language_is_learned(tmp_path, recordings, bidirectional):
    config = tones_config(network={"bidirectional": bidirectional})
    outcome = fit_speech(recordings, config, tmp_path, name="tones")
    assert total_score(outcome.scores).rate < 0.1 and set(outcome.scores) == {"anna", "bert"}
    artifact = statecast.load(tmp_path)
    assert (artifact.kind, artifact.name) == ("transcriber", "tones")
    ours = artifact.manifest["scores"]["ours"]
    assert ours["error_rate"] == pytest.approx(total_score(outcome.scores).rate)
    words = [next(one for one in recordings.spoken if one.label == label) for label in ("up", "low", "up")]
    said = artifact.transcribe(np.concatenate([one.samples for one in words]))
    assert said.text == "up low up" and [one.text for one in said.segments] == ["up", "low", "up"]
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page and "anna says" in page and "What is confused" in page
    assert SpeechFitConfig.read(tmp_path / "fit.toml") == SpeechFitConfig.from_dict(
        artifact.manifest["training"]["config"]
    )
    assert not list(tmp_path.glob("checkpoint*"))
    again = backtest_speech(artifact, recordings)
    assert {name: score.errors for name, score in again.items()} == {
        name: score.errors for name, score in outcome.scores.items()
    }


def test_a_resumed_fit_gives_the_weights_of_an_uninterrupted_one(tmp_path, recordings):
    config = tones_config(
        network={"dropout": 0.2, "layers": 2},
        augmentation={"time_masks": 1, "band_masks": 1},
        training={"steps": 12, "validate_every": 5, "averaging": 0.5, "seed": 3},
    )
    whole = new_fit(recordings, config, tmp_path / "whole")
    curves = whole.run()
    broken = new_fit(recordings, config, tmp_path / "broken")
    broken.run(stop_after=8)  # in the second group of batches, after the checkpoint of step 5
    resumed = new_fit(recordings, config, tmp_path / "broken")
    again = resumed.run(resume=True)
    assert (again.loss, again.validation, again.steps) == (curves.loss, curves.validation, curves.steps)
    for name, weight in copy_weights(whole.objective.network).items():
        assert torch.equal(weight, copy_weights(resumed.objective.network)[name]), name


def test_without_validation_the_last_weights_are_kept(recordings):
    config = tones_config(speech={"validation": []}, training={"steps": 3, "averaging": 0.0})
    fit = new_fit(recordings, config)
    curves = fit.run()
    assert not fit.settings.keep_best and curves.steps == 3 and np.isnan(fit.objective.validate())


def test_features_are_scaled_to_what_is_heard(recordings):
    objective = new_fit(recordings, tones_config()).objective
    batch = objective.batches.batch(1)
    features, _ = objective.network.sound.whole(batch.samples, batch.lengths, 8000)
    assert abs(float(features.mean())) < 1.0 and 0.3 < float(features.std()) < 2.0


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"other": {}}, r"unknown table \[other\]"),
        ({"network": {"symbols": ["a"]}}, "unknown key 'symbols'"),
        ({"network": {"width": "wide"}}, "width: expected a whole number"),
        ({"speech": {"test": [1], "validation": [1]}}, "numbers that are not in test"),
        ({"speech": {"shortest": 5, "longest": 3}}, "shortest"),
        ({"augmentation": {"speed": [1.2, 0.8]}}, "speed: expected lowest and highest"),
        ({"augmentation": {"speed": [1.0]}}, "speed"),
        ({"training": {"batch": 0}}, "batch"),
        ({"training": {"device": "tpu"}}, "device"),
    ],
)
def test_a_config_that_cannot_be_is_refused(values, says):
    with pytest.raises(ConfigError, match=says):
        SpeechFitConfig.from_dict(values)


def test_recordings_of_something_else_are_not_scored(tmp_path, recordings):
    from dataclasses import replace

    config = tones_config(training={"steps": 2})
    fit_speech(recordings, config, tmp_path, name="tones")
    artifact = statecast.load(tmp_path)
    renamed = replace(recordings, spoken=tuple(replace(one, label=f"{one.label}!") for one in recordings.spoken))
    with pytest.raises(TrainingError, match=r"expected recordings of high, low, up .* got high!, low!, up!"):
        backtest_speech(artifact, renamed)
    with pytest.raises(TrainingError, match="too few to score"):
        backtest_speech(artifact, recordings.not_numbered([0]))
