"""The convolutional front end: log-mel frames to inputs of the recurrent layers, fewer and wider.

It pads nothing in time: an output is a function of the frames below it alone. Whoever wants the first outputs to
come at once puts silence before the first frame, and pieces overlap by what an output reads.
"""

import torch
from torch import Tensor, nn

from statecast.layers.acoustic.config import TranscriberConfig

_KERNEL = 5


class FrontEnd(nn.Module):
    """Convolutions over time and pitch, each of which halves both; then frames side by side.

    Parameters
    ----------
    config : TranscriberConfig
        The network's.

    Attributes
    ----------
    frames : int
        Frames that one output reads.
    width : int
        Width of the outputs.

    References
    ----------
    Amodei, D. et al. (2016). Deep Speech 2: end-to-end speech recognition in English and Mandarin. ICML.

    Examples
    --------
    >>> front_end = FrontEnd(TranscriberConfig(channels=(4, 8)))
    >>> front_end.frames, tuple(front_end(torch.zeros(1, 13 + 4, 40)).shape)
    (13, (1, 2, 80))
    """

    def __init__(self, config: TranscriberConfig) -> None:
        super().__init__()
        self.stacking = config.stacking
        self.frames, between, pitches, before = 1, 1, config.bands, 1
        convolutions: list[nn.Module] = []
        for channels in config.channels:
            convolutions += [
                nn.Conv2d(before, channels, _KERNEL, stride=2, padding=(0, _KERNEL // 2)),
                nn.ReLU(),
            ]
            self.frames += (_KERNEL - 1) * between
            between, pitches, before = 2 * between, (pitches + 1) // 2, channels
        self.frames += (config.stacking - 1) * between
        self.convolutions = nn.Sequential(*convolutions)
        self.width = before * pitches * config.stacking

    def forward(self, features: Tensor) -> Tensor:
        """Read frames.

        Parameters
        ----------
        features : Tensor
            ``[B, F, M]``, F at least ``frames``.

        Returns
        -------
        Tensor
            ``[B, T, width]``, ``T = (F - frames) // step_frames + 1``.
        """
        found: Tensor = self.convolutions(features[:, None])  # [B, channels, time, pitch]
        steps = found.transpose(1, 2).flatten(2)
        whole = steps.shape[1] // self.stacking * self.stacking
        return torch.reshape(steps[:, :whole], (len(steps), -1, self.width))
