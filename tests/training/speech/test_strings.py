"""Strings are put together from whole recordings, the same for the same seed, with little padding in a batch.

Without this, what is learned would not be what is said, and a resumed fit another one.
"""

import numpy as np
import pytest
import torch

from tests.training.speech.tones import read_tones, tones_config
from training.speech.batches import SpeechBatches, collate
from training.speech.config import Augmentation, SpeechConfig
from training.speech.masks import disguise
from training.speech.scores import MISSING, SpeechScore, pair_words
from training.speech.strings import SpokenString, at_length, draw_string, fixed_strings


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return read_tones(tmp_path_factory.mktemp("tones"))


def test_a_string_is_its_recordings_and_silence(recordings):
    words = recordings.spoken[:2]
    sound = SpokenString(words, (10, 0, 5)).sound()
    assert np.array_equal(sound, np.concatenate([np.zeros(10), words[0].samples, words[1].samples, np.zeros(5)]))


def test_speed_changes_length_and_pitch(recordings):
    low = next(one for one in recordings.spoken if one.label == "low")
    faster = at_length(low.samples, len(low.samples) // 2)
    pitches = [np.abs(np.fft.rfft(sound, 8192)).argmax() for sound in (low.samples, faster)]
    assert pitches[1] == pytest.approx(2 * pitches[0], rel=0.03)
    string = SpokenString((low,), (0, 0), speed=2.0)
    assert len(string) == len(string.sound()) == round(len(low.samples) / 2)


def test_noise_and_gain_are_as_strong_as_they_say(recordings):
    words = recordings.spoken[:3]
    plain = SpokenString(words, (800, 0, 0, 800)).sound()
    noisy = SpokenString(words, (800, 0, 0, 800), noise_db=10.0, seed=1).sound()
    ratio = np.mean(plain**2) / np.mean((noisy - plain) ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(10.0, abs=0.5)
    assert np.allclose(SpokenString(words, (800, 0, 0, 800), gain_db=-20.0).sound(), plain / 10)
    assert np.abs(SpokenString(words, (800, 0, 0, 800), gain_db=60.0).sound()).max() == 1.0


def test_drawn_strings_are_within_what_the_config_says(recordings):
    random = np.random.default_rng(0)
    by_speaker = {speaker: recordings.of(speaker).spoken for speaker in recordings.speakers}
    config, augmentation = SpeechConfig(shortest=2, longest=4, mixed=0.5), Augmentation()
    drawn = [draw_string(random, by_speaker, 8000, config, augmentation) for _ in range(300)]
    assert {len(one.words) for one in drawn} == {2, 3, 4}
    assert all(0.82 <= one.speed <= 1.22 for one in drawn)
    assert 0.1 < np.mean([one.noise_db is None for one in drawn]) < 0.4
    assert 0.1 < np.mean([len({word.speaker for word in one.words}) > 1 for one in drawn]) < 0.6


def test_fixed_strings_have_each_recording_as_often_as_any_other(recordings):
    config = SpeechConfig(shortest=3, longest=7, rounds=7)
    strings = fixed_strings(recordings, config, (0.0, 0.3))
    assert all(len({word.speaker for word in one.words}) == 1 and 3 <= len(one.words) <= 7 for one in strings)
    said = [id(word) for one in strings for word in one.words]
    counts = [said.count(id(one)) for one in recordings.spoken]
    assert max(counts) == 7 and sum(counts) >= 7 * len(recordings) - 2 * len(recordings.speakers)
    again = fixed_strings(recordings, config, (0.0, 0.3))
    assert [one.gaps for one in strings] == [one.gaps for one in again]


def test_a_batch_follows_from_the_seed_and_its_step(recordings):
    batches, others = (SpeechBatches(recordings, tones_config(), recordings.labels) for _ in range(2))
    for step in (9, 2, 3):
        assert torch.equal(batches.batch(step).samples, others.batch(step).samples)
    other = SpeechBatches(recordings, tones_config(training={"seed": 1}), recordings.labels)
    assert not torch.equal(batches.batch(2).targets, other.batch(2).targets)


def test_buckets_leave_less_padding(recordings):
    def padding(bucket):
        config = tones_config(training={"bucket": bucket}, speech={"shortest": 1, "longest": 7})
        batches = SpeechBatches(recordings, config, recordings.labels)
        found = [batches.batch(step) for step in range(16)]
        return 1 - sum(int(one.lengths.sum()) for one in found) / sum(one.samples.numel() for one in found)

    assert padding(8) < 0.5 * padding(1)


def test_targets_are_what_is_said(recordings):
    strings = fixed_strings(recordings, SpeechConfig(rounds=1), (0.0, 0.3))[:3]
    batch = collate(strings, recordings.labels)
    targets = iter(batch.targets.tolist())
    for one, count in zip(strings, batch.target_lengths.tolist(), strict=True):
        assert tuple(recordings.labels[next(targets) - 1] for _ in range(count)) == one.labels


def test_masks_blank_and_colours_shift():
    features = torch.randn(4, 50, 20)
    plain = Augmentation(colour=0.0, band_masks=0, time_masks=0)
    assert torch.equal(disguise(features, (0, 1), plain), features)
    masked = disguise(features, (0, 1), Augmentation(colour=0.0))
    blanked = masked == 0
    assert blanked.any() and torch.equal(masked[~blanked], features[~blanked])
    coloured = disguise(features, (0, 1), Augmentation(colour=0.5, band_masks=0, time_masks=0)) - features
    assert torch.allclose(coloured, coloured[:, :1].expand_as(coloured), atol=1e-5) and coloured.std() > 0.1
    assert torch.equal(masked, disguise(features, (0, 1), Augmentation(colour=0.0)))


@pytest.mark.parametrize(
    ("said", "written", "errors"),
    [
        ("1 2 3", "1 2 3", 0),
        ("1 2 3", "1 3", 1),
        ("1 2 3", "1 2 2 3", 1),
        ("1 2", "", 2),
        ("", "5", 1),
        ("1 2", "2 1", 2),
    ],
)
def test_errors_are_the_least_number_of_differences(said, written, errors):
    score = SpeechScore()
    score.add(said.split(), written.split())
    assert (score.errors, score.words) == (errors, len(said.split()))
    pairs = pair_words(said.split(), written.split())
    assert [one for one, _ in pairs if one != MISSING] == said.split()
    assert [one for _, one in pairs if one != MISSING] == written.split()
