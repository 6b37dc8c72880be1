"""Log-mel features: how loud each band of hearing is in each short frame of a recording.

A frame is a function of its own samples alone, so that features of a recording in pieces are those of the whole.
"""

import torch
from torch import Tensor, nn

FRAME_S = 0.025
"""Seconds per frame."""
HOP_S = 0.010
"""Seconds from frame to frame."""

_LOWEST = 60.0  # Hz; below it is hum
_FLOOR = 1e-8  # power below which there is nothing to hear in 16 bits


def mel(hertz: Tensor) -> Tensor:
    """Return pitches as they are heard, in mel.

    Parameters
    ----------
    hertz : Tensor
        Frequencies in Hz.

    Returns
    -------
    Tensor
        As many pitches.

    References
    ----------
    O'Shaughnessy, D. (1987). Speech communication: human and machine.
    """
    return 2595.0 * torch.log10(1.0 + hertz / 700.0)


def mel_bands(rate: int, bins: int, bands: int, highest: float) -> Tensor:
    """Return triangles over the frequencies, equally wide in mel.

    Parameters
    ----------
    rate : int
        Samples per second.
    bins : int
        Frequencies of the spectrum, from 0 to half the rate.
    bands : int
        Number of triangles, M.
    highest : float
        Where the last triangle ends, in Hz.

    Returns
    -------
    Tensor
        ``[bins, M]`` from 0 to 1.
    """
    pitches = mel(torch.linspace(0.0, rate / 2, bins, dtype=torch.float64))
    ends = mel(torch.tensor([_LOWEST, highest], dtype=torch.float64))
    corners = torch.linspace(float(ends[0]), float(ends[1]), bands + 2, dtype=torch.float64)
    width = corners[1] - corners[0]
    distance = (pitches[:, None] - corners[None, 1:-1]).abs() / width
    return (1.0 - distance).clamp(min=0.0).float()


class LogMel(nn.Module):
    """Log-mel features of recordings of one rate.

    Recordings of a higher rate than the network's have the same features: their spectrum is read as far as the lower
    rate reaches.

    Parameters
    ----------
    rate : int
        Samples per second.
    bands : int
        Bands, M.
    highest : float
        Where the last band ends, in Hz.

    Attributes
    ----------
    frame : int
        Samples per frame.
    hop : int
        Samples from frame to frame.

    Examples
    --------
    >>> features = LogMel(8000, 40, 4000.0)
    >>> tuple(features(torch.zeros(2, 8000)).shape)
    (2, 98, 40)
    """

    window: Tensor
    bands: Tensor

    def __init__(self, rate: int, bands: int, highest: float) -> None:
        super().__init__()
        self.frame, self.hop = round(rate * FRAME_S), round(rate * HOP_S)
        self.length = 1 << (self.frame - 1).bit_length()
        window = torch.hann_window(self.frame, dtype=torch.float64)
        self.register_buffer("window", (window / window.sum()).float(), persistent=False)
        self.register_buffer("bands", mel_bands(rate, self.length // 2 + 1, bands, highest), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Compute the features of every whole frame.

        Parameters
        ----------
        samples : Tensor
            ``[B, N]`` from -1 to 1, N at least ``frame``.

        Returns
        -------
        Tensor
            ``[B, F, M]`` natural logarithms of power; ``F = (N - frame) // hop + 1``.
        """
        frames = samples.unfold(1, self.frame, self.hop) * self.window
        spectrum = torch.fft.rfft(frames, self.length)
        power = spectrum.real.square() + spectrum.imag.square()
        return torch.log(power @ self.bands + _FLOOR)
