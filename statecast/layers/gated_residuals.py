"""What optional attentions add to the hidden vector of the finest resolution, before a forecast is made of it.

    hidden + gate_features * attended features + gate_memory * attended memory

Each gate is a vector of D that starts at zero (as in ReZero, Bachlechner et al. 2021): a network begins as the one
without the part, and a part whose gate the fit sets back to zero costs nothing. All that is attended to lies in the
state.

Shapes: B rows, T steps, N positions among them, P patch length, D width, K kept patches of width W.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.devices.gates import is_shut
from statecast.layers.feature_attention import FeatureAttention
from statecast.layers.memory_attention import MemoryAttention
from statecast.layers.memory_transformer import MemoryTransformer
from statecast.layers.patch_encoder import PatchInput, scaled_patch
from statecast.state.causal_scaling import Scaling
from statecast.state.state import Field, State


class Attended(NamedTuple):
    """Hidden vectors with all that is added, and the shares that made them.

    Parameters
    ----------
    hidden : Tensor
        ``[..., D]``.
    time : mapping of int to Tensor
        Shares ``[...]`` by age in steps; empty without attention over time.
    features : mapping of str to Tensor
        Shares ``[...]`` by feature; empty without attention over features.
    """

    hidden: Tensor
    time: Mapping[int, Tensor]
    features: Mapping[str, Tensor]


class GatedResiduals(nn.Module):
    """The optional attentions of one network; without any it adds nothing, has no weights and keeps no state.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    """

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__()
        self.config = config
        self.features = FeatureAttention(config) if config.feature_attention else None
        self.memory = _look_back(config) if config.memory else None
        if config.feature_attention:
            self.feature_gate = nn.Parameter(torch.zeros(config.width))
        if config.memory:
            self.narrow = nn.Linear(config.width, config.memory_width)
            self.memory_gate = nn.Parameter(torch.zeros(config.width))

    @staticmethod
    def fields(config: ForecasterConfig) -> tuple[Field, ...]:
        """Return the state fields that a series keeps for them.

        Parameters
        ----------
        config : ForecasterConfig
            The network's.

        Returns
        -------
        tuple of Field
            The calendar of the last step, and narrow hidden vectors back to t - K P; those of parts that there are.
        """
        calendar = Field("calendar", (config.known_width - config.user_known_width,), torch.float32)
        memory = Field("memory", (config.memory * config.patch_length + 1, config.memory_width), torch.float32)
        return (*((calendar,) if config.feature_attention else ()), *((memory,) if config.memory else ()))

    def ablatable(self) -> dict[str, Tensor]:
        """The gate of each part that there is."""
        gates: dict[str, Tensor] = {}
        if self.features is not None:
            gates["attention over features"] = self.feature_gate
        if self.memory is not None:
            gates["attention over time"] = self.memory_gate
        return gates

    def every_step(self, hidden: Tensor, inputs: PatchInput, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        """Add to the hidden vectors after every step.

        Parameters
        ----------
        hidden : Tensor
            ``[B, T, D]``.
        inputs : PatchInput
            What the encoder read, at all T steps.
        state : State
            B rows, as of before the chunk.

        Returns
        -------
        tuple of Tensor and dict of str to Tensor
            New hidden vectors ``[B, T, D]``, and new state fields.
        """
        steps, new = hidden.shape[1], {}
        positions = torch.arange(steps, device=hidden.device)
        entries = hidden
        if self.memory is not None:
            entries = torch.cat([state["memory"], self.narrow(hidden)], dim=1)
            new["memory"] = entries[:, steps:]
        if self.features is not None:
            new["calendar"] = inputs.calendar[:, -1]
        places = positions + entries.shape[1] - steps
        return self._add(hidden, inputs, entries, places, positions, state, self.config.patch_length).hidden, new

    def one_phase(self, hidden: Tensor, inputs: PatchInput, positions: Tensor, state: State) -> Tensor:
        """Add to hidden vectors a whole patch apart from one another (training).

        Parameters
        ----------
        hidden : Tensor
            ``[B, N, D]``.
        inputs : PatchInput
            What the encoder read, at the N positions.
        positions : Tensor
            ``[N]`` int64, steps of the chunk.
        state : State
            B rows, as of before the chunk.

        Returns
        -------
        Tensor
            New hidden vectors ``[B, N, D]``.
        """
        period, entries = self.config.patch_length, hidden
        if self.memory is not None:
            # The step before the first patch is of the patches' phase, and so are those whole patches before it.
            entries = torch.cat([state["memory"][:, period::period], self.narrow(hidden)], dim=1)
        places = torch.arange(len(positions), device=hidden.device) + entries.shape[1] - len(positions)
        return self._add(hidden, inputs, entries, places, positions, state, apart=1).hidden

    def present(self, hidden: Tensor, state: State) -> Attended:
        """Add to the hidden vectors after the last step that a state has seen.

        Parameters
        ----------
        hidden : Tensor
            ``[B, D]``.
        state : State
            B rows.

        Returns
        -------
        Attended
            Of B rows.
        """
        if self.features is None and self.memory is None:
            return Attended(hidden, {}, {})
        last = torch.full((1,), -1, device=hidden.device)
        period, none = self.config.patch_length, hidden.new_zeros((len(state), 1, 0))
        now = Scaling(state["locs"][:, -1:], state["scales"][:, -1:])
        inputs = PatchInput(
            patches=(state["lookback"][:, None, -period:],),
            now=now,
            before=now,
            covariates=state["covariates"].transpose(1, 2).flatten(1)[:, None],
            calendar=state["calendar"][:, None] if self.features is not None else none,
            static=none,
            reread=none,
        )
        entries = state["memory"] if self.memory is not None else hidden[:, None]
        added = self._add(hidden[:, None], inputs, entries, last + entries.shape[1], last, state, period)
        time = {age: weights[:, 0] for age, weights in added.time.items()}
        return Attended(added.hidden[:, 0], time, {name: weights[:, 0] for name, weights in added.features.items()})

    def _add(
        self,
        hidden: Tensor,
        inputs: PatchInput,
        entries: Tensor,
        places: Tensor,
        positions: Tensor,
        state: State,
        apart: int,
    ) -> Attended:
        """Places: ``[N]`` in ``entries`` ``[B, L, W]``, where those of one phase lie ``apart`` apart."""
        time: dict[int, Tensor] = {}
        features: dict[str, Tensor] = {}
        whole = hidden
        if self.features is not None and not is_shut(self.feature_gate, self.training):
            patch = scaled_patch(inputs.patches[0], inputs.now)
            attended, weights = self.features(hidden, patch, inputs.covariates, inputs.calendar)
            whole = whole + self.feature_gate * attended
            features = dict(zip(self.features.names, weights.unbind(-1), strict=True))
        # A part whose gate stayed shut adds nothing, so it is skipped, with no shares.
        if self.memory is not None and not is_shut(self.memory_gate, self.training):
            period = self.config.patch_length
            back = torch.arange(self.config.memory, 0, -1, device=hidden.device)
            index = places[:, None] - back * apart
            kept = entries.index_select(1, index.flatten()).unflatten(1, index.shape)
            seen = (state["count"][:, None] + positions)[..., None] >= back * period
            attended, weights = self.memory(hidden, kept, seen)
            whole = whole + self.memory_gate * attended
            ages = [*range(self.config.memory * period, 0, -period), 0]  # a transformer also looks at the present
            time = dict(zip(ages, weights.unbind(-1), strict=False))
        return Attended(whole, time, features)


def _look_back(config: ForecasterConfig) -> MemoryAttention | MemoryTransformer:
    width, kept = config.width, config.memory_width
    if not config.transformer_layers:
        return MemoryAttention(width, config.memory, kept)
    return MemoryTransformer(width, config.memory, kept, config.transformer_layers, config.dropout)
