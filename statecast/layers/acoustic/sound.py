"""From samples to inputs of the recurrent layers, whole or in pieces: a window that moves a step at a time.

The whole chain (frames, log-mel, scaling, convolutions) is a function of a window of samples, so that all a stream has
to keep of the sound is the samples of the next window that have come.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from statecast.errors import InputError
from statecast.inputs.log_mel import LogMel
from statecast.inputs.recording import RATES
from statecast.layers.acoustic.config import TranscriberConfig
from statecast.layers.acoustic.front_end import FrontEnd
from statecast.layers.sequences.padding import sequence_mask


class SoundEncoder(nn.Module):
    """Samples to vectors, one per step.

    Parameters
    ----------
    config : TranscriberConfig
        The network's.

    Attributes
    ----------
    mean, scale : Tensor
        ``[M]`` mean and standard deviation of the features, found before training.
    longest : int
        Samples of a window at the highest rate.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, config: TranscriberConfig) -> None:
        super().__init__()
        rates = [rate for rate in RATES if rate >= config.sample_rate]
        self.log_mel = nn.ModuleDict({str(rate): LogMel(rate, config.bands, config.sample_rate / 2) for rate in rates})
        self.front_end = FrontEnd(config)
        self.norm = nn.LayerNorm(self.front_end.width)
        self.step_frames, self.tail_s = config.step_frames, config.tail_s
        self.register_buffer("mean", torch.full((config.bands,), -12.0))
        self.register_buffer("scale", torch.full((config.bands,), 3.0))
        self.longest = self.window(rates[-1])

    def features_of(self, rate: int) -> LogMel:
        """Return the features of a rate.

        Parameters
        ----------
        rate : int
            Samples per second.

        Returns
        -------
        LogMel
            Its features.

        Raises
        ------
        InputError
            If recordings of this rate lack what the network hears.
        """
        if str(rate) not in self.log_mel:
            known = " or ".join(self.log_mel)
            raise InputError(f"audio: rate: expected {known} samples per second, got {rate}; resample it")
        found = self.log_mel[str(rate)]
        assert isinstance(found, LogMel)
        return found

    def step(self, rate: int) -> int:
        """Return the samples from one step to the next.

        Parameters
        ----------
        rate : int
            Samples per second.

        Returns
        -------
        int
            How many.
        """
        return self.features_of(rate).hop * self.step_frames

    def window(self, rate: int) -> int:
        """Return the samples that one step reads.

        Parameters
        ----------
        rate : int
            Samples per second.

        Returns
        -------
        int
            How many.
        """
        features = self.features_of(rate)
        return features.frame + (self.front_end.frames - 1) * features.hop

    def before(self, rate: int) -> int:
        """Return the samples of silence that stand before the first one.

        Parameters
        ----------
        rate : int
            Samples per second.

        Returns
        -------
        int
            How many.
        """
        return self.window(rate) - self.step(rate)

    def features(self, samples: Tensor, rate: int) -> Tensor:
        """Return log-mel features, scaled.

        Parameters
        ----------
        samples : Tensor
            ``[B, N]`` from -1 to 1.
        rate : int
            Samples per second.

        Returns
        -------
        Tensor
            ``[B, F, M]``.
        """
        found: Tensor = self.features_of(rate)(samples)
        return (found - self.mean) / self.scale

    def whole(self, samples: Tensor, lengths: Tensor, rate: int) -> tuple[Tensor, Tensor]:
        """Return features of whole recordings, with the silence around them, and the steps that they make.

        Parameters
        ----------
        samples : Tensor
            ``[B, N]`` from -1 to 1.
        lengths : Tensor
            ``[B]`` int64, samples of each row.
        rate : int
            Samples per second.

        Returns
        -------
        tuple of Tensor
            ``[B, F, M]``, and ``[B]`` int64 steps of each row.
        """
        step = self.step(rate)
        inside = sequence_mask(lengths, samples.shape[1])
        steps = torch.div(lengths + round(self.tail_s * rate), step, rounding_mode="floor")
        after = max(int(steps.max()), 1) * step - samples.shape[1]
        return self.features(pad(samples * inside, (self.before(rate), after)), rate), steps

    def forward(self, features: Tensor) -> Tensor:
        """Encode features.

        Parameters
        ----------
        features : Tensor
            ``[B, F, M]``, as ``features`` gives them.

        Returns
        -------
        Tensor
            ``[B, T, D]``.
        """
        found: Tensor = self.norm(self.front_end(features))
        return found
