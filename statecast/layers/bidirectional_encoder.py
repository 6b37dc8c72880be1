"""The bidirectional encoder: the look-back read forwards and backwards, anew at every step (``streaming: windowed``).

A net that also reads backwards has no state to carry: what comes later changes what it makes of the past. So nothing
but the result is kept, and each step costs a whole look-back of patches instead of one. It is still a function of the
look-back alone, scaled as of the step, so that pieces of a history come to the same as the whole.
"""

import torch
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.layers.cells.recurrent import Recurrent
from statecast.layers.patch_encoder import PatchEncoder, PatchInput, scaled_patch
from statecast.state.causal_scaling import Scaling
from statecast.state.state import Field

_ROWS = 2048  # windows at once: few enough to stay in memory; changes no result


class BidirectionalEncoder(PatchEncoder):
    """Look-backs to hidden vectors ``D``: the newest patch with all that is known of it, older ones by their values.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.

    References
    ----------
    Schuster, M. and Paliwal, K. K. (1997). Bidirectional recurrent neural networks. IEEE Transactions on Signal
    Processing 45(11).
    """

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__(config)
        self.season = config.season
        self.older = nn.Linear(3 * config.patch_length, config.width)
        self.backwards = Recurrent(config.cell, config.width, config.layers, config.dropout)
        self.join = nn.Linear(2 * config.width, config.width)

    @property
    def field(self) -> Field:
        """The hidden vector as of the last step."""
        return Field("hidden", (1, 1, 1, self.recurrent.width), torch.float32)

    def embedded(self, inputs: PatchInput) -> Tensor:
        """See ``PatchEncoder.embedded``: hidden vectors ``[B, N, D]`` of the look-backs that end at the positions."""
        newest = super().embedded(inputs)
        parts = zip(
            *(part.flatten(0, 1).split(_ROWS) for part in (inputs.reread, newest, *inputs.now)),
            strict=True,
        )
        found = [self._read(window, last, Scaling(loc, scale)) for window, last, loc, scale in parts]
        hidden: Tensor = torch.cat(found).unflatten(0, newest.shape[:2])
        return hidden

    def every_step(self, embedded: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        """See ``PatchEncoder.every_step``: nothing is left to do, because each step was read by itself."""
        return embedded, embedded[:, -1:, None, None]

    def one_phase(self, embedded: Tensor, _: Tensor) -> Tensor:
        """See ``PatchEncoder.one_phase``: nothing is left to do."""
        return embedded

    def _read(self, window: Tensor, newest: Tensor, now: Scaling) -> Tensor:
        """``[M, D]`` of raw windows ``[M, W]``, embedded newest patches ``[M, D]`` and the scaling ``[M]``."""
        window = scaled_patch(window, now)
        earlier = torch.full_like(window[:, : self.season], torch.nan)
        change = window - torch.cat([earlier, window[:, : -self.season]], dim=1)
        columns = [window.nan_to_num(), change.nan_to_num(), (~window.isnan()).float()]
        patches = torch.cat([column.unflatten(1, (-1, self.patch_length))[:, :-1] for column in columns], dim=-1)
        older = self.dropout(torch.relu(self.older(patches)))
        sequence = torch.cat([older, newest[:, None]], dim=1)
        begin = sequence.new_zeros((len(sequence), self.recurrent.layers, self.recurrent.parts, self.recurrent.width))
        ways = ((self.recurrent, sequence), (self.backwards, sequence.flip(1)))
        ends = torch.cat([layers.run(one, begin)[0][:, -1] for layers, one in ways], dim=-1)
        hidden: Tensor = self.join(ends)
        return hidden
