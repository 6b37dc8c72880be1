"""Recordings are read by their names from folders and zip files and parted without overlap; bad ones are named.

Without this, a fit would score on what it learned from, or fail at a file that nobody can find.
"""

import zipfile

import pytest

from tests.builders import wav
from tests.training.speech.tones import PER_WORD, SPEAKERS, WORDS, read_tones, tone, write_tones
from training.errors import TrainingError
from training.speech.config import SpeechConfig
from training.speech.parts import part_recordings
from training.speech.recordings import read_recordings


def test_a_zip_file_and_its_folder_are_the_same(tmp_path):
    packed = read_tones(tmp_path)
    with zipfile.ZipFile(tmp_path / "tones.zip") as archive:
        archive.extractall(tmp_path / "out")
    (tmp_path / "out" / "recordings" / "._low_anna_0.wav").write_bytes(b"what another system hides")
    folder = read_recordings(tmp_path / "out")
    assert (folder.digest, folder.labels, folder.rate) == (packed.digest, tuple(sorted(WORDS)), 8000)
    assert len(folder) == len(WORDS) * len(SPEAKERS) * PER_WORD
    one = next(one for one in folder.spoken if (one.label, one.speaker, one.index) == ("up", "bert", 2))
    assert abs(one.samples - tone("up", "bert", 2)).max() < 1e-3


def test_names_may_have_more_underscores(tmp_path):
    for name in ("not_yet_anna_0.wav", "yes_anna_1.wav"):
        (tmp_path / name).write_bytes(wav(tone("low", "anna", 0)))
    assert read_recordings(tmp_path).labels == ("not_yet", "yes")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("low.wav", wav([0.1]), "low.wav: expected a name such as 7_anna_12.wav"),
        ("low_anna_x.wav", wav([0.1]), "expected a name"),
        ("low_anna_9.wav", wav([0.1], 44100), "low_anna_9.wav: wav: rate: expected 8000 or 16000"),
        ("low_anna_9.wav", wav([0.1])[:-1], "the file is cut off"),
        ("low_anna_9.wav", wav([]), "expected samples, got none"),
        ("zero_anna_9.wav", wav([0.1], 16000), "expected one rate, got 8000 in .*, 16000 in zero_anna_9.wav"),
    ],
)
def test_a_bad_file_is_named(tmp_path, name, data, says):
    (tmp_path / "high_anna_0.wav").write_bytes(wav(tone("high", "anna", 0)))
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TrainingError, match=says):
        read_recordings(tmp_path)


def test_what_holds_no_recording_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="got none"):
        read_recordings(tmp_path)
    (tmp_path / "a.zip").write_text("no zip")
    with pytest.raises(TrainingError, match="expected a folder or a zip file"):
        read_recordings(tmp_path / "a.zip")
    with pytest.raises(TrainingError, match="cannot be read"):
        read_recordings(tmp_path / "b.zip")


def test_no_recording_is_in_two_parts(tmp_path):
    recordings = read_tones(tmp_path)
    for config in (SpeechConfig(test=(0,), validation=(1, 2)), SpeechConfig((0,), (1,), left_out="bert")):
        parts = part_recordings(recordings, config)
        names = [
            {(one.label, one.speaker, one.index) for one in part.spoken}
            for part in (parts.train, parts.validation, parts.test)
        ]
        assert all(names) and sum(map(len, names)) == len(set.union(*names))
    assert {one.speaker for one in parts.train.spoken} == {"anna"}
    assert {one.speaker for one in parts.test.spoken} == {"bert"} and len(parts.test) == len(WORDS) * PER_WORD


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (SpeechConfig(left_out="carl"), "left_out: expected one of anna, bert, got 'carl'"),
        (SpeechConfig(test=(0, 1, 2), validation=(3, 4)), "expected every word among those to learn from"),
    ],
)
def test_parts_that_leave_nothing_to_learn_from_are_refused(tmp_path, config, says):
    with pytest.raises(TrainingError, match=says):
        part_recordings(read_tones(tmp_path), config)


def test_one_word_is_nothing_to_learn(tmp_path):
    for index in range(9):
        (tmp_path / f"low_anna_{index}.wav").write_bytes(wav(tone("low", "anna", index)))
    with pytest.raises(TrainingError, match="at least 2 words, got low"):
        part_recordings(read_recordings(tmp_path), SpeechConfig())


def test_a_zip_file_is_read_in_one_order(tmp_path):
    """Batches follow from the seed only if recordings have an order of their own."""
    packed = read_recordings(write_tones(tmp_path / "a.zip"))
    keys = [(one.label, one.speaker, one.index) for one in packed.spoken]
    assert keys == sorted(keys)
