"""What is done to the features of strings for training: coloured as by another microphone, blanked in places."""

import numpy as np
import torch
from torch import Tensor

from training.speech.config import Augmentation

_WAVES = 3  # half waves over the bands that a colour is made of


def disguise(features: Tensor, seed: tuple[int, int], config: Augmentation) -> Tensor:
    """Colour features and blank groups of bands and stretches of time.

    Parameters
    ----------
    features : Tensor
        ``[B, F, M]``, scaled.
    seed : tuple of int
        What is drawn with.
    config : Augmentation
        How much.

    Returns
    -------
    Tensor
        ``[B, F, M]``.

    References
    ----------
    Park, D. S. et al. (2019). SpecAugment: a simple data augmentation method for automatic speech recognition.
    Interspeech.
    """
    rows, frames, bands = features.shape
    random = np.random.default_rng((*seed, 1))
    places = np.pi * (np.arange(bands) + 0.5) / bands
    waves = np.cos(np.arange(_WAVES + 1)[:, None] * places)  # the first is loudness
    curves = config.colour * random.standard_normal((rows, _WAVES + 1)) @ waves
    kept = np.ones((rows, frames, bands), dtype=bool)
    for row in kept:
        for begin, width in _stretches(random, config.band_masks, config.band_width, bands):
            row[:, begin : begin + width] = False
        for begin, width in _stretches(random, config.time_masks, config.time_width, frames):
            row[begin : begin + width] = False
    colour = torch.from_numpy(curves.astype(np.float32)).to(features.device)
    return (features + colour[:, None]) * torch.from_numpy(kept).to(features.device)


def _stretches(random: np.random.Generator, count: int, widest: int, length: int) -> list[tuple[int, int]]:
    widths = random.integers(0, min(widest, length) + 1, size=count).tolist()
    return [(int(random.integers(0, length - width + 1)), width) for width in widths]
