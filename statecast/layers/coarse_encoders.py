"""All coarse resolutions of a network side by side: derived from the base steps, or with values from outside.

Shapes: B rows, T steps, D width, M forecast origins.
"""

import torch
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.layers.bucket_encoder import CoarseEncoder
from statecast.layers.mixed_frequency import MixedFrequencyEncoder
from statecast.state.causal_scaling import Scaling
from statecast.state.lookback import History
from statecast.state.state import Field, State


class CoarseEncoders(nn.ModuleList):
    """An encoder for each resolution but the finest, in the config's order.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.

    Attributes
    ----------
    fields : tuple of Field
        State fields of all of them.
    """

    def __init__(self, config: ForecasterConfig) -> None:
        sizes = (config.cell, config.width, config.layers, config.dropout)
        encoders = [
            (MixedFrequencyEncoder if length in config.mixed_frequency else CoarseEncoder)(length, *sizes)
            for length in config.resolutions[1:]
        ]
        super().__init__(encoders)
        self.config = config
        self.fields: tuple[Field, ...] = tuple(field for encoder in encoders for field in encoder.fields)

    def advance(self, history: History, state: State) -> list[tuple[Tensor, dict[str, Tensor]]]:
        """Advance all of them over a chunk.

        Parameters
        ----------
        history : History
            T steps of B rows.
        state : State
            B rows, as of before the chunk.

        Returns
        -------
        list of tuple
            For each the hidden vector of the last full bucket as of every step, ``[B, T, D]``, and new state fields.
        """
        period = self.config.patch_length
        new = Scaling(history.scaling.loc[:, period:], history.scaling.scale[:, period:])
        found = []
        for encoder in self:
            if isinstance(encoder, MixedFrequencyEncoder):
                place = self.config.mixed_frequency.index(encoder.length)
                found.append(encoder(history.mixed_frequency[..., place], history.coarse_history[:, place], state))
            else:
                found.append(encoder(history.deviations, new, history.offset, state))
        return found

    def ages(self, time_indices: Tensor) -> list[Tensor]:
        """Say how much of the open buckets has passed.

        Parameters
        ----------
        time_indices : Tensor
            ``[M]`` int64.

        Returns
        -------
        list of Tensor
            For each resolution but the finest, the share ``[M]`` of the next bucket that has passed at these steps.
        """
        return [torch.remainder(time_indices + 1, length).float() / length for length in self.config.resolutions[1:]]
