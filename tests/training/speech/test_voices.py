"""Synthetic voices say the words that they are asked for, trimmed, as files that a fit reads; only it learns from them.

Without this, a fit would learn silence or other words, or be scored on voices that nobody has.
"""

import shutil
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from tests.training.speech.tones import read_tones, tones_config, write_tones
from training.errors import TrainingError
from training.speech.batches import SpeechBatches
from training.speech.config import SpeechConfig
from training.speech.parts import part_recordings
from training.speech.recordings import read_recordings
from training.speech.voices import speak_words

needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return read_tones(tmp_path_factory.mktemp("tones"))


@needs_espeak
def test_words_are_said_by_one_voice_after_the_other_and_the_same_for_the_same_seed(tmp_path):
    written = list(islice(speak_words(("7", "not_yet"), 8000, tmp_path / "one"), 2))
    found = read_recordings(tmp_path / "one")
    assert len(found) == written[-1] == 4 and found.labels == ("7", "not_yet") and len(found.speakers) == 2
    assert found.rate == 8000 and all(0.15 < len(one.samples) / 8000 < 1.5 for one in found.spoken)
    for one in found.spoken:
        loud = np.flatnonzero(np.abs(one.samples) > 0.02 * np.abs(one.samples).max())
        assert loud[0] <= 90 and len(one.samples) - loud[-1] <= 90
    list(islice(speak_words(("7", "not_yet"), 8000, tmp_path / "two"), 2))
    assert read_recordings(tmp_path / "two").digest == found.digest


def test_without_the_program_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TrainingError, match="espeak-ng is not installed; install it"):
        next(speak_words(("7",), 8000, tmp_path / "voices"))


def test_synthetic_voices_say_their_share_of_the_strings(recordings):
    synthetic = replace(recordings, spoken=tuple(replace(one, speaker="robot") for one in recordings.spoken))

    def share(wanted, some=synthetic):
        config = tones_config(speech={"synthetic_share": wanted})
        batches = SpeechBatches(recordings, config, recordings.labels, some)
        said = [one.words for step in range(40) for one in batches.strings(step)]
        by_robot = [{word.speaker == "robot" for word in words} for words in said]
        assert all(len(one) == 1 for one in by_robot), "a string is said by real voices or by synthetic ones"
        return sum(one == {True} for one in by_robot) / len(said)

    assert share(0.0) == share(0.7, None) == 0.0 and share(1.0) == 1.0 and 0.6 < share(0.7) < 0.8


def test_synthetic_voices_are_learned_from_only(tmp_path, recordings):
    path = write_tones(tmp_path / "voices.zip")
    parts = part_recordings(recordings, SpeechConfig((0,), (1,), synthetic=str(path)))
    plain = part_recordings(recordings, SpeechConfig((0,), (1,)))
    assert len(parts.synthetic) == len(recordings) and plain.synthetic is None
    assert all(getattr(parts, name).spoken == getattr(plain, name).spoken for name in ("train", "validation", "test"))


def test_voices_that_say_other_words_are_refused(tmp_path, recordings):
    path = write_tones(tmp_path / "voices.zip")
    others = replace(recordings, spoken=tuple(one for one in recordings.spoken if one.label != "up"))
    with pytest.raises(TrainingError, match=r"synthetic: expected recordings of high, low at 8000 .* got up at 8000"):
        part_recordings(others, SpeechConfig((0,), (1,), synthetic=str(path)))
