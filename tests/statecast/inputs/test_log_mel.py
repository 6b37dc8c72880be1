"""Features are what the formula says, of each frame alone.

Without this, what a stream hears would depend on where its chunks were cut.
"""

import numpy as np
import pytest
import torch

from statecast.inputs.log_mel import LogMel, mel_bands
from tests.builders import babble

SOUND = torch.from_numpy(babble(0.5))[None]


def test_a_frame_is_the_logarithm_of_its_power_in_each_band():
    features = LogMel(8000, 40, 4000.0)
    window = np.hanning(201)[:-1]
    frame = SOUND[0, 3 * 80 : 3 * 80 + 200].double().numpy() * window / window.sum()
    power = np.abs(np.fft.rfft(frame, 256)) ** 2
    expected = np.log(power @ mel_bands(8000, 129, 40, 4000.0).double().numpy() + 1e-8)
    assert np.allclose(features(SOUND)[0, 3].numpy(), expected, atol=1e-4)


def test_every_band_hears_something_and_together_they_hear_all():
    for rate in (8000, 16000):
        length = LogMel(rate, 40, 4000.0).length
        bands = mel_bands(rate, length // 2 + 1, 40, 4000.0)
        assert (bands.sum(dim=0) > 0).all()
        heard = torch.linspace(0, rate / 2, length // 2 + 1)
        inside = (heard > 150) & (heard < 3800)
        assert torch.allclose(bands.sum(dim=1)[inside], torch.ones(int(inside.sum())), atol=1e-5)


def test_features_of_pieces_are_those_of_the_whole():
    features = LogMel(8000, 40, 4000.0)
    whole = features(SOUND)
    for first in (1, 7, 20):
        piece = features(SOUND[:, first * 80 :])
        assert torch.allclose(piece, whole[:, first:], atol=1e-5)


@pytest.mark.parametrize("pitch", [300.0, 1000.0, 2500.0])
def test_a_recording_at_twice_the_rate_sounds_the_same(pitch):
    low, high = LogMel(8000, 40, 4000.0), LogMel(16000, 40, 4000.0)
    tones = [
        torch.sin(2 * torch.pi * pitch * torch.arange(rate // 2) / rate)[None] * 0.3 + 1e-3 for rate in (8000, 16000)
    ]
    heard = [features(tone)[0].mean(dim=0) for features, tone in zip((low, high), tones, strict=True)]
    loud = heard[0] > heard[0].max() - 5
    assert torch.allclose(heard[0][loud], heard[1][loud], atol=0.2)
