"""States of several series of one network in one row, hidden vectors in half the bytes.

Hidden vectors of a GRU lie between -1 and 1, so 16 bits hold them evenly to 1.5e-5. A vector that was not advanced is
rounded to itself, so each is rounded once per value; forecasts of steps and of a whole run differ by some 1e-5 of the
series' scale. Other cells' vectors are kept as they are. Shapes: B rows, E series per row.
"""

import torch
from torch import Tensor

from statecast.models.forecaster import Forecaster
from statecast.state.state import Field, State, StateSpec

_ONE = 32_767


class MemberStates:
    """States of E series per row.

    Parameters
    ----------
    network : Forecaster
        Whose states they are.
    count : int
        E.
    """

    def __init__(self, network: Forecaster, count: int) -> None:
        self.spec, self.count = network.spec, count
        self.halved = network.config.cell == "gru"
        kept = tuple(field for field in self.spec.fields.values() if not self.halved or field.name != "hidden")
        self._rest = StateSpec(kept)

    def fields(self) -> tuple[Field, ...]:
        """Return the fields of a row."""
        rest = Field("members", (self.count, self._rest.row_bytes), torch.uint8)
        if not self.halved:
            return (rest,)
        return rest, Field("member_hidden", (self.count, *self.spec.fields["hidden"].shape), torch.int16)

    def pack(self, states: State) -> dict[str, Tensor]:
        """Return the fields from states.

        Parameters
        ----------
        states : State
            B E rows, those of one row together.

        Returns
        -------
        dict of str to Tensor
            Of B rows.
        """
        rest = self._rest.pack({name: states[name] for name in self._rest.fields})
        found = {"members": rest.rows.unflatten(0, (-1, self.count))}
        if self.halved:
            found["member_hidden"] = (states["hidden"] * _ONE).round().short().unflatten(0, (-1, self.count))
        return found

    def unpack(self, row: State, only: slice = slice(None)) -> State:
        """Return states from the fields.

        Parameters
        ----------
        row : State
            B rows that have the fields.
        only : slice
            Which of the E.

        Returns
        -------
        State
            Their rows, those of one row together.
        """
        rest = State(self._rest, row["members"][:, only].flatten(0, 1).contiguous())
        values = {name: rest[name] for name in self._rest.fields}
        if self.halved:
            values["hidden"] = row["member_hidden"][:, only].flatten(0, 1).float() / _ONE
        return self.spec.pack(values)
